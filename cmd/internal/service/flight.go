package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// maxStall is how long the passengers of an answer that is too large to be held wait
// for the one who takes none of it.
const maxStall = time.Second

// flight is a request that is made once for several clients, its passengers. It has a
// goroutine of its own, which reads the answer into memory, from where each passenger
// takes it at its own pace. It goes on until the answer is whole or the last passenger
// has left; who led it may leave as any other.
//
// What it costs is recorded on the prediction of the passenger who led it.
type flight struct {
	caching  *caching
	key      string
	exchange *exchange       // its own: passengers take over its outcome
	ctx      context.Context //nolint:containedctx // of the call
	cancel   context.CancelCauseFunc
	request  *http.Request
	leader   *passenger
	boarding time.Time // until when passengers may join, or zero

	// landed is closed when the fields after it are set.
	landed   chan struct{}
	response *http.Response // nil if there was no answer
	shared   bool           // whether passengers may take it from here
	missed   error          // why there was none
	canceled bool           // there was none because the flight's own time was over
	failure  error          // why the prediction has failed, as far as the header says

	mu         sync.Mutex
	passengers map[*passenger]struct{}
	abandoned  bool   // all have left
	owned      bool   // the leader has the answer alone, and closes it
	body       []byte // that has come, from the byte start on
	start      int64  // how much of the beginning was dropped
	overflown  bool   // the answer is too large to be held
	ended      bool   // the end mark of the answer has come; the next one is where
	endedAt    int64
	over       bool  // nothing more comes; the next two are set
	broken     error // why the answer is not whole
	outcome    error // why the prediction has failed
	changed    chan struct{}
	moved      chan struct{}
}

func newFlight(c *caching, leader *passenger, r *http.Request, key string) *flight {
	e := leader.exchange
	f := &flight{
		caching: c, key: key,
		exchange:   &exchange{Call: e.Call, service: e.service, named: e.named, model: e.model, prediction: e.prediction},
		leader:     leader,
		landed:     make(chan struct{}),
		passengers: map[*passenger]struct{}{leader: {}},
		changed:    make(chan struct{}),
		moved:      make(chan struct{}, 1),
	}
	leader.flight = f
	limits := e.service.limits
	if limits.timeout != 0 {
		// Passengers have as much time as the leader, from when they join. The flight ends
		// after all of them, so that its time limit does not end a passenger early.
		f.boarding = e.Deadline
		limits.timeout = 2*limits.timeout + grace
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	f.ctx, f.cancel = f.exchange.watch.begin(ctx, time.Now(), limits), cancel
	f.request = r.Clone(f.ctx)
	if r.Body != nil && r.GetBody != nil {
		f.request.Body, _ = r.GetBody() // Of bytes in memory.
	}
	return f
}

// take has a passenger join, unless it is too late for that.
func (f *flight) take(p *passenger) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.abandoned || f.overflown || f.over || !f.boarding.IsZero() && time.Now().After(f.boarding) {
		return false
	}
	p.flight = f
	f.passengers[p] = struct{}{}
	return true
}

