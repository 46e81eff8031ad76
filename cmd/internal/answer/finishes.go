package answer

import (
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// readFinishes reads the member finishes of an answer: how many answers of language
// models ended for each reason, by the words of their providers.
func (s *state) readFinishes(v value) {
	if !v.isObject() {
		return // It is a part of the answer.
	}
	finishes := make(map[otelmetrics.FinishReason]int64)
	s.readNamedCounts("finishes", v, func(word string, n int64) { addFinishes(finishes, word, n) })
	if len(finishes) > 0 {
		s.finishes = finishes
	}
}

// headerFinishes reads what the header states of them.
func (s *state) headerFinishes(h http.Header) map[otelmetrics.FinishReason]int64 {
	finishes := make(map[otelmetrics.FinishReason]int64)
	if !s.headerNamedCounts(h, headerFinishes, "REASON=COUNT", func(word string, n int64) bool {
		addFinishes(finishes, word, n)
		return true
	}) {
		return nil
	}
	return finishes
}

// addFinishes adds the answers that ended for a reason. Several words have one meaning,
// so their sum is bounded too.
func addFinishes(finishes map[otelmetrics.FinishReason]int64, word string, n int64) {
	reason := finishWord([]byte(word))
	finishes[reason] = min(finishes[reason]+n, maxCount)
}
