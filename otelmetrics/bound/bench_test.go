package bound

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/peers"
)

// The measured values go around in a list, as durations do not come out alike.
func values() []float64 {
	return []float64{0.004, 0.02, 0.03, 0.07, 0.11, 0.3, 0.31, 0.6, 1.2, 4.2, 0.012, 0.045, 0.09, 0.2, 11, 0.051}
}

func labels() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("service", "qa"), attribute.String("prediction_type", "predict")}
}

func buckets() []float64 { return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10} }

func view() sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram}, sdkmetric.Stream{
		Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: buckets(), NoMinMax: true},
	})
}

// compare runs the implementations in turns, which gives their ratios, and one after the other.
func compare(b *testing.B, implementations []peers.Peer) {
	b.Run("ratios", func(b *testing.B) { peers.Compare(b.Loop, b.ReportMetric, 1, implementations...) })
	for _, one := range implementations {
		b.Run(one.Name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				one.Work(i)
			}
		})
	}
}

func compareParallel(b *testing.B, implementations []peers.Peer) {
	b.Run("ratios", func(b *testing.B) { peers.Compare(b.Loop, b.ReportMetric, runtime.GOMAXPROCS(0), implementations...) })
	for _, one := range implementations {
		b.Run(one.Name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					one.Work(i)
				}
			})
		})
	}
}

func meters(b *testing.B, filter exemplar.Filter, views ...sdkmetric.View) (bound, sdk metric.Meter) {
	b.Helper()
	views = append(views, view())
	ours, err := NewMeterProvider(WithReader(sdkmetric.NewManualReader(sdkmetric.WithProducer(NewProducer(nil)))),
		WithView(views...), WithExemplarFilter(filter))
	if err != nil {
		b.Fatal(err)
	}
	theirs := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()),
		sdkmetric.WithView(views...), sdkmetric.WithExemplarFilter(filter))
	return ours.Meter("bench"), theirs.Meter("bench")
}

func counters(ctx context.Context, b *testing.B, filter exemplar.Filter) []peers.Peer {
	m, sdk := meters(b, filter)
	instrument, _ := m.Int64Counter("c")
	handle := bound(instrument, labels()...)
	prom := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a", "b"}).WithLabelValues("qa", "predict")
	plain, _ := sdk.Int64Counter("c")
	set := metric.WithAttributeSet(attribute.NewSet(labels()...))
	options := []metric.AddOption{set}
	return []peers.Peer{
		{Name: "dspy", Work: func(int) { handle.Add(ctx, 1) }},
		{Name: "client_golang", Work: func(int) { prom.Inc() }},
		{Name: "otel_sdk", Work: func(int) { plain.Add(ctx, 1, options...) }},
	}
}

func gauges(ctx context.Context, b *testing.B) []peers.Peer {
	m, sdk := meters(b, exemplar.AlwaysOffFilter)
	instrument, _ := m.Int64Gauge("g")
	handle := bound(instrument, labels()...)
	prom := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g"}, []string{"a", "b"}).WithLabelValues("qa", "predict")
	plain, _ := sdk.Int64Gauge("g")
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels()...))}
	return []peers.Peer{
		{Name: "dspy", Work: func(i int) { handle.Record(ctx, int64(i)) }},
		{Name: "client_golang", Work: func(i int) { prom.Set(float64(i)) }},
		{Name: "otel_sdk", Work: func(i int) { plain.Record(ctx, int64(i), options...) }},
	}
}

func histograms(ctx context.Context, b *testing.B, filter exemplar.Filter) []peers.Peer {
	m, sdk := meters(b, filter)
	instrument, _ := m.Float64Histogram("h")
	handle := bound(instrument, labels()...)
	prom := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: buckets()}, []string{"a", "b"}).WithLabelValues("qa", "predict")
	plain, _ := sdk.Float64Histogram("h")
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels()...))}
	v := values()
	return []peers.Peer{
		{Name: "dspy", Work: func(i int) { handle.Record(ctx, v[i&15]) }},
		{Name: "client_golang", Work: func(i int) { prom.Observe(v[i&15]) }},
		{Name: "otel_sdk", Work: func(i int) { plain.Record(ctx, v[i&15], options...) }},
	}
}

// native are exponential histograms: Prometheus' native one keeps as many buckets, at the same highest resolution.
func native(ctx context.Context, b *testing.B, filter exemplar.Filter) []peers.Peer {
	exponential := exponentialView(160, 8)
	m, sdk := meters(b, filter, exponential)
	instrument, _ := m.Float64Histogram("h")
	handle := bound(instrument, labels()...)
	prom := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "h", NativeHistogramBucketFactor: 1.00271, NativeHistogramMaxBucketNumber: 160,
	}, []string{"a", "b"}).WithLabelValues("qa", "predict")
	plain, _ := sdk.Float64Histogram("h")
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels()...))}
	v := values()
	return []peers.Peer{
		{Name: "dspy", Work: func(i int) { handle.Record(ctx, v[i&15]) }},
		{Name: "client_golang", Work: func(i int) { prom.Observe(v[i&15]) }},
		{Name: "otel_sdk", Work: func(i int) { plain.Record(ctx, v[i&15], options...) }},
	}
}

// unsampled returns the context of a request that is not traced.
func unsampled() context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1},
	}))
}

func BenchmarkCounter(b *testing.B) {
	b.Run("bound", func(b *testing.B) { compare(b, counters(context.Background(), b, exemplar.AlwaysOffFilter)) })
	b.Run("bound_parallel", func(b *testing.B) { compareParallel(b, counters(context.Background(), b, exemplar.AlwaysOffFilter)) })
	b.Run("bound_exemplars", func(b *testing.B) { compare(b, counters(unsampled(), b, exemplar.TraceBasedFilter)) })
	b.Run("bound_no_span", func(b *testing.B) { compare(b, counters(context.Background(), b, exemplar.TraceBasedFilter)) })
}

