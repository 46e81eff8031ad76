package bound

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// TestSeveralStreams binds, primes and measures what two views report under two names, in every kind of instrument.
func TestSeveralStreams(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	named := func(suffix string) sdkmetric.View {
		return func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
			return sdkmetric.Stream{Name: i.Name + suffix}, true
		}
	}
	s := setup{pushOnly: true, views: []sdkmetric.View{named(".a"), named(".b")}, temporality: []sdkmetric.TemporalitySelector{nil}}
	ours := newWorld(t, s)
	s.sdk = true
	theirs := newWorld(t, s)
	for i, spec := range instrumentSpecs() {
		spec.name += strconv.Itoa(i) // each its own
		for _, w := range []*world{ours, theirs} {
			measure := w.declareIn(w.meter, spec)(attribute.String("k", "v"))
			measure(ctx, 3)
			measure(ctx, 2, attribute.String("more", "w"))
		}
	}
	if diff := diff(theirs.collect(t, 0), ours.collect(t, 0)); diff != "" {
		t.Errorf("(-sdk +bound):\n%s", diff)
	}
	primed, _ := ours.meter.Int64Counter("primed")
	histogram, _ := ours.meter.Float64Histogram("primed.histogram")
	Prime(bound(primed, attribute.String("k", "v")))
	Prime(bound(histogram))
	Prime("not an instrument")
	for _, name := range []string{"primed.a", "primed.b"} {
		expect(t, name, ours.reported(t, 0, name), map[string]float64{"k=v": 0})
	}
	for _, name := range []string{"primed.histogram.a", "primed.histogram.b"} {
		expect(t, name, ours.reported(t, 0, name), map[string]float64{"": 0})
	}
	if !primed.Enabled(ctx) || !histogram.Enabled(ctx) {
		t.Error("an instrument of two streams is not enabled")
	}
}

// TestAlike makes the instruments of one meter share series, and keeps those of others apart.
func TestAlike(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	if w.provider.Meter("test") != w.meter || w.scope(1) != w.scope(1) {
		t.Error("a scope has two meters")
	}
	if w.scope(1) == w.scope(2) {
		t.Error("two scopes have one meter")
	}
	var measuring sync.WaitGroup
	for range 8 {
		measuring.Go(func() {
			for range 100 {
				c, _ := w.provider.Meter("test").Int64Counter("c")
				c.Add(ctx, 1, metric.WithAttributes(attribute.String("a", "1")))
				other, _ := w.scope(1).Int64Counter("c")
				other.Add(ctx, 2, metric.WithAttributes(attribute.String("a", "1")))
			}
		})
	}
	measuring.Wait()
	points := w.collect(t, 0)
	expect(t, "one scope", points["test|c||"][0].Value, 800.)
	expect(t, "the other", points["other1https://example.com/schema|c||"][0].Value, 1600.)
}

// TestDroppedAttributesOfOneMeasurement become those of its exemplar, also where the instrument is not bound to them.
func TestDroppedAttributesOfOneMeasurement(t *testing.T) {
	t.Parallel()
	s := setup{
		views: viewSets()[2], filter: exemplar.AlwaysOnFilter, pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil},
	}
	ours := newWorld(t, s)
	s.sdk = true
	theirs := newWorld(t, s)
	for _, w := range []*world{ours, theirs} {
		for _, spec := range instrumentSpecs()[:8] {
			w.declare(spec)()(context.Background(), 1, attribute.String("a", "kept"), attribute.String("user", "u1"))
		}
	}
	want := theirs.collect(t, 0)
	if diff := diff(want, ours.collect(t, 0)); diff != "" {
		t.Errorf("(-sdk +bound):\n%s", diff)
	}
	for name, points := range want {
		if len(points) != 1 || len(points[0].Exemplars) != 1 || points[0].Exemplars[0].Filtered != "user=u1" {
			t.Errorf("%s: the SDK has %v", name, points)
		}
	}
}

// TestBoundAttributesAreOverridden by those of a measurement, and these by later ones.
func TestBoundAttributesAreOverridden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	c, _ := w.meter.Int64Counter("c")
	h := bound(bound(c, attribute.String("a", "1"), attribute.String("b", "1")), attribute.String("b", "2"))
	h.Add(t.Context(), 1)
	h.Add(t.Context(), 10, metric.WithAttributes(attribute.String("a", "2")), metric.WithAttributes(attribute.String("a", "3")))
	h.Add(t.Context(), 100, metric.WithAttributes())
	h.Add(t.Context(), 1000, metric.WithAttributes(attribute.String("a", "2")),
		unsafeAttributes{kvs: []attribute.KeyValue{attribute.String("a", "4")}})
	expect(t, "counted", w.reported(t, 0, "c"), map[string]float64{"a=1,b=2": 101, "a=3,b=2": 10, "a=4,b=2": 1000})
}
