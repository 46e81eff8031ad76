package access

import (
	"sync"
	"time"
)

const (
	// sweep is how often the deadlines of all connections are looked at.
	sweep = time.Second
	// near is how close a deadline is when its connection is told of it at once. It
	// leaves time for a sweep to come late.
	near = 3 * sweep
)

// deadline is when reading from a connection, or writing to it, is to fail. A request
// moves it some ten times, from one bound of seconds or minutes to the next, and ends
// long before any of them. To tell the connection each time costs a timer of the
// runtime, and often a thread that is woken for it. So one that is far away is only
// noted, and a sweep tells the connection when it has come near: it fails at the same
// time as it would.
type deadline struct {
	mu    sync.Mutex
	noted time.Time // that the connection has not been told of; zero for none
	told  bool      // the connection has a deadline
}

// set moves the deadline to a time, or away if that is zero. Now is the time of the
// last sweep. The function tells the connection.
func (d *deadline) set(t, now time.Time, tell func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noted = time.Time{}
	if !t.IsZero() && t.Sub(now) <= near {
		d.told = true
		return tell(t)
	}
	d.noted = t
	if !d.told {
		return nil
	}
	d.told = false
	return tell(time.Time{})
}

// sweep tells the connection of a deadline that has come near.
func (d *deadline) sweep(now time.Time, tell func(time.Time) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noted.IsZero() || d.noted.Sub(now) > near {
		return
	}
	_ = tell(d.noted) // it fails where the connection is closed
	d.noted, d.told = time.Time{}, true
}
