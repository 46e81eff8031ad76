package otelmetricstest

import (
	"sync"
	"time"
)

// Clock is the clock of a recorder: it stands still until it is told to move,
// so that durations are exact. Its methods are safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	reading time.Time
	since   time.Time // when it began to run; zero while it stands
}

// Now returns what the clock shows, at first the time at which it was made.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.reading
	}
	return c.reading.Add(time.Since(c.since))
}

// Advance moves the clock forward; a negative duration moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = c.reading.Add(d)
}

// Run lets the clock go with [time.Now] from here on. In a bubble of
// [testing/synctest] that is the bubble's own time, and as exact as a clock that
// stands.
func (c *Clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = time.Now()
	}
}
