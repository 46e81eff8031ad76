package bound

import (
	"context"
	"fmt"
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

// ticking is a clock that moves by a nanosecond whenever it is read, so that no two lives of a series begin at the same time.
func ticking() func() time.Time {
	c := newClock()
	return func() time.Time {
		c.add(1)
		return c.now()
	}
}

// TestChurn measures, finishes and collects all at once: readers of totals and of intervals each add up to what was measured,
// however often series end and begin anew under a limit, and whichever way they are measured.
func TestChurn(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 3} {
		t.Run("limit "+strconv.Itoa(limit), func(t *testing.T) {
			t.Parallel()
			const workers, rounds = 4, 1500
			ctx := t.Context()
			w := newWorld(t, setup{
				pushOnly: true, limit: limit, temporality: []sdkmetric.TemporalitySelector{nil, allDelta, nil},
				views:   []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(20, 8))},
				options: []Option{WithClock(ticking())},
			})
			ints, _ := w.meter.Int64Counter("ints")
			floats, _ := w.meter.Float64Counter("floats")
			histogram, _ := w.meter.Float64Histogram("histogram")
			native, _ := w.meter.Float64Histogram("native")
			instruments := []any{ints, floats, histogram, native}
			var measuring, collecting sync.WaitGroup
			for worker := range workers {
				measuring.Go(func() {
					attrs := attribute.Int("of", worker%3)
					with := metric.WithAttributeSet(attribute.NewSet(attrs))
					i, f, h, n := bound(ints, attrs), bound(floats, attrs), bound(histogram, attrs), bound(native, attrs)
					for round := range rounds {
						i.Add(ctx, 1)
						ints.Add(ctx, 2*small, with) // by another path of the cell
						f.Add(ctx, 0.5)
						floats.Add(ctx, 1, with)
						h.Record(ctx, 1)
						histogram.Record(ctx, 1, with)
						n.Record(ctx, 1)
						native.Record(ctx, 1, with)
						if round%7 == worker {
							finish(t, instruments[round%len(instruments)], attrs)
						}
					}
				})
			}
			var done atomic.Bool
			var ledgers []*ledger
			for _, r := range w.readers {
				l := newLedger(r)
				ledgers = append(ledgers, l)
				collecting.Go(func() {
					for !done.Load() {
						l.collect(t)
					}
				})
			}
			measuring.Wait()
			done.Store(true)
			collecting.Wait()
			const n = workers * rounds
			for i, l := range ledgers {
				l.collect(t)
				for name, want := range map[string]float64{
					"ints": n * (1 + 2*small), "floats": n * 1.5, "histogram": 2 * n, "native exponential": 2 * n,
				} {
					if got := l.total(name); got != want {
						t.Errorf("reader %d: %s = %v, want %v", i, name, got, want)
					}
				}
			}
		})
	}
}

// TestExemplarsOfManyAtOnce has many goroutines measure with spans of their own while readers collect. Each exemplar is one of
// the measurements: its value, trace and span belong together.
func TestExemplarsOfManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{
		pushOnly: true, limit: 3, filter: exemplar.AlwaysOnFilter, temporality: []sdkmetric.TemporalitySelector{nil, allDelta},
	})
	counter, _ := w.meter.Int64Counter("counter")
	floats, _ := w.meter.Float64Counter("floats")
	gauge, _ := w.meter.Int64Gauge("gauge")
	histogram, _ := w.meter.Float64Histogram("histogram")
	var measuring, collecting sync.WaitGroup
	for worker := range byte(6) {
		measuring.Go(func() {
			ctx := sampledContext(worker) // its trace and its span begin with the number after that of the worker
			with := metric.WithAttributes(attribute.Int("worker", int(worker)))
			for range 400 {
				counter.Add(ctx, int64(worker)+1, with)
				floats.Add(ctx, float64(worker)+1.5, with)
				gauge.Record(ctx, int64(worker)+1, with)
				histogram.Record(ctx, float64(worker)+1, with)
			}
		})
	}
	var done atomic.Bool
	var found [2]int
	check := func(t *testing.T, reader int) {
		t.Helper()
		for name, points := range w.collect(t, reader) {
			if len(points) > 3 {
				t.Errorf("%s: %d series, at most 3 are allowed", name, len(points))
			}
			for _, p := range points {
				for _, e := range p.Exemplars {
					found[reader]++
					if value := int(e.Value); e.Trace[0] != byte(value) || e.Parent[0] != byte(value) {
						t.Errorf("%s: the value %v has the trace %x and the span %x", name, e.Value, e.Trace, e.Parent)
					}
				}
			}
		}
	}
	for reader := range 2 {
		collecting.Go(func() {
			for !done.Load() {
				check(t, reader)
			}
		})
	}
	measuring.Wait()
	done.Store(true)
	collecting.Wait()
	for reader := range 2 {
		counter.Add(sampledContext(4), 5)
		check(t, reader)
		if found[reader] == 0 {
			t.Errorf("reader %d: no exemplars", reader)
		}
	}
}

