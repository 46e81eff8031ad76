package bound

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// endings are the instruments of a service with requests in progress.
type endings struct {
	active            metric.Int64UpDownCounter
	succeeded, failed metric.Int64Counter
}

func newEndings(w *world) endings {
	active, _ := w.meter.Int64UpDownCounter("active")
	ended, _ := w.meter.Int64Counter("ended")
	e := endings{active: bound(active)}
	e.succeeded = Ending(bound(ended, attribute.String("status", "success")), e.active)
	e.failed = Ending(bound(ended, attribute.String("status", "failure")), e.active)
	return e
}

// started returns what a reader says has started: what has ended, plus what is active, which is not negative.
func (w *world) started(t *testing.T, reader int) float64 {
	t.Helper()
	points := w.collect(t, reader)
	var sum float64
	for _, p := range points["test|ended||"] {
		sum += p.Value
	}
	for _, p := range points["test|active||"] {
		if p.Value < 0 {
			t.Errorf("reader %d: active is %v", reader, p.Value)
		}
		sum += p.Value
	}
	return sum
}

// TestEndingAgrees has requests start and end while four readers collect: in every collection started = ended + active, and
// nothing that has started before the collection is missing.
func TestEndingAgrees(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{pushOnly: true, filter: exemplar.AlwaysOnFilter, temporality: []sdkmetric.TemporalitySelector{nil, nil, nil, nil}})
	e := newEndings(w)
	var begun, started atomic.Int64
	var measuring, collecting sync.WaitGroup
	var done atomic.Bool
	for worker := range 4 {
		measuring.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 4000 {
				begun.Add(1)
				e.active.Add(ctx, 1)
				started.Add(1)
				if r.IntN(3) == 0 {
					e.failed.Add(ctx, 1)
				} else {
					e.succeeded.Add(ctx, 1)
				}
			}
		})
	}
	for reader := range 4 {
		collecting.Go(func() {
			for !done.Load() {
				before := started.Load()
				got := w.started(t, reader)
				if after := begun.Load(); got < float64(before) || got > float64(after) {
					t.Errorf("reader %d: %v have started, want %d to %d", reader, got, before, after)
				}
			}
		})
	}
	measuring.Wait()
	done.Store(true)
	collecting.Wait()
	for reader := range 4 {
		if got := w.started(t, reader); got != 16_000 {
			t.Errorf("reader %d: %v have started, want 16000", reader, got)
		}
		if got := w.reported(t, reader, "active"); got[""] != 0 {
			t.Errorf("reader %d: active %v at rest", reader, got)
		}
	}
}

// TestEndingIdle ends what has been active for so long that its cells are idle, in every order of collections.
func TestEndingIdle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, _ := aging(t, 0, nil, allDelta)
	e := newEndings(w)
	e.active.Add(ctx, 3)
	var active float64
	for round := range 3 {
		for range 6 {
			expect(t, "active", w.reported(t, 0, "active"), map[string]float64{"": float64(3 - round)})
			active += w.reported(t, 1, "active")[""]
			c.add(time.Minute)
		}
		e.succeeded.Add(ctx, 1)
		expect(t, "ended", w.reported(t, 0, "ended"), map[string]float64{"status=success": 1}) // the last one was forgotten
	}
	active += w.reported(t, 1, "active")[""]
	if active != 0 {
		t.Errorf("the intervals of what is active add up to %v", active)
	}
}

// TestEndingExemplars keeps them with what has ended.
func TestEndingExemplars(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	e := newEndings(w)
	e.active.Add(context.Background(), 1)
	e.succeeded.Add(sampledContext(1), 1)
	points := w.collect(t, 0)
	if got := points["test|ended||"]; len(got) != 1 || len(got[0].Exemplars) != 1 {
		t.Errorf("want an exemplar of what has ended: %v", got)
	}
}

// TestEndingElsewhere measures one after the other what is not of one provider, and binds, primes and adds attributes.
func TestEndingElsewhere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, s := range map[string]setup{
		"sdk":     {temporality: []sdkmetric.TemporalitySelector{nil}, sdk: true},
		"ours":    {temporality: []sdkmetric.TemporalitySelector{nil}},
		"several": {temporality: []sdkmetric.TemporalitySelector{nil}, views: viewSets()[4]},
	} {
		w := newWorld(t, s)
		active, _ := w.meter.Int64UpDownCounter("active")
		ended, _ := w.meter.Int64Counter("ended")
		ending := Ending(BindInt64Counter(ended), BindInt64UpDownCounter(active))
		ending = BindInt64Counter(ending, attribute.String("b", "1"))
		Prime(ending)
		active.Add(ctx, 5)
		ending.Add(ctx, 1)
		ending.Add(ctx, 1, metric.WithAttributes(attribute.String("c", "2")))
		if !ending.Enabled(ctx) {
			t.Errorf("%s: not enabled", name)
		}
		points := w.collect(t, 0)
		var left, gone float64
		for _, p := range points["test|active||"] {
			left += p.Value
		}
		for _, p := range points["test|ended||"] {
			gone += p.Value
		}
		if left != 3 || gone != 2 {
			t.Errorf("%s: active %v and ended %v, want 3 and 2", name, left, gone)
		}
	}
}

// TestEndingOfTwo takes what a counter counts from two up-down counters, however the three are measured.
func TestEndingOfTwo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, s := range map[string]setup{
		"ours": {temporality: []sdkmetric.TemporalitySelector{nil}}, "sdk": {temporality: []sdkmetric.TemporalitySelector{nil}, sdk: true},
	} {
		w := newWorld(t, s)
		ended, _ := w.meter.Int64Counter("ended")
		requests, _ := w.meter.Int64UpDownCounter("requests")
		connections, _ := w.meter.Int64UpDownCounter("connections")
		requests.Add(ctx, 7)
		connections.Add(ctx, 7)
		ending := Ending(Ending(bound(ended), requests), connections)
		ending.Add(ctx, 2)
		bound(ending, attribute.String("a", "1")).Add(ctx, 1)
		expect(t, name+", requests", w.reported(t, 0, "requests"), map[string]float64{"": 4})
		expect(t, name+", connections", w.reported(t, 0, "connections"), map[string]float64{"": 4})
		expect(t, name+", ended", w.reported(t, 0, "ended"), map[string]float64{"": 2, "a=1": 1})
	}
}

// TestEndingOfBoth takes what a counter of this package counts from an up-down counter of the SDK, and the other way round.
func TestEndingOfBoth(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	for _, w := range [][2]*world{{both.ours, both.theirs}, {both.theirs, both.ours}} {
		ended, _ := w[0].meter.Int64Counter("ended")
		active, _ := w[1].meter.Int64UpDownCounter("active")
		active.Add(t.Context(), 3)
		Ending(ended, active).Add(t.Context(), 2)
		expect(t, "ended", w[0].reported(t, 0, "ended"), map[string]float64{"": 2})
		expect(t, "active", w[1].reported(t, 0, "active"), map[string]float64{"": 1})
	}
}
