package otelmetricstest

import (
	"io"
	"sync"
)

// output is the output of a test for as long as there is one: to write to it
// later panics, in whatever goroutine the code under test has left behind.
type output struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements [io.Writer].
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(text)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = io.Discard
}
