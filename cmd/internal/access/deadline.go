package access

import (
	"sync"
	"time"
)

const (
	// sweep is how often the deadlines of all connections are looked at.
	sweep = time.Second
	// near is the remaining time at which a deadline is set on the connection
	// immediately. It is longer than one sweep, so that a late sweep does no harm.
	near = 3 * sweep
)

// deadline is the time at which reading from a connection, or writing to it, must
// fail. A request changes it about ten times, and ends long before it is reached.
// Setting it on the connection each time costs a timer of the runtime, and often
// wakes a thread. So a distant deadline is only recorded, and a sweep sets it on the
// connection when it comes near. The connection fails at the same time as without
// this delay.
type deadline struct {
	mu    sync.Mutex
	noted time.Time // that the connection has not been told of; zero for none
	told  bool      // the connection has a deadline
}

// set changes the deadline, or removes it if the time is zero. Now is the time of the
// last sweep. The function tell sets the deadline on the connection.
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

// sweep sets a deadline that has come near on the connection.
func (d *deadline) sweep(now time.Time, tell func(time.Time) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noted.IsZero() || d.noted.Sub(now) > near {
		return
	}
	_ = tell(d.noted) // it fails where the connection is closed
	d.noted, d.told = time.Time{}, true
}