func BenchmarkGauge(b *testing.B) {
	b.Run("bound", func(b *testing.B) { compare(b, gauges(context.Background(), b)) })
	b.Run("bound_parallel", func(b *testing.B) { compareParallel(b, gauges(context.Background(), b)) })
}

func BenchmarkHistogram(b *testing.B) {
	off, traced := exemplar.AlwaysOffFilter, exemplar.TraceBasedFilter
	b.Run("bound", func(b *testing.B) { compare(b, histograms(context.Background(), b, off)) })
	b.Run("bound_parallel", func(b *testing.B) { compareParallel(b, histograms(context.Background(), b, off)) })
	b.Run("bound_exemplars", func(b *testing.B) { compare(b, histograms(unsampled(), b, traced)) })
	b.Run("bound_exemplars_parallel", func(b *testing.B) { compareParallel(b, histograms(unsampled(), b, traced)) })
}

func BenchmarkNative(b *testing.B) {
	off, traced := exemplar.AlwaysOffFilter, exemplar.TraceBasedFilter
	b.Run("bound", func(b *testing.B) { compare(b, native(context.Background(), b, off)) })
	b.Run("bound_parallel", func(b *testing.B) { compareParallel(b, native(context.Background(), b, off)) })
	b.Run("bound_exemplars", func(b *testing.B) { compare(b, native(unsampled(), b, traced)) })
}

// BenchmarkMemory reports what a series keeps on the heap, with the attributes and the handle to it.
func BenchmarkMemory(b *testing.B) {
	const n = 2000
	ctx := context.Background()
	attrs := func(i int) []attribute.KeyValue {
		return append(labels(), attribute.String("i", strconv.Itoa(i)))
	}
	for _, filter := range []struct {
		name   string
		filter exemplar.Filter
	}{{"off", exemplar.AlwaysOffFilter}, {"trace_based", exemplar.TraceBasedFilter}} {
		for name, fill := range map[string]func(b *testing.B) any{
			"Counter/dspy": func(b *testing.B) any {
				m, _ := meters(b, filter.filter)
				c, _ := m.Int64Counter("c")
				var handles []metric.Int64Counter
				for i := range n {
					handles = append(handles, bound(c, attrs(i)...))
					handles[i].Add(ctx, 1)
				}
				return []any{m, handles}
			},
			"Counter/client_golang": func(*testing.B) any {
				v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a", "b", "c"})
				var handles []prometheus.Counter
				for i := range n {
					handles = append(handles, v.WithLabelValues("qa", "predict", strconv.Itoa(i)))
				}
				return []any{v, handles}
			},
			"Counter/otel_sdk": func(b *testing.B) any {
				_, sdk := meters(b, filter.filter)
				c, _ := sdk.Int64Counter("c")
				for i := range n {
					c.Add(ctx, 1, metric.WithAttributes(attrs(i)...))
				}
				return c
			},
			"Histogram/dspy": func(b *testing.B) any {
				m, _ := meters(b, filter.filter)
				h, _ := m.Float64Histogram("h")
				var handles []metric.Float64Histogram
				for i := range n {
					handles = append(handles, bound(h, attrs(i)...))
					handles[i].Record(ctx, 1)
				}
				return []any{m, handles}
			},
			"Histogram/client_golang": func(*testing.B) any {
				v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "c", Buckets: buckets()}, []string{"a", "b", "c"})
				var handles []prometheus.Observer
				for i := range n {
					handles = append(handles, v.WithLabelValues("qa", "predict", strconv.Itoa(i)))
				}
				return []any{v, handles}
			},
			"Histogram/otel_sdk": func(b *testing.B) any {
				_, sdk := meters(b, filter.filter)
				h, _ := sdk.Float64Histogram("h")
				for i := range n {
					h.Record(ctx, 1, metric.WithAttributes(attrs(i)...))
				}
				return h
			},
		} {
			kind, impl, _ := strings.Cut(name, "/")
			b.Run(kind+"/"+filter.name+"/"+impl, func(b *testing.B) {
				for b.Loop() {
					before := heap()
					kept := fill(b)
					b.ReportMetric(float64(heap()-before)/n, "B/series")
					runtime.KeepAlive(kept)
				}
			})
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkCollect collects many series, half of which were measured since the last collection.
func BenchmarkCollect(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		for _, bySDK := range []bool{false, true} {
			impl := map[bool]string{false: "dspy", true: "otel_sdk"}[bySDK]
			b.Run("series="+strconv.Itoa(n)+"/"+impl, func(b *testing.B) {
				ctx := context.Background()
				w := newWorld(b, setup{
					views: []sdkmetric.View{view()}, filter: exemplar.AlwaysOffFilter, sdk: bySDK,
					temporality: []sdkmetric.TemporalitySelector{nil},
				})
				counter, _ := w.meter.Int64Counter("c")
				histogram, _ := w.meter.Float64Histogram("h")
				var adders []metric.Int64Counter
				var recorders []metric.Float64Histogram
				for i := range n / 2 {
					adders = append(adders, bound(counter, attribute.Int("i", i)))
					recorders = append(recorders, bound(histogram, attribute.Int("i", i)))
					adders[i].Add(ctx, 1)
					recorders[i].Record(ctx, 1)
				}
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					for i := range n / 4 {
						adders[i].Add(ctx, 1)
						recorders[i].Record(ctx, 1)
					}
					b.StartTimer()
					var rm metricdata.ResourceMetrics
					if err := w.readers[0].Collect(ctx, &rm); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
