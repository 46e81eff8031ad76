package bound

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func idleAfter(timeout time.Duration) Option {
	return WithIdleTimeout(func(sdkmetric.Instrument) time.Duration { return timeout })
}

// aging is a world whose series are retired after a minute.
func aging(t *testing.T, limit int, temporality ...sdkmetric.TemporalitySelector) (*world, *clock, *[]string) {
	t.Helper()
	c, retired := newClock(), new([]string)
	native := sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(160, 8))
	w := newWorld(t, setup{limit: limit, temporality: temporality, views: []sdkmetric.View{native}, options: []Option{
		WithClock(c.now), idleAfter(time.Minute), WithOnForget(func(series []Series) {
			for _, s := range series {
				*retired = append(*retired, s.Metric+"{"+s.Attributes.Encoded(attribute.DefaultEncoder())+"}")
			}
		}),
	}})
	return w, c, retired
}

// reported returns the values of a metric by attributes.
func (w *world) reported(t *testing.T, reader int, name string) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, p := range w.collect(t, reader)["test|"+name+"||"] {
		out[p.Attributes] = p.Value
		if p.Bounds != nil || strings.HasPrefix(p.Kind, "exponential") {
			out[p.Attributes] = float64(p.Count)
		}
	}
	return out
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRetire(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, retired := aging(t, 0, nil)
	counter, _ := w.meter.Int64Counter("c")
	idle, busy := bound(counter, attribute.String("a", "idle")), bound(counter, attribute.String("a", "busy"))
	idle.Add(ctx, 3)
	busy.Add(ctx, 1)
	expect(t, "at first", w.reported(t, 0, "c"), map[string]float64{"a=idle": 3, "a=busy": 1})

	c.add(40 * time.Second)
	busy.Add(ctx, 1)
	expect(t, "within the timeout", w.reported(t, 0, "c"), map[string]float64{"a=idle": 3, "a=busy": 2})
	c.add(20 * time.Second)
	expect(t, "at the timeout", w.reported(t, 0, "c"), map[string]float64{"a=idle": 3, "a=busy": 2})
	expect(t, "retired", *retired, []string{"c{a=idle}"})
	expect(t, "afterwards", w.reported(t, 0, "c"), map[string]float64{"a=busy": 2})

	c.add(time.Second)
	idle.Add(ctx, 5)
	expect(t, "revived", w.reported(t, 0, "c"), map[string]float64{"a=idle": 5, "a=busy": 2})
	var rm metricdata.ResourceMetrics
	if err := w.readers[0].Collect(ctx, &rm); err != nil {
		t.Fatal(err)
	}
	sum, _ := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	for _, p := range sum.DataPoints {
		born := p.StartTime.Equal(c.now())
		if revived := p.Value == 5; revived != born {
			t.Errorf("start of %v: %v at %v", p.Value, p.StartTime, c.now())
		}
	}
}

func TestRetireHandlesOfAllKinds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, retired := aging(t, 0, nil)
	floats, _ := w.meter.Float64Counter("floats")
	gauge, _ := w.meter.Int64Gauge("gauge")
	histogram, _ := w.meter.Float64Histogram("histogram")
	native, _ := w.meter.Float64Histogram("native")
	active, _ := w.meter.Int64UpDownCounter("active")
	f, g, h, e, up := bound(floats), bound(gauge), bound(histogram), bound(native), bound(active)
	g2 := bound(gauge)
	measure := func(n float64) {
		f.Add(ctx, n+.5)
		g.Record(ctx, 7)
		g2.Record(ctx, int64(n))
		h.Record(ctx, n)
		e.Record(ctx, n)
		up.Add(ctx, 1)
	}
	all := func() []map[string]float64 {
		var out []map[string]float64
		for _, name := range []string{"floats", "gauge", "histogram", "native", "active"} {
			out = append(out, w.reported(t, 0, name))
		}
		return out
	}
	value := func(v float64) map[string]float64 { return map[string]float64{"": v} }
	measure(1)
	expect(t, "at first", all(), []map[string]float64{value(1.5), value(1), value(1), value(1), value(1)})
	c.add(time.Minute)
	all()
	expect(t, "retired", *retired, []string{"floats{}", "gauge{}", "histogram{}", "native{}"})
	expect(t, "afterwards", all(), []map[string]float64{nil, nil, nil, nil, value(1)})
	measure(4)
	expect(t, "revived", all(), []map[string]float64{value(4.5), value(4), value(1), value(1), value(2)})
	up.Add(ctx, -2)
	all()
	c.add(time.Minute)
	all()
	expect(t, "at zero", (*retired)[4:], []string{"floats{}", "gauge{}", "histogram{}", "native{}", "active{}"})
}

