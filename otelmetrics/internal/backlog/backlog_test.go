package backlog_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/backlog"
)

func collect(t *testing.T, reader sdkmetric.Reader) *metricdata.ResourceMetrics {
	t.Helper()
	rm := new(metricdata.ResourceMetrics)
	if err := reader.Collect(t.Context(), rm); err != nil {
		t.Fatal(err)
	}
	return rm
}

// instruments of every kind, in two scopes.
type instruments struct {
	ints       metric.Int64Counter
	floats     metric.Float64Counter
	gauge      metric.Int64Gauge
	level      metric.Float64Gauge
	sizes      metric.Int64Histogram
	durations  metric.Float64Histogram
	intNatives metric.Int64Histogram
	natives    metric.Float64Histogram
}

func declare(t *testing.T, provider metric.MeterProvider) (i instruments) {
	t.Helper()
	a, b := provider.Meter("a"), provider.Meter("b", metric.WithInstrumentationVersion("1"))
	errs := make([]error, 8)
	i.ints, errs[0] = a.Int64Counter("n")
	i.floats, errs[1] = b.Float64Counter("n")
	i.gauge, errs[2] = a.Int64Gauge("gauge")
	i.level, errs[3] = a.Float64Gauge("level")
	i.sizes, errs[4] = b.Int64Histogram("sizes")
	i.durations, errs[5] = a.Float64Histogram("durations")
	i.intNatives, errs[6] = a.Int64Histogram("native.ints")
	i.natives, errs[7] = a.Float64Histogram("native")
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return i
}

func (i instruments) measure(random *rand.Rand) {
	ctx := context.Background()
	set := metric.WithAttributes(attribute.Int("series", random.IntN(4)))
	n, v := random.Int64N(1000), float64(random.IntN(4000)-1000)/8
	switch random.IntN(8) {
	case 0:
		i.ints.Add(ctx, n, set)
	case 1:
		i.floats.Add(ctx, math.Abs(v), set)
	case 2:
		i.gauge.Record(ctx, n, set)
	case 3:
		i.level.Record(ctx, v, set)
	case 4:
		i.sizes.Record(ctx, n, set)
	case 5:
		i.durations.Record(ctx, v, set)
	case 6:
		i.intNatives.Record(ctx, n-500, set)
	default:
		i.natives.Record(ctx, math.Ldexp(v, random.IntN(36)-18), set)
	}
}

// Intervals that are kept and joined are the interval that one collection would
// have reported.
func TestBacklogIsOneInterval(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		delta := sdkmetric.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality })
		often, once := sdkmetric.NewManualReader(delta), sdkmetric.NewManualReader(delta)
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(often), sdkmetric.WithReader(once),
			sdkmetric.WithView(sdkmetric.NewView(sdkmetric.Instrument{Name: "native*"}, sdkmetric.Stream{
				Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20},
			})))
		i := declare(t, provider)
		var b backlog.Backlog
		var got *metricdata.ResourceMetrics
		for interval := range 1 + random.IntN(6) {
			for range random.IntN(60) {
				i.measure(random)
			}
			got = b.Join(collect(t, often))
			if dropped := b.Keep(got); dropped != 0 {
				t.Fatalf("interval %d: %d points were dropped", interval, dropped)
			}
		}
		want := collect(t, once)
		for _, scope := range want.ScopeMetrics {
			for _, m := range scope.Metrics {
				if !metricdatatest.AssertEqual(t, m, find(t, got, scope.Scope.Name, m.Name), metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars()) {
					t.Fatalf("seed %d", seed)
				}
			}
		}
		if count(got) != count(want) {
			t.Fatalf("seed %d: got %d metrics, want %d", seed, count(got), count(want))
		}
	}
}

func count(rm *metricdata.ResourceMetrics) (n int) {
	for _, scope := range rm.ScopeMetrics {
		n += len(scope.Metrics)
	}
	return n
}

func find(t *testing.T, rm *metricdata.ResourceMetrics, scope, name string) metricdata.Metrics {
	t.Helper()
	for _, s := range rm.ScopeMetrics {
		for _, m := range s.Metrics {
			if s.Scope.Name == scope && m.Name == name {
				return m
			}
		}
	}
	t.Fatalf("no metric %q in %q", name, scope)
	return metricdata.Metrics{}
}

// Totals are in the next push anyway, and are not kept.
func TestTotalsAreNotKept(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	i := declare(t, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	i.ints.Add(t.Context(), 1)
	i.durations.Record(t.Context(), 1)
	var b backlog.Backlog
	for range 3 {
		got := b.Join(collect(t, reader))
		if sum := find(t, got, "a", "n").Data.(metricdata.Sum[int64]); len(sum.DataPoints) != 1 || sum.DataPoints[0].Value != 1 {
			t.Errorf("got %v", sum)
		}
		b.Keep(got)
	}
	if dropped := b.Drop(); dropped != 0 {
		t.Errorf("%d points were kept", dropped)
	}
}

func deltaOf(name string, points ...int) *metricdata.ResourceMetrics {
	sum := metricdata.Sum[int64]{Temporality: metricdata.DeltaTemporality, IsMonotonic: true}
	for _, p := range points {
		sum.DataPoints = append(sum.DataPoints, metricdata.DataPoint[int64]{
			Attributes: attribute.NewSet(attribute.Int("p", p)), Value: math.MaxInt64 - 1,
		})
	}
	return &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{{Name: name, Data: sum}}}}}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	var b backlog.Backlog
	const each = backlog.MaxPoints / 4
	points := make([]int, each)
	dropped := 0
	for push := range 6 {
		for i := range points {
			points[i] = push*each + i
		}
		dropped += b.Keep(b.Join(deltaOf("n", points...)))
	}
	if dropped != 2*each {
		t.Errorf("%d points were dropped, want %d", dropped, 2*each)
	}
	if dropped := b.Drop(); dropped != backlog.MaxPoints {
		t.Errorf("%d points were kept, want %d", dropped, backlog.MaxPoints)
	}
	for push := range backlog.MaxPushes {
		dropped := b.Keep(b.Join(deltaOf(fmt.Sprint("n", push), 1)))
		if last := push == backlog.MaxPushes-1; (dropped != 0) != last {
			t.Fatalf("push %d: %d points were dropped", push, dropped)
		}
	}
	b.Keep(b.Join(deltaOf("n", 1)))
	got := b.Join(deltaOf("n", 1))
	if sum := got.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]); sum.DataPoints[0].Value != math.MaxInt64 {
		t.Errorf("got %v, want the largest", sum.DataPoints[0].Value)
	}
}
