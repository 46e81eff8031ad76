package bound

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func finish(t *testing.T, instrument any, attrs ...attribute.KeyValue) {
	t.Helper()
	f, ok := instrument.(Finisher)
	if !ok {
		t.Fatalf("%T is no Finisher", instrument)
	}
	f.Finish(t.Context(), attrs...)
}

// TestFinish has each reader report a finished series once more. A measurement before that revives it, a later one begins it
// anew.
func TestFinish(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, forgotten := aging(t, 0, nil, nil, allDelta)
	counter, _ := w.meter.Int64Counter("c")
	a, b := attribute.String("a", "1"), attribute.String("b", "2")
	h := bound(counter, a)
	start := func() time.Time {
		t.Helper()
		var rm metricdata.ResourceMetrics
		if err := w.readers[0].Collect(ctx, &rm); err != nil {
			t.Fatal(err)
		}
		sum, _ := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
		return sum.DataPoints[0].StartTime
	}
	one, none := func(v float64) map[string]float64 { return map[string]float64{"a=1": v} }, map[string]float64{}

	h.Add(ctx, 2)
	born := start()
	h.Add(ctx, 3) // not yet collected
	finish(t, counter, a)
	finish(t, counter, a)
	c.add(time.Second)
	w.scrape(t)
	expect(t, "once more", w.reported(t, 0, "c"), one(5))
	expect(t, "and no longer", w.reported(t, 0, "c"), none)
	expect(t, "the other reader", w.reported(t, 1, "c"), one(5))
	expect(t, "not forgotten", *forgotten, []string(nil))
	expect(t, "the interval", w.reported(t, 2, "c"), one(5))
	expect(t, "forgotten", *forgotten, []string{"c{a=1}"})

	h.Add(ctx, 1)
	expect(t, "anew", w.reported(t, 0, "c"), one(1))
	if got := start(); !got.Equal(c.now()) || got.Equal(born) {
		t.Errorf("the series began at %v, want %v", got, c.now())
	}
	expect(t, "anew for the interval", w.reported(t, 2, "c"), one(1))

	born = start()
	c.add(time.Second)
	finish(t, h)
	h.Add(ctx, 1)
	w.scrape(t)
	for range 3 {
		expect(t, "revived", w.reported(t, 0, "c"), one(2))
		expect(t, "revived", w.reported(t, 1, "c"), one(2))
	}
	expect(t, "revived", w.reported(t, 2, "c"), one(1))
	if got := start(); !got.Equal(born) {
		t.Errorf("the revived series began at %v, want %v", got, born)
	}
	finish(t, counter)       // the series without attributes, of which there is none
	finish(t, counter, a, b) // nor is there this one
	expect(t, "another series", w.reported(t, 0, "c"), one(2))
	expect(t, "forgotten", *forgotten, []string{"c{a=1}"})
}

// TestFinishAllKinds ends series of every instrument, also of several streams, and of attributes that a view drops.
func TestFinishAllKinds(t *testing.T) {
	t.Parallel()
	for set, views := range map[string][]sdkmetric.View{"plain": nil, "several": viewSets()[4], "filtered": viewSets()[2]} {
		w := newWorld(t, setup{views: views, pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
		for _, spec := range instrumentSpecs() {
			w.declare(spec)(attribute.String("a", "1"))(context.Background(), 1)
		}
		ints, _ := w.meter.Int64Counter("requests", metric.WithDescription("d"), metric.WithUnit("{request}"))
		levels, _ := w.meter.Float64Gauge("level", metric.WithDescription("d"))
		durations, _ := w.meter.Float64Histogram("duration", metric.WithDescription("d"), metric.WithUnit("s"))
		before := len(w.collect(t, 0))
		for _, i := range []any{ints, levels, durations} {
			finish(t, i, attribute.String("a", "1"))
		}
		if got := len(w.collect(t, 0)); got != before {
			t.Errorf("%s: got %d metrics in the last report, want %d", set, got, before)
		}
		if got := w.collect(t, 0); len(got) >= before || len(got["test|level|d|"]) != 0 {
			t.Errorf("%s: finished series are still reported: %v", set, got)
		}
	}
}

// TestFinishByDroppedAttributes ends the series that remains when the view has dropped some of the attributes.
func TestFinishByDroppedAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{views: viewSets()[2], pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	a, user := attribute.String("a", "1"), attribute.String("user", "u1")
	counter.Add(t.Context(), 2, metric.WithAttributes(a, user))
	finish(t, counter, a, attribute.String("user", "another"))
	expect(t, "the last time", w.reported(t, 0, "c"), map[string]float64{"a=1": 2})
	expect(t, "afterwards", w.reported(t, 0, "c"), map[string]float64{})
}

// TestFinishOverflow does not end the series that all share, nor one whose measurements went there.
func TestFinishOverflow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{limit: 2, temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	for i := range 3 {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.Int("i", i)))
	}
	finish(t, counter, attribute.Int("i", 2))
	finish(t, counter, attribute.Bool("otel.metric.overflow", true))
	for range 3 {
		expect(t, "overflow", w.reported(t, 0, "c"), map[string]float64{"i=0": 1, "otel.metric.overflow=true": 2})
	}
	finish(t, counter, attribute.Int("i", 0))
	w.scrape(t)
	w.collect(t, 0)
	counter.Add(ctx, 1, metric.WithAttributes(attribute.Int("i", 2)))
	expect(t, "room", w.reported(t, 0, "c"), map[string]float64{"i=2": 1, "otel.metric.overflow=true": 2})
}

// TestFinishConcurrentSafe finishes while others measure and collect: nothing is lost.
func TestFinishConcurrentSafe(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{allDelta}})
	counter, _ := w.meter.Int64Counter("c")
	histogram, _ := w.meter.Float64Histogram("h")
	l := newLedger(w.readers[0])
	var measuring sync.WaitGroup
	for worker := range 4 {
		measuring.Go(func() {
			attr := attribute.Int("w", worker%2)
			h := bound(counter, attr)
			for i := range 3000 {
				h.Add(ctx, 1)
				counter.Add(ctx, 1, metric.WithAttributes(attr))
				histogram.Record(ctx, 1, metric.WithAttributes(attr))
				if i%50 == worker {
					finish(t, counter, attr)
					finish(t, histogram, attr)
				}
				if worker == 0 && i%20 == 0 {
					l.collect(t)
				}
			}
		})
	}
	measuring.Wait()
	l.collect(t)
	if got := l.total("c"); got != 24_000 {
		t.Errorf("counter: got %v, want 24000", got)
	}
	if got := l.total("h"); got != 12_000 {
		t.Errorf("histogram: got %v, want 12000", got)
	}
}
