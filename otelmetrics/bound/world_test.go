package bound

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// setup is how both worlds are configured.
type setup struct {
	views       []sdkmetric.View
	filter      exemplar.Filter
	limit       int
	temporality []sdkmetric.TemporalitySelector
	sdk         bool // measure by the SDK
	pushOnly    bool // without the reader of the scrape
	options     []Option
}

// world is a provider with its readers, measured by the SDK or by this package.
type world struct {
	readers  []*sdkmetric.ManualReader
	registry *prometheus.Registry
	provider interface {
		metric.MeterProvider
		Shutdown(context.Context) error
	}
	bound *MeterProvider
	meter metric.Meter
}

func allDelta(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{registry: prometheus.NewRegistry()}
	var readers []sdkmetric.Reader
	if !s.pushOnly {
		exporter, err := otelprom.New(otelprom.WithRegisterer(w.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo(),
			otelprom.WithProducer(NewProducer(nil)))
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, exporter)
	}
	for _, temporality := range s.temporality {
		if temporality == nil {
			temporality = sdkmetric.DefaultTemporalitySelector
		}
		r := sdkmetric.NewManualReader(sdkmetric.WithTemporalitySelector(temporality), sdkmetric.WithProducer(NewProducer(temporality).WithNative()))
		w.readers = append(w.readers, r)
		readers = append(readers, r)
	}
	if s.sdk {
		options := []sdkmetric.Option{sdkmetric.WithView(s.views...), sdkmetric.WithCardinalityLimit(s.limit)}
		if s.filter != nil {
			options = append(options, sdkmetric.WithExemplarFilter(s.filter))
		}
		for _, r := range readers {
			options = append(options, sdkmetric.WithReader(r))
		}
		w.provider = sdkmetric.NewMeterProvider(options...)
	} else {
		options := append([]Option{WithView(s.views...), WithCardinalityLimit(s.limit), WithExemplarFilter(s.filter)}, s.options...)
		for _, r := range readers {
			options = append(options, WithReader(r))
		}
		p, err := NewMeterProvider(options...)
		if err != nil {
			t.Fatal(err)
		}
		w.provider, w.bound = p, p
	}
	w.meter = w.provider.Meter("test")
	return w
}

// worlds are two that are configured alike. Whatever is done in both must be reported alike.
type worlds struct{ ours, theirs *world }

// newWorlds returns a world that this package measures, and one that the SDK measures.
func newWorlds(t testing.TB, s setup) worlds {
	t.Helper()
	ours := newWorld(t, s)
	s.sdk, s.options = true, nil
	return worlds{ours, newWorld(t, s)}
}

// compare compares what all readers of both worlds get.
func (w worlds) compare(t testing.TB) {
	t.Helper()
	for r := range w.ours.readers {
		if diff := diff(w.theirs.collect(t, r), w.ours.collect(t, r)); diff != "" {
			t.Errorf("reader %d (-sdk +bound):\n%s", r, diff)
		}
	}
	if diff := diff(w.theirs.scrape(t), w.ours.scrape(t)); diff != "" {
		t.Errorf("page (-sdk +bound):\n%s", diff)
	}
}

// scope returns the meter of one of several scopes.
func (w *world) scope(i int) metric.Meter {
	switch i {
	case 1:
		return w.provider.Meter("other", metric.WithInstrumentationVersion("1"), metric.WithSchemaURL("https://example.com/schema"))
	case 2:
		return w.provider.Meter("other", metric.WithInstrumentationAttributes(attribute.String("side", "left")))
	}
	return w.meter
}

// streams returns those of the world's own meter.
func (w *world) streams() []*stream { return w.bound.snapshot()[0].snapshot() }

// declare declares an instrument and returns how to measure it, once bound.
func (w *world) declare(i instrumentSpec) func(attrs ...attribute.KeyValue) measureFunc {
	return w.declareIn(w.meter, i)
}

