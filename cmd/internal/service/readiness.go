package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Readiness configures what /ready depends on in addition to the service itself. The
// zero value means nothing else.
type Readiness struct {
	Path     string // of the program, which is asked every 2 s whether it is well
	Attempts bool   // the attempts to reach the program
}

// It takes several results of one kind to change what /ready says, so that one lost
// packet empties no load balancer.
const (
	askEvery       = 2 * time.Second
	asksUntilDown  = 3
	asksUntilUp    = 2
	triesUntilDown = 5
	// Without clients there are no attempts: after this time the next one decides.
	triedAgainAfter = 10 * time.Second
)

// readiness is whether the program can be expected to answer. It is safe for
// concurrent use.
type readiness struct {
	logger *slog.Logger

	mu     sync.Mutex
	down   bool
	streak int       // results in a row that contradict down
	since  time.Time // of the last result
}

// ready reports whether the program can be expected to answer. Where its state is known
// from attempts alone, it is expected to after a while.
func (r *readiness) ready(attempts bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down && attempts && time.Since(r.since) >= triedAgainAfter {
		r.set(false, "it is tried again")
		r.streak = triesUntilDown - 1
	}
	return !r.down
}

// learn takes a result into account, where it takes so many to be up or down.
func (r *readiness) learn(err error, untilDown, untilUp int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = time.Now()
	if (err == nil) != r.down { // as before
		r.streak = 0
		return
	}
	r.streak++
	switch {
	case err != nil && r.streak >= untilDown:
		r.set(true, err.Error())
	case err == nil && r.streak >= untilUp:
		r.set(false, "it answers")
	}
}

func (r *readiness) set(down bool, reason string) {
	r.down, r.streak = down, 0
	if down {
		r.logger.Warn("not ready: the upstream does not answer", slog.String("reason", reason))
		return
	}
	r.logger.Info("ready: the upstream answers again", slog.String("reason", reason))
}

// attempted learns from an attempt of a prediction. One that did not reach the program
// says that it is away, and an answer of any kind that it is there. One that the client
// gave up, or that took too long, says neither.
func (r *readiness) attempted(err error) {
	switch otelmetrics.Classify(err) {
	case otelmetrics.ErrorUpstreamUnavailable:
	case otelmetrics.ErrorCanceled, otelmetrics.ErrorTimeout:
		return
	default:
		err = nil
	}
	r.learn(err, triesUntilDown, 1)
}

// WatchUpstream asks the program whether it is well, until ctx ends, if that is what
// /ready follows.
func (s *Service) WatchUpstream(ctx context.Context) {
	program, forwards := s.Backend.(http.RoundTripper)
	if s.Readiness.Path == "" || !forwards {
		return
	}
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	untilUp := 1 // at the start
	for {
		err := s.ask(ctx, program)
		if ctx.Err() != nil {
			return
		}
		s.readiness.learn(err, asksUntilDown, untilUp)
		if err == nil {
			untilUp = asksUntilUp
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask returns why the program is not well. Any answer below 400 says that it is.
func (s *Service) ask(ctx context.Context, program http.RoundTripper) error {
	ctx, cancel := context.WithTimeoutCause(ctx, askEvery, errors.New("no answer within "+askEvery.String()))
	defer cancel()
	in, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+s.Readiness.Path, http.NoBody)
	if err != nil {
		return err
	}
	out := in.Clone(ctx)
	s.Backend.Rewrite(&httputil.ProxyRequest{In: in, Out: out})
	response, err := program.RoundTrip(out)
	if err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // so that the connection is used again
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("GET %s: %s", s.Readiness.Path, response.Status)
	}
	return nil
}