// fly makes the request and reads the answer.
func (f *flight) fly() {
	finished := false
	defer func() {
		panicked := recover()
		if finished {
			return
		}
		if panicked == nil {
			panicked = "its goroutine exited"
		}
		// Nothing else recovers the panic in this goroutine, and it would end the process.
		f.exchange.service.Logger.Error("a request panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
		f.fail(&otelmetrics.Error{Type: otelmetrics.ErrorPanic, Err: fmt.Errorf("panic: %v", panicked)})
	}()
	if k := f.land(); f.shared {
		f.carry(k)
	}
	finished = true
}

// end counts the attempt, and stops what watches the backend.
func (f *flight) end() {
	f.exchange.end(f.ctx, f.exchange.err)
	f.exchange.watch.end()
	f.cancel(nil)
}

// fail ends the flight, whatever it has come to.
func (f *flight) fail(err error) {
	f.caching.flights.close(f)
	f.exchange.fail(err)
	f.end()
	select {
	case <-f.landed:
		f.mu.Lock()
		f.over, f.broken, f.outcome = true, err, err
		f.wake()
		f.mu.Unlock()
	default:
		f.missed, f.failure = err, err
		close(f.landed)
	}
}

// land makes the request until the header of its answer is there.
func (f *flight) land() *kept {
	asked := time.Now()
	response, err := f.caching.next.answer(f.exchange, f.request) //nolint:bodyclose // who carries it closes it
	f.failure = f.exchange.err
	if err != nil {
		f.caching.flights.close(f)
		f.missed, f.canceled = err, f.ctx.Err() != nil
		f.exchange.fail(err)
		f.end()
		close(f.landed)
		return nil
	}
	k := f.caching.keep(f.exchange, f.request, f.key, response, asked)
	f.response, f.shared = response, f.caching.shareable(response)
	if !f.shared {
		f.caching.flights.separate(f)
		f.caching.flights.close(f)
		if k != nil {
			response.Body = &copied{ReadCloser: response.Body, into: k, response: response}
		}
		f.handOver()
	}
	close(f.landed)
	return k
}

// handOver leaves an answer that cannot be shared to the leader alone, or closes it
// if the leader has left.
func (f *flight) handOver() {
	f.mu.Lock()
	_, f.owned = f.passengers[f.leader]
	f.mu.Unlock()
	if !f.owned {
		_ = f.response.Body.Close()
		f.end()
	}
}

// carry reads the answer for the passengers, and keeps it if it is to be kept.
func (f *flight) carry(k *kept) {
	defer f.end()
	defer f.response.Body.Close()
	for {
		space := f.space()
		n, err := f.response.Body.Read(space)
		if size := f.start + int64(len(f.body)+n); errors.Is(err, io.EOF) && k != nil && size <= f.caching.limit {
			k.end(f.body[:len(f.body)+n], f.response.Trailer)
		}
		if err != nil {
			f.caching.flights.close(f) // From here on the cache has it.
		}
		f.mu.Lock()
		f.body = f.body[:len(f.body)+n]
		if f.exchange.reader != nil && !f.ended {
			f.ended, f.endedAt = f.exchange.reader.Ended(), f.start+int64(len(f.body))
		}
		if err != nil {
			f.over, f.outcome = true, f.exchange.err
			if !errors.Is(err, io.EOF) {
				f.broken = err
			}
		}
		f.wake()
		f.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wake has the passengers look again. The caller has the lock.
func (f *flight) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// space returns room for what is read next, behind what has come. Only the goroutine
// of the flight writes to the body and its length.
func (f *flight) space() []byte {
	const least = 4 << 10
	if f.body == nil && f.response.ContentLength > 0 { // And not more than the limit.
		f.mu.Lock()
		f.body = make([]byte, 0, f.response.ContentLength+least)
		f.mu.Unlock()
	}
	if !f.overflown && f.start+int64(len(f.body)) > f.caching.limit {
		f.caching.flights.close(f)
		f.mu.Lock()
		f.overflown = true
		f.mu.Unlock()
	}
	if f.overflown {
		f.drop()
	}
	if cap(f.body)-len(f.body) < least {
		f.mu.Lock()
		f.body = append(make([]byte, 0, max(2*cap(f.body), 2*least)), f.body...)
		f.mu.Unlock()
	}
	return f.body[len(f.body):cap(f.body)]
}

// drop forgets what all passengers have taken, so that what is held stays within the
// limit. Where that needs a passenger to go on, it waits. One who takes nothing while
// another one waits is left behind after a while.
func (f *flight) drop() {
	tick := time.NewTicker(maxStall)
	defer tick.Stop()
	progress := time.Now()
	for {
		f.mu.Lock()
		slowest, waited := f.slowest()
		switch {
		case slowest > f.start:
			f.body = append(f.body[:0], f.body[slowest-f.start:]...)
			f.start = slowest
			progress = time.Now()
		case waited && time.Since(progress) >= maxStall:
			f.leaveBehind(slowest)
		}
		full := int64(len(f.body)) > f.caching.limit
		f.mu.Unlock()
		if !full {
			return
		}
		select {
		case <-f.moved:
		case <-tick.C:
		}
	}
}

// slowest returns what all passengers have taken, and whether one of them waits for
// more. The caller has the lock.
func (f *flight) slowest() (at int64, waited bool) {
	end := f.start + int64(len(f.body))
	at = end
	for p := range f.passengers {
		at = min(at, p.at)
		waited = waited || p.at == end
	}
	return at, waited || len(f.passengers) == 0
}

// leaveBehind ends the answers of those who have taken no more than this. The caller
// has the lock.
func (f *flight) leaveBehind(at int64) {
	for p := range f.passengers {
		if p.at == at {
			p.left = true
			delete(f.passengers, p)
		}
	}
	f.wake()
}
