package access

import (
	"sync"
	"time"
)

const (
	// writing is how long a file may be half written. Whoever needs it waits.
	writing = time.Second
	// pause is the time between two attempts to read it.
	pause = 10 * time.Millisecond
)

// attempts reads files again that cannot be read: they may be being written. It
// fails at once as long as they have been unreadable for longer.
type attempts struct {
	mu    sync.Mutex
	since time.Time // of the first failure in a row, or zero
}

// try calls load until it succeeds, or has failed for too long.
func (a *attempts) try(load func() error) error {
	for {
		err := load()
		if !a.again(err) {
			return err
		}
		<-time.After(pause)
	}
}

// again takes note of how an attempt ended and reports whether to make another.
func (a *attempts) again(err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.since = time.Time{}
		return false
	}
	if a.since.IsZero() {
		a.since = time.Now()
	}
	return time.Since(a.since) < writing
}
