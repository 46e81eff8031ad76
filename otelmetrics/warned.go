package otelmetrics

import "sync"

// warned remembers which values have been logged, a bounded number of them.
type warned struct {
	mu     sync.Mutex
	values map[string]map[string]bool
}

const maxWarnings = 20 // for each label

func (w *warned) first(key, value string) (first, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.values == nil {
		w.values = make(map[string]map[string]bool)
	}
	values := w.values[key]
	if values == nil {
		values = make(map[string]bool)
		w.values[key] = values
	}
	if values[value] || len(values) == maxWarnings {
		return false, false
	}
	values[value] = true
	return true, len(values) == maxWarnings
}
