package extractive

import (
	"context"
	"fmt"
)

// maxHops bounds the searches of one question.
const maxHops = 3

// react searches hop by hop until the passages found hold every term of the
// question, no further passage links to the last one, or the hops run out.
func (p *Predictor) react(ctx context.Context, t text, question query) (Answer, error) {
	var (
		answer  = Answer{Text: NoAnswer}
		found   []query
		missing = question
		link    query
		thought = "Look for the passage that fits the question best."
	)
	for len(found) < maxHops && len(missing.terms) > 0 {
		var (
			h   hit
			ok  bool
			err error
		)
		if len(found) == 0 {
			h, ok, err = p.search(ctx, t, question)
		} else {
			h, ok, err = searchLinked(ctx, t.passages, missing, link)
		}
		if err != nil {
			return Answer{}, err
		}
		step := Hop{Thought: thought, Action: action(missing, link), Observation: NoAnswer}
		if ok {
			passage := quote(t.passages, h)
			held, err := p.read(ctx, passage.Text)
			if err != nil {
				return Answer{}, err
			}
			step.Observation = passage.Text
			answer.Passages = append(answer.Passages, passage)
			found = append(found, held)
			missing, link = missing.without(held), held.without(question)
		}
		answer.Trajectory = append(answer.Trajectory, step)
		if !ok {
			break
		}
		thought = fmt.Sprintf("Not found yet: %s. Follow the terms of the last passage.", missing)
	}
	if len(found) > 0 {
		answer.Text = answer.Passages[p.focus(question, answer.Passages, found)].Text
	}
	answer.Trajectory = append(answer.Trajectory, Hop{
		Thought:     conclusion(question, missing, len(found)),
		Action:      "finish",
		Observation: answer.Text,
	})
	return answer, nil
}

// search returns the best passage for the question.
func (p *Predictor) search(ctx context.Context, t text, question query) (hit, bool, error) {
	scores, err := score(ctx, t.passages, question)
	if err != nil {
		return hit{}, false, err
	}
	if scores, err = p.prefer(ctx, t, scores, question); err != nil {
		return hit{}, false, err
	}
	return first(scores)
}

// searchLinked returns the best passage for the missing terms. It only takes a
// passage that also shares a term with the link: without that, a stray word of
// the question would lead the search off its subject.
func searchLinked(ctx context.Context, passages []string, missing, link query) (hit, bool, error) {
	scores, err := score(ctx, passages, missing)
	if err != nil {
		return hit{}, false, err
	}
	links, err := score(ctx, passages, link)
	if err != nil {
		return hit{}, false, err
	}
	for i := range scores {
		if scores[i] > 0 && links[i] > 0 {
			scores[i] += links[i]
		} else {
			scores[i] = 0
		}
	}
	return first(scores)
}

// first returns the passage of the highest score above 0, if there is one.
func first(scores []float64) (hit, bool, error) {
	hits := best(scores, 1)
	if len(hits) == 0 {
		return hit{}, false, nil
	}
	return hits[0], true, nil
}

// focus returns which of the passages found answers the question: the first that
// mentions a thing of the type it asks for, else the one with its earliest term,
// as a question names first what it asks for ("which unit does ..."). The earlier
// hop wins a tie.
func (p *Predictor) focus(question query, passages []Passage, found []query) int {
	for i, passage := range passages {
		if question.asks.mentions(passage.Text, question, p.stop) {
			return i
		}
	}
	for _, t := range question.terms {
		for i, held := range found {
			if held.has(t.stem) {
				return i
			}
		}
	}
	return 0
}

func action(missing, link query) string {
	if len(link.terms) == 0 {
		return fmt.Sprintf("search: %s", missing)
	}
	return fmt.Sprintf("search: %s; linked by: %s", missing, link)
}

func conclusion(question, missing query, hops int) string {
	switch {
	case len(question.terms) == 0:
		return "The question contains no term to search for."
	case hops == 0:
		return "No passage holds a term of the question."
	case len(missing.terms) == 0:
		return "The passages found hold every term of the question."
	case hops == maxHops:
		return fmt.Sprintf("The limit of %d passages is reached. Not found: %s.", maxHops, missing)
	default:
		return fmt.Sprintf("No linked passage was found for: %s.", missing)
	}
}
