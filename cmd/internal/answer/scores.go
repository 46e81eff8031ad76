package answer

import (
	"net/http"
	"strconv"
	"strings"
)

// headerScores has the scores of an answer, as NAME=VALUE and separated by commas.
const headerScores = "Dspy-Scores"

// maxScores is how many scores of an answer are read.
const maxScores = 16

// readScores reads the member scores of an answer: numbers by the names of the
// metric functions that gave them.
func (s *state) readScores(v value) {
	if !v.isObject() {
		return // It is a part of the answer.
	}
	scores := make(map[string]float64)
	for m := v.members(); m.next(); {
		number, err := strconv.ParseFloat(string(m.value), 64)
		switch {
		case err != nil:
			s.refuse("scores."+string(m.name[:min(len(m.name), maxScores)]), m.value, "a number")
		case len(scores) < maxScores:
			scores[string(m.name)] = number
		}
	}
	if len(scores) > 0 {
		s.scores = scores
	}
}

// headerScores reads the scores that the header states.
func (s *state) headerScores(h http.Header) map[string]float64 {
	text, ok := s.headerValue(h, headerScores)
	if !ok || text == "" {
		return nil
	}
	scores := make(map[string]float64)
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		switch {
		case err != nil:
			s.refuse(headerScores, []byte(part), "NAME=NUMBER")
		case len(scores) < maxScores:
			scores[strings.TrimSpace(name)] = number
		}
	}
	return scores
}