// TestClockSetBack forgets nothing and loses nothing when the clock is set back, and goes on as before when it has caught up.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	w, c, forgotten := aging(t, 0, nil, allDelta)
	counter, _ := w.meter.Int64Counter("c")
	counter.Add(t.Context(), 1)
	w.collect(t, 0)
	c.add(-time.Hour)
	counter.Add(t.Context(), 2)
	expect(t, "total", w.reported(t, 0, "c"), map[string]float64{"": 3})
	expect(t, "interval", w.reported(t, 1, "c"), map[string]float64{"": 3})
	c.add(59 * time.Second)
	w.collect(t, 0)
	expect(t, "forgotten too early", *forgotten, []string(nil))
	c.add(time.Second)
	w.collect(t, 0)
	expect(t, "forgotten a minute after the last measurement", *forgotten, []string{"c{}"})
}

// TestEnds calls ForceFlush and Shutdown in every order, also twice, and compares the errors and the number of exports with the
// SDK's. Whatever their order is, an instrument stays safe to use.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"f", "s", "ff", "fs", "sf", "ss", "ffs", "fsf", "fss", "sfs", "ssf", "sss"} {
		var errs [2][]string
		var exports [2]int
		for i, sdk := range []bool{false, true} {
			e := &exporter{temporality: sdkmetric.DeltaTemporalitySelector}
			reader := sdkmetric.NewPeriodicReader(e, sdkmetric.WithInterval(time.Hour), sdkmetric.WithProducer(NewProducer(e.Temporality)))
			p := newEnder(t, sdk, reader)
			c, _ := p.Meter("test").Int64Counter("c")
			for _, step := range order {
				c.Add(t.Context(), 1)
				end := p.ForceFlush
				if step == 's' {
					end = p.Shutdown
				}
				err := end(t.Context())
				errs[i] = append(errs[i], fmt.Sprint(err))
			}
			exports[i] = len(e.exported)
			_ = p.Shutdown(t.Context()) // for the order without one
			c.Add(t.Context(), 1)
			if late, err := p.Meter("late").Int64Counter("c"); err != nil || late.Enabled(t.Context()) {
				t.Errorf("order %s: a counter made after the end: enabled %t, error %v", order, late.Enabled(t.Context()), err)
			}
		}
		expect(t, "errors of order "+order, errs[0], errs[1])
		expect(t, "exports of order "+order, exports[0], exports[1])
	}
}

// ender is a provider that can be flushed and ended.
type ender interface {
	metric.MeterProvider
	ForceFlush(ctx context.Context) error
	Shutdown(ctx context.Context) error
}

// newEnder returns a provider of the SDK or of this package.
func newEnder(t *testing.T, sdk bool, reader sdkmetric.Reader) ender {
	t.Helper()
	if sdk {
		return sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	}
	p, err := NewMeterProvider(WithReader(reader))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestProducerOfADoneContext takes nothing from the intervals: nobody would receive it.
func TestProducerOfADoneContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{allDelta}})
	counter, _ := w.meter.Int64Counter("c")
	counter.Add(t.Context(), 3)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	var rm metricdata.ResourceMetrics
	if err := w.readers[0].Collect(done, &rm); err == nil {
		t.Error("a collection for nobody has no error")
	}
	counter.Add(t.Context(), 4)
	expect(t, "the interval", w.reported(t, 0, "c"), map[string]float64{"": 7})
}
