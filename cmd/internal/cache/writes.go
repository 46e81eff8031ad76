package cache

import "sync"

// maxWrites is how many answers are on their way to Redis at a time. An answer
// beyond that is not stored.
const maxWrites = 64

// writes are the answers on their way to Redis. A look-up finds an answer here
// until Redis has it, or has failed to take it.
type writes struct {
	mu    sync.Mutex
	byKey map[string]*write
	count int
	ended bool // nothing may start any more
	done  sync.WaitGroup
}

type write struct{ answer []byte }

// start has store write the answer in the background.
func (w *writes) start(key string, answer []byte, store func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == maxWrites || w.ended {
		return
	}
	if w.byKey == nil {
		w.byKey = make(map[string]*write)
	}
	underway := &write{answer}
	w.byKey[key] = underway
	w.count++
	w.done.Go(func() {
		defer w.end(key, underway)
		store()
	})
}

func (w *writes) end(key string, ended *write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count--
	if w.byKey[key] == ended { // And not a later one.
		delete(w.byKey, key)
	}
}

func (w *writes) get(key string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	underway, ok := w.byKey[key]
	if !ok {
		return nil, false
	}
	return underway.answer, true
}

// close returns when nothing is on its way any more. Each write is bounded by the
// timeout of the cache.
func (w *writes) close() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.done.Wait()
}
