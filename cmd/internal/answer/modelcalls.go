package answer

import (
	"net/http"
	"net/url"
	"strings"
)

// maxModels is the number of models whose calls are counted separately. longestModel
// is the longest name of a model.
const maxModels, longestModel = 64, 256

// readModelCalls reads the member lm_calls of an answer: how many calls of each
// language model there were, by their names.
func (s *state) readModelCalls(v value) {
	if !v.isObject() {
		return // It is a part of the answer.
	}
	calls := make(map[string]int64)
	for m := v.members(); m.next(); {
		if n, ok := parseCount(m.value); ok {
			addCalls(calls, string(m.name), n)
		} else {
			s.refuse("lm_calls", m.value, "a non-negative integer of sensible size")
		}
	}
	if len(calls) > 0 {
		s.calls = calls
	}
}

// headerModelCalls reads the calls by model that the header states.
func (s *state) headerModelCalls(h http.Header) map[string]int64 {
	text, ok := s.headerValue(h, headerModelCalls)
	if !ok || text == "" {
		return nil
	}
	calls := make(map[string]int64)
	for part := range strings.SplitSeq(text, ",") {
		quoted, count, _ := strings.Cut(strings.TrimSpace(part), "=")
		name, err := url.PathUnescape(quoted)
		n, ok := parseDigits(count)
		if err != nil || !ok || n > maxCount {
			s.refuse(headerModelCalls, []byte(part), "MODEL=CALLS")
			continue
		}
		addCalls(calls, name, n)
	}
	return calls
}

// addCalls adds the calls of a model. Those of one without a name or with a very
// long one, and of very many models, are of none that is known.
func addCalls(calls map[string]int64, name string, n int64) {
	_, known := calls[name]
	if name != "" && len(name) <= longestModel && (known || len(calls) < maxModels) && calls[name] <= maxCount {
		calls[name] += n
	}
}
