package cache

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// outage is a time in which something does not work. It logs one line when it
// begins and one when it ends, however many operations fail in between.
type outage struct {
	begun, ended string        // what is logged
	calm         time.Duration // without a failure, before the outage has ended
	logger       *slog.Logger
	now          func() time.Time

	mu                sync.Mutex
	lasts             bool
	turns             int       // how often it began or ended
	since, failed     time.Time // first and last failure
	failures, skipped int
}

// turn counts the changes between working and failing. It identifies operations that
// began before the last change.
type turn int

// enter returns false while the outage lasts: the operation is to be skipped.
// Otherwise what becomes of it is reported to fail or work.
func (o *outage) enter() (turn, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lasts {
		o.skipped++
	}
	return turn(o.turns), !o.lasts
}

// active reports whether the outage lasts, and when to report of an operation
// that is tried nevertheless.
func (o *outage) active() (turn, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return turn(o.turns), o.lasts
}

// fail reports an operation that failed, and returns whether the outage began
// with it. One from before the last change proves nothing about the time after.
func (o *outage) fail(ctx context.Context, at turn, reason string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lasts {
		o.failed = o.now()
		o.failures++
		return false
	}
	if at != turn(o.turns) {
		return false
	}
	o.lasts, o.failures, o.skipped = true, 1, 0
	o.since = o.now()
	o.failed = o.since
	o.turns++
	o.logger.WarnContext(ctx, o.begun, slog.String("error", reason))
	return true
}

// work reports an operation that worked.
func (o *outage) work(ctx context.Context, at turn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lasts || at != turn(o.turns) || o.now().Sub(o.failed) < o.calm {
		return
	}
	o.lasts = false
	o.turns++
	o.logger.InfoContext(ctx, o.ended, slog.Duration("after", o.now().Sub(o.since)),
		slog.Int("failed", o.failures), slog.Int("skipped", o.skipped))
}