func (w *world) declareIn(meter metric.Meter, i instrumentSpec) func(attrs ...attribute.KeyValue) measureFunc {
	d, u := metric.WithDescription(i.description), metric.WithUnit(i.unit)
	switch i.kind {
	case "int counter":
		c, _ := meter.Int64Counter(i.name, d, u)
		return add(c, BindInt64Counter)
	case "counter":
		c, _ := meter.Float64Counter(i.name, d, u)
		return add(c, BindFloat64Counter)
	case "int updown":
		c, _ := meter.Int64UpDownCounter(i.name, d, u)
		return add(c, BindInt64UpDownCounter)
	case "updown":
		c, _ := meter.Float64UpDownCounter(i.name, d, u)
		return add(c, BindFloat64UpDownCounter)
	case "int gauge":
		g, _ := meter.Int64Gauge(i.name, d, u)
		return record(g, BindInt64Gauge)
	case "gauge":
		g, _ := meter.Float64Gauge(i.name, d, u)
		return record(g, BindFloat64Gauge)
	case "int histogram":
		options := []metric.Int64HistogramOption{d, u}
		if i.bounds != nil {
			options = append(options, metric.WithExplicitBucketBoundaries(i.bounds...))
		}
		h, _ := meter.Int64Histogram(i.name, options...)
		return record(h, BindInt64Histogram)
	}
	options := []metric.Float64HistogramOption{d, u}
	if i.bounds != nil {
		options = append(options, metric.WithExplicitBucketBoundaries(i.bounds...))
	}
	h, _ := meter.Float64Histogram(i.name, options...)
	return record(h, BindFloat64Histogram)
}

func add[N int64 | float64, I adder[N]](instrument I, bind func(I, ...attribute.KeyValue) I) func(attrs ...attribute.KeyValue) measureFunc {
	return func(attrs ...attribute.KeyValue) measureFunc {
		c := bind(instrument, attrs...)
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				c.Add(ctx, N(v), metric.WithAttributes(attrs...))
				return
			}
			c.Add(ctx, N(v))
		}
	}
}

func record[N int64 | float64, I recorder[N]](instrument I, bind func(I, ...attribute.KeyValue) I) func(attrs ...attribute.KeyValue) measureFunc {
	return func(attrs ...attribute.KeyValue) measureFunc {
		r := bind(instrument, attrs...)
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			if len(attrs) > 0 {
				r.Record(ctx, N(v), metric.WithAttributes(attrs...))
				return
			}
			r.Record(ctx, N(v))
		}
	}
}

// instrumentSpec is an instrument to declare.
type instrumentSpec struct {
	name, description, unit, kind string
	bounds                        []float64
	scope                         int // see world.scope
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
			scope := sm.Scope.Name + sm.Scope.Version + sm.Scope.SchemaURL + sm.Scope.Attributes.Encoded(attribute.DefaultEncoder())
			key := strings.Join([]string{scope, m.Name, m.Description, m.Unit}, "|")
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

func (p *dataPoint) setExtrema(minimum int64, ok bool) { p.Min, p.HasMin = float64(minimum), ok }

func (p *dataPoint) setMax(maximum int64, _ bool) { p.Max = float64(maximum) }

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
			q.setExtrema(p.Min.Value())
			q.setMax(p.Max.Value())
			out = append(out, q)
		}
	case metricdata.ExponentialHistogram[int64]:
		for _, p := range d.DataPoints {
			q := dataPoint{
				Kind: "int exponential " + d.Temporality.String(), Attributes: p.Attributes.Encoded(attribute.DefaultEncoder()),
				Value: float64(p.Sum), Count: p.Count, Exemplars: exemplarPoints(p.Exemplars),
				Exponential: exponentialPoint{p.Scale, p.ZeroCount, p.ZeroThreshold, p.PositiveBucket, p.NegativeBucket},
			}
			q.setExtrema(p.Min.Value())
			q.setMax(p.Max.Value())
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
	return difference.Of(want, got)
}

// bound binds an instrument of any kind.
func bound[I any](instrument I, attrs ...attribute.KeyValue) I {
	var b any
	switch i := any(&instrument).(type) {
	case *metric.Int64Counter:
		b = BindInt64Counter(*i, attrs...)
	case *metric.Float64Counter:
		b = BindFloat64Counter(*i, attrs...)
	case *metric.Int64UpDownCounter:
		b = BindInt64UpDownCounter(*i, attrs...)
	case *metric.Float64UpDownCounter:
		b = BindFloat64UpDownCounter(*i, attrs...)
	case *metric.Int64Gauge:
		b = BindInt64Gauge(*i, attrs...)
	case *metric.Float64Gauge:
		b = BindFloat64Gauge(*i, attrs...)
	case *metric.Int64Histogram:
		b = BindInt64Histogram(*i, attrs...)
	case *metric.Float64Histogram:
		b = BindFloat64Histogram(*i, attrs...)
	}
	return b.(I) //nolint:forcetypeassert // each case is of its own type
}
