package bound

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// counts are the instruments whose measurements can be counted on every path through a cell: what one measurement adds.
func counts(w *world) map[string]func(context.Context) {
	ints, _ := w.meter.Int64Counter("ints")
	large, _ := w.meter.Int64Counter("large")
	whole, _ := w.meter.Float64Counter("whole")
	fractions, _ := w.meter.Float64Counter("fractions")
	updown, _ := w.meter.Int64UpDownCounter("updown")
	balance, _ := w.meter.Float64UpDownCounter("balance")
	histogram, _ := w.meter.Float64Histogram("histogram")
	rows, _ := w.meter.Int64Histogram("rows")
	native, _ := w.meter.Float64Histogram("native")
	unbound, _ := w.meter.Int64Counter("unbound")
	a := attribute.String("a", "1")
	i, l, f, g, u := bound(ints, a), bound(large, a), bound(whole, a), bound(fractions, a), bound(updown, a)
	b, h, r, n := bound(balance, a), bound(histogram, a), bound(rows, a), bound(native, a)
	option := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(a))}
	return map[string]func(context.Context){
		"ints":      func(ctx context.Context) { i.Add(ctx, 1) },
		"large":     func(ctx context.Context) { l.Add(ctx, small) },
		"whole":     func(ctx context.Context) { f.Add(ctx, 1) },
		"fractions": func(ctx context.Context) { g.Add(ctx, 0.5) },
		"updown":    func(ctx context.Context) { u.Add(ctx, 1) },
		"balance":   func(ctx context.Context) { b.Add(ctx, 0.5) },
		"histogram": func(ctx context.Context) { h.Record(ctx, 1) },
		"rows":      func(ctx context.Context) { r.Record(ctx, 1) },
		"native":    func(ctx context.Context) { n.Record(ctx, 1) },
		"unbound":   func(ctx context.Context) { unbound.Add(ctx, 1, option...) },
	}
}

// counted returns how many measurements a reader has seen of one of the counts.
func (w *world) counted(t *testing.T, name string) int64 {
	t.Helper()
	unit := map[string]float64{"large": small, "fractions": 0.5, "balance": 0.5}[name]
	if unit == 0 {
		unit = 1
	}
	var sum float64
	for _, p := range w.collect(t, 0)["test|"+name+"||"] {
		if p.Count > 0 {
			sum += float64(p.Count)
		} else {
			sum += p.Value / unit
		}
	}
	return int64(sum)
}

// TestNothingReturnedIsMissed has many goroutines measure first in an idle cell, all at once, while collections run. Whatever a
// goroutine has measured when it returns is in the next collection, also while another one still activates the cell.
func TestNothingReturnedIsMissed(t *testing.T) {
	t.Parallel()
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for _, stripes := range []bool{false, true} {
		w := newWorld(t, setup{
			pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil},
			views: []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(160, 8))},
		})
		for name, measure := range counts(w) {
			t.Run(name+"/striped "+strconv.FormatBool(stripes), func(t *testing.T) {
				ctx := t.Context()
				measure(ctx)
				if stripes {
					w.stripe(t, name)
				}
				var returned atomic.Int64
				returned.Store(1)
				for range rounds {
					for range measured + 1 { // until the cell is idle
						w.collect(t, 0)
					}
					var measuring sync.WaitGroup
					for range 8 {
						measuring.Go(func() {
							measure(ctx)
							returned.Add(1)
						})
					}
					for range 4 {
						before := returned.Load()
						if got := w.counted(t, name); got < before {
							t.Errorf("collected %d, and %d have returned", got, before)
						}
					}
					measuring.Wait()
				}
				if got, want := w.counted(t, name), returned.Load(); got != want {
					t.Errorf("got %d at the end, want %d", got, want)
				}
			})
		}
	}
}

// stripe spreads the active cells of a metric over stripes, as contention would.
func (w *world) stripe(t *testing.T, name string) {
	t.Helper()
	for _, st := range w.streams() {
		if st.name != name {
			continue
		}
		for _, c := range st.cells {
			for range patience {
				switch c := c.(type) {
				case *sumCell:
					c.clashed()
				case *histogramCell[float64]:
					c.clashed()
				case *histogramCell[int64]:
					c.clashed()
				case *exponentialCell[float64]:
					c.another().mu.Unlock()
				default:
					t.Fatalf("%T", c)
				}
			}
		}
	}
}

