// Package load makes traffic for a service of predictions and measures how it
// is answered.
//
// In the open loop, requests start when a schedule says so, however slow the
// service is, and their latency counts from then: a service that stalls cannot
// hide it by holding up the generator (coordinated omission). What cannot start
// because too much is in flight is dropped and counted. In the closed loop, each
// request starts when an earlier one has ended.
package load

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Config has no defaults: every field must be set but for Warmup, Header and
// Progress.
type Config struct {
	URL             string  // that predictions are posted to
	StreamURL       string  // that streamed predictions are posted to
	Rate            float64 // requests started per second; 0 is the closed loop
	Concurrency     int     // requests in flight
	Warmup          time.Duration
	Duration        time.Duration // after the warmup; 0 is until the context ends
	Timeout         time.Duration // of one request
	ShutdownTimeout time.Duration // for what is in flight when the context ends
	Mix             Mix
	Seed            uint64
	Header          http.Header // of every request
	Transport       http.RoundTripper

	// Progress is called every ProgressInterval from one goroutine, if it is not nil.
	Progress         func(Progress)
	ProgressInterval time.Duration
}

// UnreachableError means that no request could be sent.
type UnreachableError struct {
	URL string // without a password
	Err error  // the last failure
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("nothing could be sent to %s: %v", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Run sends requests for the duration, or until ctx ends, and waits for what is
// in flight. The only error is an [UnreachableError]; the summary holds in any
// case.
func Run(ctx context.Context, c Config) (Summary, error) {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	answering, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	g := &generator{
		Config: c, planner: newPlanner(c.Mix, c.Seed), start: time.Now(),
		places: make(chan struct{}, c.Concurrency), answering: answering, stop: stop,
		client: &http.Client{
			Transport:     c.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	g.tally = newTally(g.start)
	finish := g.watch()
	if c.Rate > 0 {
		g.open(sending)
	} else {
		g.closed(sending)
	}
	sent, interrupted := time.Now(), ctx.Err() != nil
	g.wait(ctx, abort)
	finish()
	return g.summary(sent, time.Now(), interrupted), g.tally.unreachable(c.URL)
}

// generator is one run.
type generator struct {
	Config
	planner   *planner
	tally     *tally
	client    *http.Client
	start     time.Time
	places    chan struct{}   // one is taken by each request in flight
	answering context.Context //nolint:containedctx // what is in flight outlives the sending
	stop      context.CancelFunc
	inFlight  sync.WaitGroup
}

// open starts requests by the schedule. One that is late starts at once, and its
// latency counts from when it was due.
func (g *generator) open(ctx context.Context) {
	total := g.Warmup + g.Duration
	for n := 0; ; n++ {
		after := time.Duration(float64(n) / g.Rate * float64(time.Second))
		if g.Duration > 0 && after >= total {
			sleep(ctx, time.Until(g.start.Add(total)))
			return
		}
		due := g.start.Add(after)
		if !sleep(ctx, time.Until(due)) {
			return
		}
		select {
		case g.places <- struct{}{}:
			g.begin(due)
		default:
			g.tally.drop(g.warming(due))
		}
	}
}

// closed starts a request whenever there is a place.
func (g *generator) closed(ctx context.Context) {
	if g.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, g.start.Add(g.Warmup+g.Duration))
		defer cancel()
	}
	for ctx.Err() == nil {
		select {
		case g.places <- struct{}{}:
			if ctx.Err() == nil {
				g.begin(time.Now())
			}
		case <-ctx.Done():
		}
	}
}

// begin sends the next request, in the place that was taken for it.
func (g *generator) begin(due time.Time) {
	request := g.planner.next()
	g.tally.begin()
	g.inFlight.Go(func() {
		defer func() { <-g.places }()
		result := g.exchange(request, due)
		if g.tally.end(result, g.warming(due)) >= hopeless {
			g.stop()
		}
	})
}

// hopeless is after how many requests that could not be sent, with none that
// could, the run is given up.
const hopeless = 10

func (g *generator) warming(due time.Time) bool { return due.Before(g.start.Add(g.Warmup)) }

// wait waits for what is in flight, once ctx has ended only as long as the
// shutdown may take.
func (g *generator) wait(ctx context.Context, abort context.CancelCauseFunc) {
	done := make(chan struct{})
	go func() {
		g.inFlight.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	select {
	case <-done:
	case <-time.After(g.ShutdownTimeout):
		abort(errAborted)
		<-done
	}
}

// watch reports progress until the function that it returns is called.
func (g *generator) watch() (finish func()) {
	if g.Progress == nil {
		return func() {}
	}
	var reporting sync.WaitGroup
	done := make(chan struct{})
	reporting.Go(func() {
		ticker := time.NewTicker(g.ProgressInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				g.Progress(g.progress(time.Now()))
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		reporting.Wait()
	}
}

// sleep reports whether ctx has not ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
