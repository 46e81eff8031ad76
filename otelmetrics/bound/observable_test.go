package bound

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// observed is what the callbacks of a world observe.
type observed struct {
	values  [3]float64
	asked   int
	failing bool
}

// observe declares observable instruments of all kinds, which one callback serves together with synchronous ones.
func (w *world) observe(t *testing.T, o *observed) metric.Registration {
	t.Helper()
	ints, err1 := w.meter.Int64ObservableCounter("observed.ints", metric.WithUnit("{thing}"))
	floats, err2 := w.meter.Float64ObservableCounter("observed.floats")
	up, err3 := w.meter.Int64ObservableUpDownCounter("observed.up")
	balance, err4 := w.meter.Float64ObservableUpDownCounter("observed.balance")
	size, err5 := w.meter.Int64ObservableGauge("observed.size")
	level, err6 := w.meter.Float64ObservableGauge("observed.level")
	asked, err7 := w.meter.Int64Counter("asked")
	last, err8 := w.meter.Float64Gauge("last")
	sizes, err9 := w.meter.Int64Histogram("sizes")
	a := attribute.String("a", "1")
	boundAsked := bound(asked, a)
	registration, err10 := w.meter.RegisterCallback(func(ctx context.Context, observer metric.Observer) error {
		o.asked++
		// What is measured in a callback belongs to the collection that has called it.
		boundAsked.Add(ctx, 1)
		asked.Add(ctx, 1, metric.WithAttributes(attribute.String("a", "2")))
		last.Record(ctx, float64(o.asked))
		sizes.Record(ctx, int64(o.asked))
		for i, v := range o.values {
			with := metric.WithAttributes(attribute.Int("i", i))
			observer.ObserveInt64(ints, int64(math.Abs(v)), with)
			observer.ObserveFloat64(floats, math.Abs(v), with)
			observer.ObserveInt64(up, int64(v), with)
			observer.ObserveFloat64(balance, v, with)
			observer.ObserveInt64(size, int64(v), with)
			observer.ObserveFloat64(level, v, with)
		}
		if o.failing {
			return errors.New("the callback failed")
		}
		return nil
	}, ints, floats, up, balance, size, level)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10); err != nil {
		t.Fatal(err)
	}
	return registration
}

// TestObservables compares with the SDK what callbacks observe and measure, for readers of both temporalities and for the page,
// also where a view drops attributes, or a callback fails or is taken away.
func TestObservables(t *testing.T) {
	t.Parallel()
	for set, views := range viewSets() {
		for _, limit := range []int{0, 2} {
			if limit > 0 && set == 7 {
				continue
			}
			t.Run(strconv.Itoa(set)+"/limit "+strconv.Itoa(limit), func(t *testing.T) {
				t.Parallel()
				s := setup{views: views, limit: limit, temporality: []sdkmetric.TemporalitySelector{nil}}
				if limit == 0 { // the limit of the SDK begins anew with each interval
					s.temporality = append(s.temporality, allDelta)
				}
				both := newWorlds(t, s)
				seen := []*observed{{}, {}}
				registrations := []metric.Registration{both.ours.observe(t, seen[0]), both.theirs.observe(t, seen[1])}
				r := rand.New(rand.NewPCG(uint64(set), 12))
				for round := range 8 {
					for i := range seen[0].values {
						// One step is small enough to be the same in any order of additions.
						seen[0].values[i] += float64(r.IntN(17)-8) / 4
					}
					// The SDK loses the interval of a collection that fails, see TestFailedCollection.
					seen[0].failing = round == 3 && len(s.temporality) == 1
					seen[1].values, seen[1].failing = seen[0].values, seen[0].failing
					if round == 6 {
						for _, registration := range registrations {
							if err := registration.Unregister(); err != nil {
								t.Fatal(err)
							}
						}
					}
					if seen[0].failing {
						both.compareErrors(t)
						continue
					}
					both.compare(t)
				}
				if seen[0].asked != seen[1].asked || seen[0].asked == 0 {
					t.Errorf("the callback was called %d times, and by the SDK %d times", seen[0].asked, seen[1].asked)
				}
			})
		}
	}
}

