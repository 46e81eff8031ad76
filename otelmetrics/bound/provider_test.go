package bound

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// exporter keeps what is exported.
type exporter struct {
	sdkmetric.Exporter
	temporality sdkmetric.TemporalitySelector
	exported    []*metricdata.ResourceMetrics
	down        bool
}

func (e *exporter) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return e.temporality(k)
}

func (e *exporter) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

func (e *exporter) Export(_ context.Context, rm *metricdata.ResourceMetrics) error {
	clone := *rm
	clone.ScopeMetrics = slices.Clone(rm.ScopeMetrics)
	e.exported = append(e.exported, &clone)
	return nil
}
func (e *exporter) ForceFlush(context.Context) error { return nil }
func (e *exporter) Shutdown(context.Context) error   { e.down = true; return nil }

// ownReader is a reader of a user's: it embeds one of the SDK's and adds what it likes.
type ownReader struct {
	sdkmetric.Reader
	collections int
}

func (r *ownReader) Collect(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	r.collections++
	return r.Reader.Collect(ctx, rm)
}

// TestReaders reports to readers of every kind, each with its own temporality, and flushes and ends them.
func TestReaders(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	registry := prometheus.NewRegistry()
	pull, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithProducer(NewProducer(nil)))
	if err != nil {
		t.Fatal(err)
	}
	delta := &exporter{temporality: sdkmetric.DeltaTemporalitySelector}
	push := sdkmetric.NewPeriodicReader(delta, sdkmetric.WithProducer(NewProducer(delta.Temporality)))
	own := &ownReader{Reader: sdkmetric.NewManualReader(sdkmetric.WithProducer(NewProducer(nil)))}
	p, err := NewMeterProvider(WithReader(pull), WithReader(push), WithReader(own), WithReader(nil), nil,
		WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))))
	if err != nil {
		t.Fatal(err)
	}
	requests, _ := p.Meter("shop").Int64Counter("requests")
	queue, _ := p.Meter("shop").Int64ObservableGauge("queue", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(7)
		return nil
	}))
	if queue == nil {
		t.Fatal("no observable gauge")
	}
	for range 2 {
		requests.Add(ctx, 2)
		if err := p.ForceFlush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprint(families)
	for _, want := range []string{"requests_total", "value:4", `name:"queue"`, "value:7", "target_info", "shop"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	if len(delta.exported) != 2 {
		t.Fatalf("%d exports, want 2", len(delta.exported))
	}
	for i, rm := range delta.exported {
		if got := sums(rm)["requests"]; got != 2 {
			t.Errorf("export %d: got %d, want an interval of 2", i, got)
		}
		if name, _ := rm.Resource.Set().Value("service.name"); name.AsString() != "shop" {
			t.Errorf("export %d: resource %v", i, rm.Resource)
		}
	}
	var rm metricdata.ResourceMetrics
	if err := own.Collect(ctx, &rm); err != nil || sums(&rm)["requests"] != 4 {
		t.Errorf("own reader: %v, %v", sums(&rm), err)
	}
	requests.Add(ctx, 1)
	if err := p.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := sums(delta.exported[len(delta.exported)-1])["requests"]; got != 1 || !delta.down {
		t.Errorf("the last export has %d, want 1; exporter is down: %t", got, delta.down)
	}
}

// sums returns the sums of integers without attributes.
func sums(rm *metricdata.ResourceMetrics) map[string]int64 {
	out := make(map[string]int64)
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if d, ok := m.Data.(metricdata.Sum[int64]); ok {
				out[m.Name] = d.DataPoints[0].Value
			}
		}
	}
	return out
}

