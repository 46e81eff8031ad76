package bound

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// setup is how both worlds are configured.
type setup struct {
	views        []sdkmetric.View
	filter       exemplar.Filter
	limit        int
	temporality  []sdkmetric.TemporalitySelector
	withoutBound bool // measure by the SDK
	config       func(*Config)
}

// world is a provider with its readers, measured by the SDK or by bound instruments.
type world struct {
	readers  []*sdkmetric.ManualReader
	registry *prometheus.Registry
	provider *sdkmetric.MeterProvider
	meter    *Meter
}

func allDelta(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{registry: prometheus.NewRegistry()}
	config := Config{
		Scope: instrumentation.Scope{Name: "test"}, Views: s.views, ExemplarFilter: s.filter, CardinalityLimit: s.limit,
	}
	pull := NewProducer(nil)
	promOptions := []otelprom.Option{otelprom.WithRegisterer(w.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo()}
	if !s.withoutBound {
		promOptions = append(promOptions, otelprom.WithProducer(pull))
		config.Producers = append(config.Producers, pull)
	}
	exporter, err := otelprom.New(promOptions...)
	if err != nil {
		t.Fatal(err)
	}
	options := []sdkmetric.Option{
		sdkmetric.WithReader(exporter), sdkmetric.WithView(s.views...), sdkmetric.WithCardinalityLimit(s.limit),
	}
	if s.filter != nil {
		options = append(options, sdkmetric.WithExemplarFilter(s.filter))
	}
	for _, temporality := range s.temporality {
		if temporality == nil {
			temporality = sdkmetric.DefaultTemporalitySelector
		}
		readerOptions := []sdkmetric.ManualReaderOption{sdkmetric.WithTemporalitySelector(temporality)}
		if !s.withoutBound {
			p := NewProducer(temporality)
			config.Producers = append(config.Producers, p)
			readerOptions = append(readerOptions, sdkmetric.WithProducer(p))
		}
		r := sdkmetric.NewManualReader(readerOptions...)
		w.readers = append(w.readers, r)
		options = append(options, sdkmetric.WithReader(r))
	}
	w.provider = sdkmetric.NewMeterProvider(options...)
	config.Meter = w.provider.Meter("test")
	if s.config != nil {
		s.config(&config)
	}
	if w.meter, err = NewMeter(config); err != nil {
		t.Fatal(err)
	}
	return w
}

// declare declares an instrument and returns how to measure it, once bound.
func (w *world) declare(i instrumentSpec) func(attrs ...attribute.KeyValue) measureFunc {
	d, u := metric.WithDescription(i.description), metric.WithUnit(i.unit)
	add := func(c interface {
		Add(context.Context, float64, ...metric.AddOption)
	},
	) measureFunc {
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				c.Add(ctx, v, metric.WithAttributes(attrs...))
				return
			}
			c.Add(ctx, v)
		}
	}
	addInt := func(c interface {
		Add(context.Context, int64, ...metric.AddOption)
	},
	) measureFunc {
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				c.Add(ctx, int64(v), metric.WithAttributes(attrs...))
				return
			}
			c.Add(ctx, int64(v))
		}
	}
	record := func(c interface {
		Record(context.Context, float64, ...metric.RecordOption)
	},
	) measureFunc {
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				c.Record(ctx, v, metric.WithAttributes(attrs...))
				return
			}
			c.Record(ctx, v)
		}
	}
	recordInt := func(c interface {
		Record(context.Context, int64, ...metric.RecordOption)
	},
	) measureFunc {
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				c.Record(ctx, int64(v), metric.WithAttributes(attrs...))
				return
			}
			c.Record(ctx, int64(v))
		}
	}
	switch i.kind {
	case "int counter":
		c, _ := w.meter.Int64Counter(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return addInt(c.Bind(attrs...)) }
	case "counter":
		c, _ := w.meter.Float64Counter(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return add(c.Bind(attrs...)) }
	case "int updown":
		c, _ := w.meter.Int64UpDownCounter(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return addInt(c.Bind(attrs...)) }
	case "updown":
		c, _ := w.meter.Float64UpDownCounter(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return add(c.Bind(attrs...)) }
	case "int gauge":
		c, _ := w.meter.Int64Gauge(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return recordInt(c.Bind(attrs...)) }
	case "gauge":
		c, _ := w.meter.Float64Gauge(i.name, d, u)
		return func(attrs ...attribute.KeyValue) measureFunc { return record(c.Bind(attrs...)) }
	}
	options := []metric.Float64HistogramOption{d, u}
	if i.bounds != nil {
		options = append(options, metric.WithExplicitBucketBoundaries(i.bounds...))
	}
	c, _ := w.meter.Float64Histogram(i.name, options...)
	return func(attrs ...attribute.KeyValue) measureFunc { return record(c.Bind(attrs...)) }
}

// instrumentSpec is an instrument to declare.
type instrumentSpec struct {
	name, description, unit, kind string
	bounds                        []float64
}

// alike returns a number that the SDK and bound instruments measure alike in place of one that they do not; what becomes of
// the others is the matter of TestSaturation.
func (i instrumentSpec) alike(v float64) float64 {
	if strings.HasPrefix(i.kind, "int") && v-v != 0 {
		v = 0
	}
	if strings.HasSuffix(i.kind, "counter") {
		if math.IsNaN(v) {
			return 0
		}
		return math.Abs(v)
	}
	return v
}

type measureFunc func(ctx context.Context, v float64, attrs ...attribute.KeyValue)

