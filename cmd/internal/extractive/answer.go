package extractive

import (
	"fmt"
	"strings"
	"unicode"
)

// NoAnswer is the text of an answer when no passage shares a term with the question.
const NoAnswer = "no passage of the text answers this question"

// Answer is the answer of a text to a question. All its strings are valid UTF-8.
type Answer struct {
	// Text is the best passage as it stands in the text, or NoAnswer. Only
	// invalid bytes are replaced, by U+FFFD, and control characters, by spaces.
	Text string
	// Reasoning explains the ranking, in ChainOfThought; empty otherwise.
	Reasoning string
	// Trajectory lists the steps taken, in ReAct, the last of them the action
	// "finish"; nil otherwise.
	Trajectory []Hop
	// Passages are at most five: the best ones, best first, or in ReAct the
	// ones found, in the order found. It is empty when Text is NoAnswer.
	Passages []Passage
}

// Passage is a part of a text and how well it fits.
type Passage struct {
	// Text is the passage without white space or list marker around it.
	Text string
	// Index is the position among the passages of the text, from 0.
	Index int
	// Score is the BM25 score, raised where the passage mentions what a question
	// of when, who, where or how many asks for. It is above 0 and without unit.
	// Scores compare within one ranking only, so not across texts, questions or
	// hops.
	Score float64
}

// Hop is one step of a trajectory.
type Hop struct {
	// Thought is why the step is taken.
	Thought string
	// Action is "search: " and the terms searched for, or "finish".
	Action string
	// Observation is the passage found, the answer on finish, or NoAnswer.
	Observation string
}

// ranked makes the answer that quotes the best of the hits.
func ranked(passages []string, hits []hit) Answer {
	if len(hits) == 0 {
		return Answer{Text: NoAnswer}
	}
	found := make([]Passage, len(hits))
	for i, h := range hits {
		found[i] = quote(passages, h)
	}
	return Answer{Text: found[0].Text, Passages: found}
}

// reasoning describes how passages were ranked for the question.
func reasoning(total int, question, missing query, found []Passage) string {
	if len(question.terms) == 0 {
		return "The question contains no term to search for."
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Passages ranked by BM25: %d, for the terms: %s.", total, question)
	if len(found) == 0 {
		b.WriteString("\nNo passage holds any of them.")
		return b.String()
	}
	if question.asks != anything {
		fmt.Fprintf(&b, "\nThe question asks for %s, so passages that mention one go first.", question.asks)
	}
	for i, p := range found {
		fmt.Fprintf(&b, "\n%d. (score %.3f) %s", i+1, p.Score, strings.Join(strings.Fields(p.Text), " "))
	}
	if len(missing.terms) > 0 {
		fmt.Fprintf(&b, "\nThe best passage does not hold: %s.", missing)
	}
	return b.String()
}

func quote(passages []string, h hit) Passage {
	return Passage{Text: clean(passages[h.index]), Index: h.index, Score: h.score}
}

// clean makes a passage safe to print. It copies, so that an answer of a few
// words does not keep a context of many megabytes in memory.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.Clone(strings.TrimSpace(s))
}