// TestRetireAtOnce needs no collections in between.
func TestRetireAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, retired := aging(t, 0, nil)
	counter, _ := w.meter.Int64Counter("c")
	handle := bound(counter)
	handle.Add(ctx, 1)
	w.collect(t, 0)
	c.add(time.Minute)
	w.collect(t, 0)
	expect(t, "retired", *retired, []string{"c{}"})
	handle.Add(ctx, 1)
	c.add(time.Minute)
	expect(t, "measured since", w.reported(t, 0, "c"), map[string]float64{"": 1})
	expect(t, "retired", *retired, []string{"c{}"})
}

// TestRetireWaitsForReaders keeps a series until the readers that still collect have seen its last value.
func TestRetireWaitsForReaders(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, c, retired := aging(t, 0, nil, allDelta)
	counter, _ := w.meter.Int64Counter("c")
	handle := bound(counter)
	handle.Add(ctx, 1)
	w.collect(t, 0)
	w.collect(t, 1)
	handle.Add(ctx, 1)
	w.collect(t, 0) // the other reader has not seen the second
	c.add(59 * time.Second)
	w.collect(t, 0)
	c.add(time.Second)
	// It last collected a minute ago, so it has gone away.
	w.collect(t, 0)
	expect(t, "retired without the reader that went away", *retired, []string{"c{}"})

	handle.Add(ctx, 1)
	w.collect(t, 0)
	c.add(30 * time.Second)
	w.collect(t, 0)
	handle.Add(ctx, 1)
	w.collect(t, 1)
	handle.Add(ctx, 1)
	w.collect(t, 0)
	c.add(50 * time.Second)
	expect(t, "the reader sees the rest", w.reported(t, 1, "c"), map[string]float64{"": 1})
	w.collect(t, 0)
	expect(t, "not idle for long enough", *retired, []string{"c{}"})
	c.add(10 * time.Second)
	w.collect(t, 0)
	expect(t, "seen by both", *retired, []string{"c{}", "c{}"})
}

// TestRetireMakesRoom lets handles leave the overflow when there is room again, with no value lost.
func TestRetireMakesRoom(t *testing.T) {
	t.Parallel()
	for kind, of := range map[string]func(m metric.Meter) func(...attribute.KeyValue) measureFunc{
		"counter": func(m metric.Meter) func(...attribute.KeyValue) measureFunc {
			i, _ := m.Int64Counter("x")
			return func(attrs ...attribute.KeyValue) measureFunc {
				h := bound(i, attrs...)
				return func(ctx context.Context, v float64, _ ...attribute.KeyValue) { h.Add(ctx, int64(v)) }
			}
		},
		"gauge": func(m metric.Meter) func(...attribute.KeyValue) measureFunc {
			i, _ := m.Float64Gauge("x")
			return func(attrs ...attribute.KeyValue) measureFunc {
				h := bound(i, attrs...)
				return func(ctx context.Context, v float64, _ ...attribute.KeyValue) { h.Record(ctx, v) }
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			w, c, _ := aging(t, 3, nil)
			bind := of(w.meter)
			first, second := bind(attribute.Int("a", 1)), bind(attribute.Int("a", 2))
			third, fourth := bind(attribute.Int("a", 3)), bind(attribute.Int("a", 4))
			first(ctx, 1)
			second(ctx, 2)
			third(ctx, 3)
			fourth(ctx, 4)
			got := w.reported(t, 0, "x")
			over := "otel.metric.overflow=true"
			expect(t, "overflowed", []any{got["a=1"], got["a=2"], len(got)}, []any{1., 2., 3})
			before := got[over]

			c.add(50 * time.Second)
			second(ctx, 2)
			fourth(ctx, 4)
			third(ctx, 3)
			w.collect(t, 0)
			c.add(20 * time.Second)
			w.collect(t, 0) // the first is retired
			fourth(ctx, 4)
			third(ctx, 3)
			got = w.reported(t, 0, "x")
			if kind == "gauge" {
				expect(t, "room", got, map[string]float64{"a=2": 2, "a=4": 4, over: 3})
			} else {
				expect(t, "room", got, map[string]float64{"a=2": 4, "a=4": 4, over: before + 7 + 3})
			}
		})
	}
}
