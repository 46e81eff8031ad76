package service

import "sync"

// flights are the requests that are being made and that equal ones wait for.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

// flight is one of them. Its fields are set when it has landed.
type flight struct {
	landed chan struct{}
	answer []byte // as it goes over the wire, or nil if it cannot be shared
	err    error  // of the prediction
}

// join returns the flight of a key. Who leads it lands it.
func (f *flights) join(key string) (joined *flight, leads bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if joined, ok := f.byKey[key]; ok {
		return joined, false
	}
	joined = &flight{landed: make(chan struct{})}
	if f.byKey == nil {
		f.byKey = make(map[string]*flight)
	}
	f.byKey[key] = joined
	return joined, true
}

func (f *flights) land(key string, landed *flight) {
	f.mu.Lock()
	delete(f.byKey, key)
	f.mu.Unlock()
	close(landed.landed)
}
