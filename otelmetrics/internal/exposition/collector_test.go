package exposition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// pages returns what OpenTelemetry's exporter and a collector expose of one provider, as OpenMetrics, and the errors.
type pages struct {
	theirs, ours *prometheus.Registry
	meter        metric.Meter
}

func newPages(t testing.TB, targetInfo bool, options ...sdkmetric.Option) pages {
	t.Helper()
	p := pages{theirs: prometheus.NewRegistry(), ours: prometheus.NewRegistry()}
	oracle := []otelprom.Option{otelprom.WithRegisterer(p.theirs), otelprom.WithoutScopeInfo()}
	if !targetInfo {
		oracle = append(oracle, otelprom.WithoutTargetInfo())
	}
	exporter, err := otelprom.New(oracle...)
	if err != nil {
		t.Fatal(err)
	}
	c := New(targetInfo)
	p.ours.MustRegister(c)
	provider := sdkmetric.NewMeterProvider(append(options, sdkmetric.WithReader(exporter), sdkmetric.WithReader(c.Reader()))...)
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	p.meter = provider.Meter("test")
	return p
}

// compare fails unless both pages are the same.
func (p pages) compare(t *testing.T) {
	t.Helper()
	want, wantErr := page(t, p.theirs)
	got, gotErr := page(t, p.ours)
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("page (-exporter +collector):\n%s", diff)
	}
	if (wantErr == nil) != (gotErr == nil) {
		t.Errorf("got error %v, the exporter's is %v", gotErr, wantErr)
	}
}

func page(t testing.TB, registry *prometheus.Registry) (string, error) {
	t.Helper()
	families, gathered := registry.Gather()
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, expfmt.NewFormat(expfmt.TypeOpenMetrics))
	for _, f := range families {
		// The registry orders by values alone, and leaves metrics of equal values in the order in which they came.
		slices.SortFunc(f.Metric, func(a, b *dto.Metric) int { return strings.Compare(fmt.Sprint(a.GetLabel()), fmt.Sprint(b.GetLabel())) })
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
	return out.String(), gathered
}

// normalise removes what differs between any two pages: the order of an exemplar's labels, which a map decides, and its
// time, which each reader takes for itself.
func normalise(e *dto.Exemplar) {
	if e != nil {
		e.Timestamp = nil
		slices.SortFunc(e.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	}
}

// TestSameAsTheExporter exposes random metrics of every kind under random names and attributes.
func TestSameAsTheExporter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			one := func(of ...string) string { return of[r.IntN(len(of))] }
			res := resource.NewSchemaless(attribute.String("service.name", "a"), attribute.String("service-name", "b"), attribute.Int("n", 3))
			filters := []exemplar.Filter{exemplar.AlwaysOnFilter, exemplar.TraceBasedFilter, exemplar.AlwaysOffFilter}
			view := sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter("dropped")})
			p := newPages(t, r.IntN(2) == 0, sdkmetric.WithResource(res), sdkmetric.WithExemplarFilter(filters[r.IntN(3)]), sdkmetric.WithView(view))
			ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
			}))
			attrs := func() metric.MeasurementOption {
				var pairs []attribute.KeyValue
				for range r.IntN(4) {
					key := one("a", "a.b", "a/b", "a-b", "9x", "__name", "Δ", "b", "dropped")
					pairs = append(pairs, attribute.String(key, one("x", "y", "", "ü\"\\\n", strings.Repeat("long", 20))))
				}
				return metric.WithAttributes(pairs...)
			}
			for range 8 {
				name := one("requests", "requests.total", "http.latency", "a_ratio", "x") + strconv.Itoa(r.IntN(6))
				unit, description := metric.WithUnit(one("", "s", "By", "1", "{thing}", "ms", "By/s")), metric.WithDescription(one("d", "e"))
				switch r.IntN(8) {
				case 0:
					c, _ := p.meter.Int64Counter(name, unit, description)
					c.Add(ctx, 3, attrs())
					c.Add(ctx, 4, attrs())
				case 1:
					c, _ := p.meter.Float64Counter(name, unit, description)
					c.Add(ctx, 1.5, attrs())
				case 2:
					c, _ := p.meter.Int64UpDownCounter(name, unit, description)
					c.Add(ctx, -2, attrs())
				case 3:
					g, _ := p.meter.Float64Gauge(name, unit, description)
					g.Record(ctx, 0.1, attrs())
				case 4:
					h, _ := p.meter.Float64Histogram(name, unit, description, metric.WithExplicitBucketBoundaries(0.1, 1, 1e6))
					h.Record(ctx, 0.5, attrs())
					h.Record(ctx, 5e6, attrs())
				case 5:
					h, _ := p.meter.Int64Histogram(name, unit, description)
					h.Record(ctx, 7, attrs())
				case 6:
					g, _ := p.meter.Int64Gauge(name, unit, description)
					g.Record(ctx, 1<<60, attrs())
				case 7:
					o := attrs()
					_, _ = p.meter.Int64ObservableCounter(name, unit, description, metric.WithInt64Callback(func(_ context.Context, to metric.Int64Observer) error {
						to.Observe(5, o)
						return nil
					}))
				}
			}
			p.compare(t)
			p.compare(t)
		})
	}
}

