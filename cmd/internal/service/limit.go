package service

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// limits are how long the program may take. Zero is no limit.
type limits struct {
	timeout, silence     time.Duration
	tookLong, wentSilent error
}

func newLimits(timeout, silence time.Duration) limits {
	return limits{
		timeout: timeout, silence: silence,
		tookLong:   &otelmetrics.Error{Type: otelmetrics.ErrorTimeout, Err: fmt.Errorf("the answer took longer than %s: %w", timeout, context.DeadlineExceeded)},
		wentSilent: &otelmetrics.Error{Type: otelmetrics.ErrorTimeout, Err: fmt.Errorf("the answer stopped for %s: %w", silence, context.DeadlineExceeded)},
	}
}

// deadline returns until when an answer that is asked for now must be complete;
// it is zero for no limit.
func (l limits) deadline(now time.Time) time.Time {
	if l.timeout == 0 {
		return time.Time{}
	}
	return now.Add(l.timeout)
}

// watch cancels the context of a request that exceeds the limits. One timer does
// it for both: it is not set anew with every byte, but finds out when it fires
// how long the program has been silent.
type watch struct {
	limits
	start  time.Time
	cancel context.CancelCauseFunc // nil without limits

	// silentSince is the time at which the program stopped sending, in nanoseconds after
	// start, plus one. It is 0 while nothing waits for the program.
	silentSince atomic.Int64

	mu    sync.Mutex // guards the fields below
	timer *time.Timer
	ended bool
}

// begin returns the context that ends when a limit is exceeded. The cause is a
// Timeout. The caller calls end.
func (w *watch) begin(ctx context.Context, now time.Time, l limits) context.Context {
	if l.timeout == 0 && l.silence == 0 {
		return ctx
	}
	w.limits, w.start = l, now
	ctx, w.cancel = context.WithCancelCause(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	first := l.timeout
	if first == 0 || l.silence != 0 && l.silence < first {
		first = l.silence
	}
	w.timer = time.AfterFunc(first, w.check)
	return ctx
}

func (w *watch) end() {
	if w.cancel == nil {
		return
	}
	w.mu.Lock()
	w.ended = true
	w.timer.Stop()
	w.mu.Unlock()
	w.cancel(nil)
}

// check is called by the timer.
func (w *watch) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	now := time.Since(w.start)
	next := w.timeout - now
	if w.timeout != 0 && next <= 0 {
		w.cancel(w.tookLong)
		return
	}
	if w.silence != 0 {
		left := w.silence
		if since := w.silentSince.Load(); since != 0 {
			left -= now - time.Duration(since-1)
		}
		if left <= 0 {
			w.cancel(w.wentSilent)
			return
		}
		if w.timeout == 0 || left < next {
			next = left
		}
	}
	w.timer.Reset(next)
}

// read reads from the program. The time until it has something is silence.
func (w *watch) read(body io.Reader, p []byte) (int, error) {
	if w.silence == 0 {
		return body.Read(p)
	}
	w.silentSince.Store(int64(time.Since(w.start)) + 1)
	n, err := body.Read(p)
	w.silentSince.Store(0)
	return n, err
}

// watched is the body of an answer of the program.
type watched struct {
	io.ReadCloser
	watch *watch
	call  *Call // that it answers; nil for a request that asks for no prediction
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.watch.read(w.ReadCloser, p)
	if err != nil && w.call != nil {
		w.call.received()
	}
	return n, err
}

func (w *watched) Close() error {
	if w.call != nil {
		w.call.received()
	}
	return w.ReadCloser.Close()
}