// TestReadersThatCannotJoin are refused with what to do about it.
func TestReadersThatCannotJoin(t *testing.T) {
	t.Parallel()
	manual := func(producers ...sdkmetric.Producer) sdkmetric.Reader {
		var options []sdkmetric.ManualReaderOption
		for _, p := range producers {
			options = append(options, sdkmetric.WithProducer(p))
		}
		return sdkmetric.NewManualReader(options...)
	}
	shared := NewProducer(nil)
	many := make([]Option, maxReaders+1)
	for i := range many {
		many[i] = WithReader(manual(NewProducer(nil)))
	}
	for name, test := range map[string]struct {
		options []Option
		want    string
	}{
		"without a producer":   {[]Option{WithReader(manual(NewProducer(nil))), WithReader(manual())}, "reader 2: it was made without a producer"},
		"with two":             {[]Option{WithReader(manual(NewProducer(nil), NewProducer(nil)))}, "reader 1: it was made with several"},
		"with that of another": {[]Option{WithReader(manual(shared)), WithReader(manual(shared))}, "reader 2: its producer belongs to another"},
		"too many":             {many, "33 readers, at most 32"},
	} {
		if _, err := NewMeterProvider(test.options...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", name, err, test.want)
		}
	}
	p := NewProducer(nil)
	if got, err := p.Produce(t.Context()); got != nil || err != nil {
		t.Errorf("a producer without a provider: %v, %v", got, err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Produce(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestNoReader measures nothing, at no cost.
func TestNoReader(t *testing.T) {
	t.Parallel()
	p, err := NewMeterProvider()
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Meter("x").Int64Counter("c")
	if err != nil || c.Enabled(t.Context()) {
		t.Errorf("enabled without a reader, error %v", err)
	}
	BindInt64Counter(c, attribute.String("a", "1")).Add(t.Context(), 1)
}

// TestFilterFromEnvironment is that of the specification's variable, which an option overrides.
func TestFilterFromEnvironment(t *testing.T) {
	for value, want := range map[string]int{"always_on": 1, "always_off": 0, "trace_based": 0, "": 0, "nonsense": 0} {
		t.Setenv("OTEL_METRICS_EXEMPLAR_FILTER", value)
		for _, option := range []Option{nil, WithExemplarFilter(exemplar.AlwaysOnFilter)} {
			r := sdkmetric.NewManualReader(sdkmetric.WithProducer(NewProducer(nil)))
			p, err := NewMeterProvider(WithReader(r), option)
			if err != nil {
				t.Fatal(err)
			}
			c, _ := p.Meter("x").Int64Counter("c")
			c.Add(t.Context(), 1)
			var rm metricdata.ResourceMetrics
			if err := r.Collect(t.Context(), &rm); err != nil {
				t.Fatal(err)
			}
			sum, _ := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
			wanted := want
			if option != nil {
				wanted = 1
			}
			if got := len(sum.DataPoints[0].Exemplars); got != wanted {
				t.Errorf("%q: got %d exemplars, want %d", value, got, wanted)
			}
		}
	}
}

// TestSeries lists the series there are.
func TestSeries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	for i, scope := range []int{0, 1, 2} {
		c, _ := w.scope(scope).Int64Counter("c")
		c.Add(t.Context(), 1, metric.WithAttributes(attribute.Int("i", i)))
	}
	var got []string
	for s := range w.bound.Series() {
		got = append(got, s.Scope.Name+s.Scope.Version+"|"+s.Metric+"|"+s.Attributes.Encoded(attribute.DefaultEncoder()))
	}
	expect(t, "series", got, []string{"test|c|i=0", "other1|c|i=1", "other|c|i=2"})
	for range w.bound.Series() {
		break
	}
}

// TestUnbound finds the series of prebuilt options without allocating, and keeps nothing of attributes that come only once.
func TestUnbound(t *testing.T) {
	for name, filter := range map[string]exemplar.Filter{"off": exemplar.AlwaysOffFilter, "trace based": nil} {
		w := newWorld(t, setup{filter: filter, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
		ctx := unsampled()
		add := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(labels()...))}
		rec := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels()...))}
		ints, _ := w.meter.Int64Counter("ints")
		floats, _ := w.meter.Float64Counter("floats")
		updown, _ := w.meter.Int64UpDownCounter("updown")
		gauge, _ := w.meter.Float64Gauge("gauge")
		histogram, _ := w.meter.Float64Histogram("histogram")
		rows, _ := w.meter.Int64Histogram("rows")
		for what, measure := range map[string]func(){
			"int counter":   func() { ints.Add(ctx, 1, add...) },
			"counter":       func() { floats.Add(ctx, 1.5, add...) },
			"updown":        func() { updown.Add(ctx, 1, add...) },
			"gauge":         func() { gauge.Record(ctx, 1.5, rec...) },
			"histogram":     func() { histogram.Record(ctx, 0.3, rec...) },
			"int histogram": func() { rows.Record(ctx, 3, rec...) },
		} {
			measure()
			if n := testing.AllocsPerRun(200, measure); n != 0 {
				t.Errorf("%s, exemplars %s: %v allocations", what, name, n)
			}
		}
	}
}