// TestNative exposes what an exporter does, at scales that Prometheus stores and at others.
func TestNative(t *testing.T) {
	t.Parallel()
	for _, scale := range []int32{-10, -4, 0, 8, 20} {
		p := newPages(t, false, sdkmetric.WithExemplarFilter(exemplar.AlwaysOnFilter), sdkmetric.WithView(sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{
			Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: scale},
		})))
		floats, _ := p.meter.Float64Histogram("floats", metric.WithDescription("d"))
		ints, _ := p.meter.Int64Histogram("ints", metric.WithDescription("d"))
		for i := range 5 {
			floats.Record(context.Background(), float64(i-2)/3)
			ints.Record(context.Background(), int64(i-2))
		}
		want, wantErr := p.theirs.Gather()
		got, gotErr := p.ours.Gather()
		if (wantErr == nil) != (gotErr == nil) {
			t.Errorf("scale %d: got error %v, want %v", scale, gotErr, wantErr)
		}
		if diff := difference.Of(withoutTimes(want), withoutTimes(got)); diff != "" {
			t.Errorf("scale %d (-exporter +collector):\n%s", scale, diff)
		}
	}
}

func withoutTimes(families []*dto.MetricFamily) string {
	for _, f := range families {
		for _, m := range f.GetMetric() {
			m.GetHistogram().CreatedTimestamp = nil
			for _, e := range m.GetHistogram().GetExemplars() {
				normalise(e)
			}
		}
	}
	return fmt.Sprint(families)
}

// TestConflict serves the first metric of a name, and says what is wrong with the second.
func TestConflict(t *testing.T) {
	t.Parallel()
	p := newPages(t, false)
	c, _ := p.meter.Int64Counter("clash", metric.WithDescription("d"))
	c.Add(t.Context(), 1)
	p.compare(t)
	g, _ := p.meter.Int64Gauge("clash.total", metric.WithDescription("d"))
	g.Record(t.Context(), 2)
	p.compare(t)
	_, err := p.ours.Gather()
	if err == nil || !strings.Contains(err.Error(), `"clash_total" is a gauge, and there is a counter of the same name`) {
		t.Errorf("got error %v", err)
	}
}

// TestCallbackFails serves what there is.
func TestCallbackFails(t *testing.T) {
	t.Parallel()
	p := newPages(t, false)
	c, _ := p.meter.Int64Counter("fine", metric.WithDescription("d"))
	c.Add(t.Context(), 1)
	failure := errors.New("no disk")
	_, _ = p.meter.Int64ObservableGauge("g", metric.WithInt64Callback(func(context.Context, metric.Int64Observer) error { return failure }))
	got, err := page(t, p.ours)
	if !strings.Contains(got, "fine_total 1") || err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("got page %q and error %v", got, err)
	}
}

// producer brings fixed metrics.
type producer []metricdata.Metrics

func (p producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	return []metricdata.ScopeMetrics{{Metrics: p}}, nil
}

// TestStartTimes exposes the start of each counter and histogram, and none of a gauge.
func TestStartTimes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	clock := func() time.Time { return now }
	c := New(false, bound.NewProducer(nil).WithNative())
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	provider, err := bound.NewMeterProvider(bound.WithReader(c.Reader()), bound.WithClock(clock),
		bound.WithNativeHistograms(func(i sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
			return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8}, i.Name == "both"
		}))
	if err != nil {
		t.Fatal(err)
	}
	meter := provider.Meter("test")
	counter, _ := meter.Int64Counter("counter")
	classic, _ := meter.Float64Histogram("classic")
	both, _ := meter.Float64Histogram("both")
	gauge, _ := meter.Int64UpDownCounter("gauge")
	start := now
	counter.Add(t.Context(), 1)
	classic.Record(t.Context(), 1)
	both.Record(t.Context(), 1)
	gauge.Add(t.Context(), 1)
	now = now.Add(time.Minute)
	counter.Add(t.Context(), 1, metric.WithAttributes(attribute.String("late", "yes")))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]time.Time)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			created := m.GetCounter().GetCreatedTimestamp()
			if m.GetHistogram() != nil {
				created = m.GetHistogram().GetCreatedTimestamp()
			}
			if created != nil {
				got[f.GetName()+strconv.Itoa(len(m.GetLabel()))] = created.AsTime()
			}
			if f.GetName() == "both" && (len(m.GetHistogram().GetBucket()) != 15 || len(m.GetHistogram().GetPositiveSpan()) != 1) {
				t.Errorf("want both forms in one message: %v", m)
			}
		}
	}
	want := map[string]time.Time{"counter_total0": start, "counter_total1": now, "classic0": start, "both0": start}
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("start times (-want +got):\n%s", diff)
	}
	if text, _ := page(t, registry); strings.Contains(text, "_created") {
		t.Errorf("a text page has start times as series:\n%s", text)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := page(t, registry); text != "" || err != nil {
		t.Errorf("after the end: %q, %v", text, err)
	}
}

// TestLimits keeps the memory of names bounded, and serves an odd metric of a producer as the error that it is.
func TestLimits(t *testing.T) {
	t.Parallel()
	l := newLabels()
	for i := range most + 10 {
		if _, _, err := l.describe("m", "h", attribute.NewSet(attribute.Int(fmt.Sprint("k", i), 1))); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.names) > most || len(l.descs) > most {
		t.Errorf("%d names and %d descriptions are kept", len(l.names), len(l.descs))
	}
	registry := prometheus.NewRegistry()
	c := New(false, producer{{Name: "odd", Data: metricdata.Summary{}}, {Name: "", Data: metricdata.Gauge[int64]{}}})
	registry.MustRegister(c)
	_ = sdkmetric.NewMeterProvider(sdkmetric.WithReader(c.Reader()))
	if _, err := registry.Gather(); err == nil || !strings.Contains(err.Error(), `"odd"`) {
		t.Errorf("got error %v", err)
	}
}
