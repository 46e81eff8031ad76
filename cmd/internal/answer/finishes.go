package answer

import (
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// readFinishes reads the member finishes of an answer: how many answers of language
// models ended for each reason, by the words of their providers.
func (s *state) readFinishes(v value) {
	if !v.isObject() {
		return // It is a part of the answer.
	}
	finishes := make(map[otelmetrics.FinishReason]int64)
	for m := v.members(); m.next(); {
		if n, ok := parseCount(m.value); ok {
			addFinishes(finishes, string(m.name), n)
		} else {
			s.refuse("finishes", m.value, "a non-negative integer of sensible size")
		}
	}
	if len(finishes) > 0 {
		s.finishes = finishes
	}
}

// headerFinishes reads what the header states of them.
func (s *state) headerFinishes(h http.Header) map[otelmetrics.FinishReason]int64 {
	text, ok := s.headerValue(h, headerFinishes)
	if !ok || text == "" {
		return nil
	}
	finishes := make(map[otelmetrics.FinishReason]int64)
	for part := range strings.SplitSeq(text, ",") {
		reason, count, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, ok := parseDigits(count)
		if !ok || n > maxCount {
			s.refuse(headerFinishes, []byte(part), "REASON=COUNT")
			continue
		}
		addFinishes(finishes, reason, n)
	}
	return finishes
}

// addFinishes adds the answers that ended for a reason. Several words have one meaning,
// so their sum is bounded too.
func addFinishes(finishes map[otelmetrics.FinishReason]int64, word string, n int64) {
	reason := finishWord([]byte(word))
	finishes[reason] = min(finishes[reason]+n, maxCount)
}