// compareErrors compares the collections of all readers, which have errors.
func (w worlds) compareErrors(t *testing.T) {
	t.Helper()
	for r := range w.ours.readers {
		var ours, theirs metricdata.ResourceMetrics
		want, got := w.theirs.readers[r].Collect(t.Context(), &theirs), w.ours.readers[r].Collect(t.Context(), &ours)
		if want == nil || got == nil || want.Error() != got.Error() {
			t.Errorf("reader %d: error %v, and the SDK has %v", r, got, want)
		}
	}
}

// TestFailedCollection keeps the interval of a collection that a callback has made fail, for the next one.
func TestFailedCollection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{allDelta}})
	seen := &observed{failing: true}
	w.observe(t, seen)
	c, _ := w.meter.Int64Counter("c")
	c.Add(t.Context(), 3)
	var rm metricdata.ResourceMetrics
	if err := w.readers[0].Collect(t.Context(), &rm); err == nil {
		t.Error("a collection has no error though its callback failed")
	}
	seen.failing = false
	c.Add(t.Context(), 4)
	expect(t, "the next interval", w.reported(t, 0, "c"), map[string]float64{"": 7})
}

// TestObservableNames compares instruments of one name of which the SDK measures one and this package the other.
func TestObservableNames(t *testing.T) {
	t.Parallel()
	for _, attrs := range [][]attribute.KeyValue{nil, {attribute.String("a", "1")}} {
		both := newWorlds(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
		for _, w := range []*world{both.ours, both.theirs} {
			counter, _ := w.meter.Int64Counter("same")
			counter.Add(t.Context(), 1, metric.WithAttributes(attrs...))
			_, err := w.meter.Int64ObservableCounter("same", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				o.Observe(2)
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		if diff := diff(both.theirs.scrape(t), both.ours.scrape(t)); diff != "" {
			t.Errorf("attributes %v: page (-sdk +bound):\n%s", attrs, diff)
		}
	}
}

// TestPageWithScopes compares the page of an exporter with its defaults: the labels of scopes and the resource are on it. A scope
// that has observable instruments and others comes from the SDK and from here, and is still one.
func TestPageWithScopes(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, sdk := range []bool{false, true} {
		w := &world{registry: prometheus.NewRegistry()}
		exporter, err := otelprom.New(otelprom.WithRegisterer(w.registry), otelprom.WithProducer(NewProducer(nil)))
		if err != nil {
			t.Fatal(err)
		}
		var provider metric.MeterProvider
		if sdk {
			provider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
		} else if provider, err = NewMeterProvider(WithReader(exporter)); err != nil {
			t.Fatal(err)
		}
		for i, options := range scopes() {
			m := provider.Meter("scoped", options...)
			c, _ := m.Int64Counter("counted", metric.WithDescription("d"))
			c.Add(t.Context(), int64(i+1))
			_, err := m.Int64ObservableGauge("observed", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				o.Observe(7)
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		pages = append(pages, w.scrape(t))
	}
	if diff := diff(pages[1], pages[0]); diff != "" || pages[0] == "error" {
		t.Errorf("page (-sdk +bound):\n%s", diff)
	}
}

// TestCallbacksMeasureConcurrently has callbacks measure and finish while readers collect at once: what a callback has measured
// is in the collection that called it, and nothing deadlocks.
func TestCallbacksMeasureConcurrently(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, nil, allDelta}})
	calls, _ := w.meter.Int64Counter("calls")
	passing, _ := w.meter.Int64Counter("passing")
	size, _ := w.meter.Int64ObservableGauge("size")
	var called atomic.Int64
	_, err := w.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		calls.Add(ctx, 1)
		o.ObserveInt64(size, called.Add(1))
		passing.Add(ctx, 1, metric.WithAttributes(attribute.Int64("n", called.Load()%3)))
		finish(t, passing, attribute.Int64("n", called.Load()%3))
		if w.bound.Series() == nil {
			t.Error("no series")
		}
		return nil
	}, size)
	if err != nil {
		t.Fatal(err)
	}
	var collecting sync.WaitGroup
	for reader := range w.readers {
		l := newLedger(w.readers[reader])
		collecting.Go(func() {
			for range 200 {
				before := float64(called.Load())
				l.collect(t)
				if got := l.total("calls"); reader < 2 && got < before+1 {
					t.Errorf("reader %d: %v calls are counted, and %v were made before this one", reader, got, before)
				}
			}
		})
	}
	collecting.Wait()
	if got := w.reported(t, 0, "calls")[""]; got != float64(called.Load()) || got != 601 {
		t.Errorf("%v calls are counted of %d", got, called.Load())
	}
}
