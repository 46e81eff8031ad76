package load

import (
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

// tally counts results. It is safe for concurrent use.
type tally struct {
	start time.Time

	mu       sync.Mutex
	inFlight int64
	warmup   int64
	reached  bool // something could be sent
	unsent   int
	lastErr  error // of what could not be sent

	counts                           Counts
	statuses, errors                 map[string]int64
	types                            map[string]*typeTally
	all, succeeded, hits, firstEvent *latencies
}

type typeTally struct {
	requests, succeeded int64
	latency             *latencies
}

func newTally(start time.Time) *tally {
	return &tally{
		start: start, statuses: make(map[string]int64), errors: make(map[string]int64), types: make(map[string]*typeTally),
		all: newLatencies(), succeeded: newLatencies(), hits: newLatencies(), firstEvent: newLatencies(),
	}
}

func (t *tally) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight++
}

func (t *tally) drop(warmup bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !warmup {
		t.counts.Dropped++
	}
}

// end returns how many requests could not be sent, 0 once one could.
func (t *tally) end(r result, warmup bool) (unsent int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
	switch {
	case r.sent:
		t.reached, t.unsent = true, 0
	case !t.reached:
		t.unsent++
		t.lastErr = r.err
	}
	if warmup {
		t.warmup++
	} else {
		t.count(r)
	}
	return t.unsent
}

func (t *tally) count(r result) {
	t.counts.add(r)
	if r.status != 0 {
		t.statuses[strconv.Itoa(r.status)]++
	}
	kind := t.kind(r.request.kind)
	kind.requests++
	kind.latency.record(r.latency)
	t.all.record(r.latency)
	if r.failure == "" {
		kind.succeeded++
		t.succeeded.record(r.latency)
	} else {
		t.errors[r.failure]++
	}
	if r.cache == cacheHit {
		t.hits.record(r.latency)
	}
	if r.firstEvent > 0 {
		t.firstEvent.record(r.firstEvent)
	}
}

func (t *tally) kind(name string) *typeTally {
	if t.types[name] == nil {
		t.types[name] = &typeTally{latency: newLatencies()}
	}
	return t.types[name]
}

// unreachable returns an error if nothing could be sent though it was tried.
func (t *tally) unreachable(url string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reached || t.unsent == 0 {
		return nil
	}
	return &UnreachableError{URL: redact.URL(url), Err: t.lastErr}
}

func (g *generator) summary(sent, end time.Time, interrupted bool) Summary {
	t := g.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	measured := max(0, sent.Sub(t.start)-g.Warmup)
	s := Summary{
		URL: redact.URL(g.URL), Seed: g.Seed, Rate: g.Rate, Concurrency: g.Concurrency, Interrupted: interrupted,
		DurationSeconds: measured.Seconds(), WaitSeconds: end.Sub(sent).Seconds(),
		WarmupRequests: t.warmup, Counts: t.counts,
		StatusCodes: maps.Clone(t.statuses), Errors: maps.Clone(t.errors),
		PredictionTypes: make(map[string]TypeSummary, len(t.types)),
		Latency:         LatencySummary{All: t.all.distribution(), Succeeded: t.succeeded.distribution(), CacheHits: t.hits.distribution()},
		FirstEvent:      t.firstEvent.distribution(),
	}
	if measured > 0 {
		s.RequestsPerSecond = float64(s.Requests) / measured.Seconds()
	}
	for name, kind := range t.types {
		s.PredictionTypes[name] = TypeSummary{
			Requests: kind.requests, Succeeded: kind.succeeded, Failed: kind.requests - kind.succeeded,
			Latency: kind.latency.distribution(),
		}
	}
	if meant := s.Requests - s.Provoked; meant > 0 {
		ratio := float64(s.Succeeded-s.provokedSucceeded) / float64(meant)
		s.SuccessRatio = &ratio
	}
	return s
}

func (g *generator) progress(now time.Time) Progress {
	t := g.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	return Progress{
		Elapsed: now.Sub(t.start), Counts: t.counts, InFlight: t.inFlight, WarmupRequests: t.warmup,
		P50: t.all.quantile(50), P99: t.all.quantile(99),
	}
}
