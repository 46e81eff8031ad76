package otelmetrics

import (
	"sync/atomic"
	"time"
)

// BeginUpstream starts the clock of the prediction's upstream, such as a request
// to a language model's API, and [Prediction.EndUpstream] stops it. Of up to
// 32767 calls at the same time, the time counts once. When the prediction ends,
// what it took beyond all its upstream calls is recorded as overhead: waits
// between retries, for example. Without such a call there is no overhead.
//
//	p.BeginUpstream()
//	answer, err := client.Complete(ctx, prompt)
//	p.EndUpstream()
func (p *Prediction) BeginUpstream() {
	if p != nil && p.predictor != nil {
		p.upstream.begin(p.elapsed())
	}
}

// EndUpstream stops the clock that [Prediction.BeginUpstream] started. It must be
// called once for each call of that; more calls do nothing.
func (p *Prediction) EndUpstream() {
	if p != nil && p.predictor != nil {
		p.upstream.end(p.elapsed())
	}
}

// elapsed returns the time since the prediction's start.
func (p *Prediction) elapsed() time.Duration { return p.predictor.recorder.pipeline.since(p.start) }

// recordOverhead records what of the whole time was not the upstream's.
func (p *Prediction) recordOverhead(whole time.Duration) {
	if p.upstream.called() {
		overhead := max(0, whole-p.upstream.total(whole))
		p.predictor.recorder.overheads.Get(string(p.predictor.kind)).Record(p.ctx, overhead.Seconds())
	}
}

// upstreamClock adds up the time in which at least one call is open. Times are
// those since the prediction's start.
//
// How many calls are open, and since when there is one, change together, so they
// are one word: whoever ends the last call knows when the first one began, without
// a lock, which would move every prediction to the heap.
type upstreamClock struct {
	state atomic.Uint64
	spent atomic.Int64 // nanoseconds of calls that have ended
}

// The state of an upstreamClock, from the lowest bit.
const (
	sinceBits = 48 // nanoseconds: 78 hours
	openBits  = 15 // calls
	sinceMask = 1<<sinceBits - 1
	openMask  = 1<<openBits - 1
	everBit   = 1 << (sinceBits + openBits) // there was a call
)

func (c *upstreamClock) begin(now time.Duration) {
	for {
		old := c.state.Load()
		open, since := old>>sinceBits&openMask, old&sinceMask
		if open == 0 {
			since = min(uint64(max(now, 0)), sinceMask)
		}
		if c.state.CompareAndSwap(old, everBit|min(open+1, openMask)<<sinceBits|since) {
			return
		}
	}
}

func (c *upstreamClock) end(now time.Duration) {
	for {
		old := c.state.Load()
		open, since := old>>sinceBits&openMask, old&sinceMask
		if open == 0 {
			return
		}
		if !c.state.CompareAndSwap(old, old-1<<sinceBits) {
			continue
		}
		if open == 1 {
			c.spent.Add(int64(max(0, now-time.Duration(since))))
		}
		return
	}
}

// called reports whether there was a call.
func (c *upstreamClock) called() bool { return c.state.Load() != 0 }

// total returns the time until now, with the calls that are still open.
func (c *upstreamClock) total(now time.Duration) time.Duration {
	spent := time.Duration(c.spent.Load())
	if state := c.state.Load(); state>>sinceBits&openMask > 0 {
		spent += max(0, now-time.Duration(state&sinceMask))
	}
	return spent
}