// TestUnboundIsBounded gives each measurement other attributes, of which a view drops all or the limit allows few.
func TestUnboundIsBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const n = 20_000
	for name, s := range map[string]setup{
		"dropped by a view": {views: viewSets()[3]},
		"over the limit":    {limit: 10},
	} {
		s.temporality = []sdkmetric.TemporalitySelector{nil}
		w := newWorld(t, s)
		counter, _ := w.meter.Int64Counter("c")
		gauge, _ := w.meter.Int64Gauge("g")
		histogram, _ := w.meter.Float64Histogram("h")
		for i := range n {
			option := metric.WithAttributes(attribute.Int("i", i))
			counter.Add(ctx, 1, option)
			gauge.Record(ctx, 1, option)
			histogram.Record(ctx, 1, option)
		}
		var sum float64
		for _, v := range w.reported(t, 0, "c") {
			sum += v
		}
		if sum != n {
			t.Errorf("%s: counted %v, want %d", name, sum, n)
		}
		for range measured + 1 {
			w.collect(t, 0)
		}
		for _, st := range w.streams() {
			handles := 0
			st.handles.Range(func(any, any) bool { handles++; return true })
			if handles > 0 || len(st.cells) > 0 {
				t.Errorf("%s: %s keeps %d handles and %d cells of what is idle", name, st.name, handles, len(st.cells))
			}
		}
	}
}

// TestUnboundKeepsNothingOfWhatIsNotRecorded gives measurements that do not count, each with other attributes.
func TestUnboundKeepsNothingOfWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{views: []sdkmetric.View{exponentialView(160, 8)}, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	for _, w := range []*world{both.ours, both.theirs} {
		native, _ := w.meter.Float64Histogram("native")
		counter, _ := w.meter.Float64Counter("counter")
		ints, _ := w.meter.Int64Counter("ints")
		for i := range 300 {
			option := metric.WithAttributes(attribute.Int("i", i))
			native.Record(t.Context(), []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[i%3], option)
			if w == both.ours { // the SDK adds negative numbers, and NaN
				counter.Add(t.Context(), []float64{math.NaN(), -1, math.Inf(-1)}[i%3], option)
				ints.Add(t.Context(), []int64{-1, math.MinInt64, -small}[i%3], option)
			}
		}
	}
	for range measured + 1 {
		both.compare(t)
	}
	for _, st := range both.ours.streams() {
		handles := 0
		st.handles.Range(func(any, any) bool { handles++; return true })
		if handles > 0 || len(st.all) > 0 {
			t.Errorf("%s keeps %d handles and %d series of what was not recorded", st.name, handles, len(st.all))
		}
	}
}

// TestThinning offers the first 64 measurements of an interval, and later each eighth: of ones, and of a bucket.
func TestThinning(t *testing.T) {
	t.Parallel()
	asked := 0
	filter := func(context.Context) bool { asked++; return false }
	w := newWorld(t, setup{filter: filter, temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	floats, _ := w.meter.Float64Counter("f")
	histogram, _ := w.meter.Float64Histogram("h")
	c, f, h := bound(counter), bound(floats), bound(histogram)
	for name, measure := range map[string]func(context.Context){
		"counter":       func(ctx context.Context) { c.Add(ctx, 1) },
		"float counter": func(ctx context.Context) { f.Add(ctx, 1) },
		"histogram":     func(ctx context.Context) { h.Record(ctx, 1) },
	} {
		for range 2 {
			asked = 0
			for range 64 {
				measure(t.Context())
			}
			if asked != 64 {
				t.Errorf("%s: %d of the first 64 asked the filter", name, asked)
			}
			asked = 0
			for range 800 {
				measure(t.Context())
			}
			if asked != 100 {
				t.Errorf("%s: %d of 800 later ones asked the filter, want 100", name, asked)
			}
			w.collect(t, 0)
		}
		asked = 0
		for range 100 {
			c.Add(t.Context(), 8) // larger steps pass a multiple of eight each
		}
		if asked != 100 {
			t.Errorf("%d of 100 large steps asked the filter", asked)
		}
		w.collect(t, 0)
	}
}

// TestSampledAmongMany finds the exemplar of a sampled measurement among many that are not.
func TestSampledAmongMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	h := bound(counter)
	for i := range 10_000 {
		ctx := t.Context()
		if i%16 < 8 {
			ctx = sampledContext(byte(i))
		}
		h.Add(ctx, 1)
	}
	points := w.collect(t, 0)["test|c||"]
	if len(points) != 1 || len(points[0].Exemplars) == 0 || points[0].Exemplars[0].Trace == string((trace.TraceID{}).String()) {
		t.Errorf("want exemplars: %v", points)
	}
}
