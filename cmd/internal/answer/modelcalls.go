package answer

import (
	"net/http"
	"net/url"
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
	s.readNamedCounts("lm_calls", v, func(name string, n int64) { addCalls(calls, name, n) })
	if len(calls) > 0 {
		s.calls = calls
	}
}

// headerModelCalls reads the calls by model that the header states.
func (s *state) headerModelCalls(h http.Header) map[string]int64 {
	calls := make(map[string]int64)
	if !s.headerNamedCounts(h, headerModelCalls, "MODEL=CALLS", func(quoted string, n int64) bool {
		name, err := url.PathUnescape(quoted)
		if err == nil {
			addCalls(calls, name, n)
		}
		return err == nil
	}) {
		return nil
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