func sampledContext(n byte) context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{n + 1}, SpanID: trace.SpanID{n + 1}, TraceFlags: trace.FlagsSampled,
	}))
}

// collect returns what a reader sees, in an order of its own and without times.
func (w *world) collect(t testing.TB, reader int) map[string][]dataPoint {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := w.readers[reader].Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	out := map[string][]dataPoint{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			key := strings.Join([]string{sm.Scope.Name, m.Name, m.Description, m.Unit}, "|")
			out[key] = append(out[key], dataPoints(m.Data)...) // a histogram may have two forms
		}
	}
	return out
}

// dataPoint is a data point of any kind.
type dataPoint struct {
	Kind, Attributes string
	Value            float64
	Count            uint64
	Bounds           []float64
	Buckets          []uint64
	Exponential      exponentialPoint
	Min, Max         float64
	HasMin           bool
	Exemplars        []exemplarPoint
}

// exponentialPoint is what only an exponential histogram has.
type exponentialPoint struct {
	Scale              int32
	Zeros              uint64
	Threshold          float64
	Positive, Negative metricdata.ExponentialBucket
}

type exemplarPoint struct {
	Filtered      string
	Value         float64
	Trace, Parent string
}

func dataPoints(data metricdata.Aggregation) []dataPoint {
	var out []dataPoint
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		out = numbers(d.DataPoints, "sum "+d.Temporality.String()+monotonic(d.IsMonotonic))
	case metricdata.Sum[float64]:
		out = numbers(d.DataPoints, "float sum "+d.Temporality.String()+monotonic(d.IsMonotonic))
	case metricdata.Gauge[int64]:
		out = numbers(d.DataPoints, "gauge")
	case metricdata.Gauge[float64]:
		out = numbers(d.DataPoints, "float gauge")
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			q := dataPoint{
				Kind: "histogram " + d.Temporality.String(), Attributes: p.Attributes.Encoded(attribute.DefaultEncoder()),
				Value: p.Sum, Count: p.Count, Bounds: p.Bounds, Buckets: p.BucketCounts, Exemplars: exemplarPoints(p.Exemplars),
			}
			q.Min, q.HasMin = p.Min.Value()
			q.Max, _ = p.Max.Value()
			out = append(out, q)
		}
	case metricdata.Histogram[int64]:
		for _, p := range d.DataPoints {
			q := dataPoint{
				Kind: "int histogram " + d.Temporality.String(), Attributes: p.Attributes.Encoded(attribute.DefaultEncoder()),
				Value: float64(p.Sum), Count: p.Count, Bounds: p.Bounds, Buckets: p.BucketCounts, Exemplars: exemplarPoints(p.Exemplars),
			}
			out = append(out, q)
		}
	case metricdata.ExponentialHistogram[float64]:
		for _, p := range d.DataPoints {
			q := dataPoint{
				Kind: "exponential " + d.Temporality.String(), Attributes: p.Attributes.Encoded(attribute.DefaultEncoder()),
				Value: p.Sum, Count: p.Count, Exemplars: exemplarPoints(p.Exemplars),
				Exponential: exponentialPoint{p.Scale, p.ZeroCount, p.ZeroThreshold, p.PositiveBucket, p.NegativeBucket},
			}
			q.Min, q.HasMin = p.Min.Value()
			q.Max, _ = p.Max.Value()
			out = append(out, q)
		}
	default:
		out = append(out, dataPoint{Kind: "unknown"})
	}
	slices.SortFunc(out, func(a, b dataPoint) int { return strings.Compare(a.Attributes, b.Attributes) })
	return out
}

func monotonic(is bool) string {
	if is {
		return " monotonic"
	}
	return ""
}

func numbers[N int64 | float64](points []metricdata.DataPoint[N], kind string) []dataPoint {
	var out []dataPoint
	for _, p := range points {
		out = append(out, dataPoint{
			Kind: kind, Attributes: p.Attributes.Encoded(attribute.DefaultEncoder()), Value: float64(p.Value),
			Exemplars: exemplarPoints(p.Exemplars),
		})
	}
	return out
}

func exemplarPoints[N int64 | float64](exemplars []metricdata.Exemplar[N]) []exemplarPoint {
	var out []exemplarPoint
	for _, e := range exemplars {
		filtered := attribute.NewSet(e.FilteredAttributes...)
		out = append(out, exemplarPoint{
			Filtered: filtered.Encoded(attribute.DefaultEncoder()), Value: float64(e.Value),
			Trace: string(e.TraceID), Parent: string(e.SpanID),
		})
	}
	slices.SortFunc(out, func(a, b exemplarPoint) int { return strings.Compare(a.Trace, b.Trace) })
	return out
}

// scrape returns the OpenMetrics page without the times of exemplars, or that there is none.
func (w *world) scrape(t testing.TB) string {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		return "error"
	}
	var page bytes.Buffer
	encoder := expfmt.NewEncoder(&page, expfmt.NewFormat(expfmt.TypeOpenMetrics))
	for _, f := range families {
		for _, m := range f.Metric {
			normalise(m.GetCounter().GetExemplar())
			for _, b := range m.GetHistogram().GetBucket() {
				normalise(b.GetExemplar())
			}
		}
		if err := encoder.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	return page.String()
}

// normalise removes what differs between any two pages: the exporter lets a map decide the order of labels.
func normalise(e *dto.Exemplar) {
	if e != nil {
		e.Timestamp = nil
		slices.SortFunc(e.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	}
}

func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty())
}
