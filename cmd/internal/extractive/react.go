package extractive

import (
	"context"
	"fmt"
)

// maxHops bounds the searches of one question.
const maxHops = 3

// react searches hop by hop until the passages found hold every term of the
// question, no further passage links to the last one, or the hops run out.
func (p *Predictor) react(ctx context.Context, passages []string, question query) (Answer, error) {
	var (
		answer  = Answer{Text: NoAnswer}
		found   []query
		missing = question
		link    query
		thought = "Look for the passage that fits the question best."
	)
	for len(found) < maxHops && len(missing.terms) > 0 {
		h, ok, err := search(ctx, passages, missing, link, len(found) > 0)
		if err != nil {
			return Answer{}, err
		}
		step := Hop{Thought: thought, Action: action(missing, link), Observation: NoAnswer}
		if ok {
			passage := quote(passages, h)
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
		answer.Text = answer.Passages[focus(question, found)].Text
	}
	answer.Trajectory = append(answer.Trajectory, Hop{
		Thought:     conclusion(question, missing, len(found)),
		Action:      "finish",
		Observation: answer.Text,
	})
	return answer, nil
}

// search returns the best passage for the missing terms. A linked search only
// takes a passage that also shares a term with the link: without that, a stray
// word of the question would lead the search off its subject.
func search(ctx context.Context, passages []string, missing, link query, linked bool) (hit, bool, error) {
	scores, err := score(ctx, passages, missing)
	if err != nil {
		return hit{}, false, err
	}
	if linked {
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
	}
	hits := best(scores, 1)
	if len(hits) == 0 {
		return hit{}, false, nil
	}
	return hits[0], true, nil
}

// focus returns which of the passages found answers the question: the one with
// its earliest term, as a question names first what it asks for ("which unit
// does ..."). The earlier hop wins a tie.
func focus(question query, found []query) int {
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
		return "The question holds no term to search for."
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