// TestActivationIsAwaited keeps the first measurement of an idle cell in the middle of its activation: no other one may return
// before the cell is active, as the next collection would miss it.
func TestActivationIsAwaited(t *testing.T) {
	t.Parallel()
	for _, stripes := range []bool{false, true} {
		w := newWorld(t, setup{
			pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil},
			views: []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(160, 8))},
		})
		for name, measure := range counts(w) {
			if name == "unbound" && stripes {
				continue // its handle is thrown away when it is idle
			}
			measure(t.Context())
			if stripes {
				w.stripe(t, name)
			}
			for range measured + 1 {
				w.collect(t, 0)
			}
			st := w.streams()[slices.IndexFunc(w.streams(), func(st *stream) bool { return st.name == name })]
			var begun, returned atomic.Int64
			var measuring sync.WaitGroup
			st.mu.Lock()
			for range 4 {
				measuring.Go(func() {
					begun.Add(1)
					measure(t.Context())
					returned.Add(1)
				})
			}
			for deadline := time.Now().Add(time.Minute); begun.Load() < 4 && time.Now().Before(deadline); {
				runtime.Gosched()
			}
			for range 1000 {
				runtime.Gosched() // to whatever could return
			}
			if got := returned.Load(); got != 0 {
				t.Errorf("%s, striped %t: %d measurements have returned, and no collection visits the cell", name, stripes, got)
			}
			st.mu.Unlock()
			measuring.Wait()
			if got := w.counted(t, name); got != 5 {
				t.Errorf("%s, striped %t: collected %d, want 5", name, stripes, got)
			}
		}
	}
}

// TestLastValueIsNotMissed is the same for gauges, which report the last value of all handles.
func TestLastValueIsNotMissed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	instrument, _ := w.meter.Int64Gauge("g")
	first, second := bound(instrument), bound(instrument)
	for i := range int64(200) {
		for range int(i) % (measured + 2) { // in every state of the cell
			w.collect(t, 0)
		}
		first.Record(ctx, i)
		second.Record(ctx, i+1000)
		if i%2 == 0 {
			instrument.Record(ctx, i+2000)
			expect(t, "unbound", w.reported(t, 0, "g"), map[string]float64{"": float64(i + 2000)})
			continue
		}
		expect(t, "bound", w.reported(t, 0, "g"), map[string]float64{"": float64(i + 1000)})
	}
}

// TestGaugesWake records in each state of the cell of a bound gauge, of either number, without another handle that could help.
func TestGaugesWake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{ // without exemplars, which would take another path
		pushOnly: true, filter: exemplar.AlwaysOffFilter, temporality: []sdkmetric.TemporalitySelector{nil, allDelta},
	})
	ints, _ := w.meter.Int64Gauge("ints")
	floats, _ := w.meter.Float64Gauge("floats")
	i, f := bound(ints), bound(floats)
	for round := range 4 * (measured + 2) {
		for range round % (measured + 2) {
			w.collect(t, 0)
		}
		i.Record(t.Context(), int64(round))
		f.Record(t.Context(), float64(round)/2)
		for _, reader := range []int{1, 0} {
			got := w.collect(t, reader)
			ints, floats := got["test|ints||"], got["test|floats||"]
			if len(ints) != 1 || len(floats) != 1 || ints[0].Value != float64(round) || floats[0].Value != float64(round)/2 {
				t.Errorf("round %d, reader %d: got %v", round, reader, got)
			}
		}
	}
}

// TestGaugesOfferEach offers each value of a gauge as an exemplar, and not only the first since a collection.
func TestGaugesOfferEach(t *testing.T) {
	t.Parallel()
	asked := 0
	w := newWorld(t, setup{
		pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}, filter: func(context.Context) bool { asked++; return false },
	})
	ints, _ := w.meter.Int64Gauge("ints")
	floats, _ := w.meter.Float64Gauge("floats")
	i, f := bound(ints), bound(floats)
	for range 100 {
		i.Record(t.Context(), 1)
		f.Record(t.Context(), 1)
	}
	if asked != 200 {
		t.Errorf("the filter was asked for %d of 200 values", asked)
	}
}

// TestStates takes a cell down, a collection at a time, and up by a measurement in each state.
func TestStates(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for collections := range measured + 2 {
		w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{allDelta}})
		counter, _ := w.meter.Int64Counter("c")
		c, _ := bound(counter).(*int64Counter)
		if c.state.Load() != idle || c.whole.Load() != idleBias {
			t.Fatalf("a new cell is in state %d", c.state.Load())
		}
		c.Add(ctx, 1)
		for range collections {
			w.collect(t, 0)
		}
		want := uint32(max(0, measured-collections))
		if got := c.state.Load(); got != want {
			t.Errorf("after %d collections: state %d, want %d", collections, got, want)
		}
		if inIndex := len(w.streams()[0].cells) == 1; inIndex != (want != idle) {
			t.Errorf("after %d collections: collections visit the cell: %t", collections, inIndex)
		}
		c.Add(ctx, 1)
		if got := c.state.Load(); got != measured {
			t.Errorf("measured after %d collections: state %d", collections, got)
		}
		expected := 1.
		if collections == 0 {
			expected = 2
		}
		expect(t, "interval", w.reported(t, 0, "c"), map[string]float64{"": expected})
	}
}

// TestShutdownWhileMeasuring ends the provider in the middle of measurements and collections.
func TestShutdownWhileMeasuring(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	var working sync.WaitGroup
	for _, measure := range counts(w) {
		working.Go(func() {
			for range 500 {
				measure(ctx)
			}
		})
	}
	for _, reader := range w.readers {
		working.Go(func() {
			for {
				var rm metricdata.ResourceMetrics
				if reader.Collect(ctx, &rm) != nil {
					return
				}
			}
		})
	}
	if err := w.bound.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	working.Wait()
}
