package otelmetrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// keeper is an exporter that keeps the sums of what it exports, or fails.
type keeper struct {
	temporality metricdata.Temporality
	mu          sync.Mutex
	fails       bool
	sums        map[string]int64
	shut        bool
}

func (k *keeper) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality { return k.temporality }

func (k *keeper) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

func (k *keeper) ForceFlush(context.Context) error { return nil }

func (k *keeper) Shutdown(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shut = true
	return nil
}

func (k *keeper) Export(_ context.Context, data *metricdata.ResourceMetrics) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails {
		return errors.New("no room")
	}
	for name, sum := range sums(data) {
		if k.temporality == metricdata.DeltaTemporality {
			sum += k.sums[name]
		}
		k.sums[name] = sum
	}
	return nil
}

// sums adds up the integer sums by name.
func sums(data *metricdata.ResourceMetrics) map[string]int64 {
	out := make(map[string]int64)
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
				for _, point := range sum.DataPoints {
					out[m.Name] += point.Value
				}
			}
		}
	}
	return out
}

// The scrape, the push, exporters and readers of the user's own read the same metrics, the user's instruments included.
func TestReadersOfOnesOwn(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	cumulative := &keeper{temporality: metricdata.CumulativeTemporality, sums: make(map[string]int64)}
	delta := &keeper{temporality: metricdata.DeltaTemporality, sums: make(map[string]int64)}
	first := sdkmetric.NewManualReader(sdkmetric.WithProducer(bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)))
	second := sdkmetric.NewManualReader(sdkmetric.WithProducer(bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)))
	m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithExportInterval(time.Hour),
		otelmetrics.WithExporter(cumulative), otelmetrics.WithExporter(delta), otelmetrics.WithExporter(nil),
		otelmetrics.WithReader(first), otelmetrics.WithReader(second), otelmetrics.WithReader(nil))
	for round := range int64(3) {
		m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		count(t, m, "mine", "shop.orders")
		delta.mu.Lock()
		delta.fails = round == 1 // what it misses comes with the next export
		delta.mu.Unlock()
		if err := m.ForceFlush(t.Context()); (err != nil) != delta.fails {
			t.Errorf("round %d: got flush error %v", round, err)
		}
	}
	want := map[string]int64{"dspy_cache_hits_total": 3, "shop.orders": 3}
	read := func(reader sdkmetric.Reader) map[string]int64 {
		var data metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &data); err != nil {
			t.Fatal(err)
		}
		return sums(&data)
	}
	for name, got := range map[string]map[string]int64{
		"cumulative exporter": cumulative.sums, "delta exporter": delta.sums, "first reader": read(first), "second reader": read(second),
	} {
		for metric, want := range want {
			if got[metric] != want {
				t.Errorf("%s: got %d of %s, want %d", name, got[metric], metric, want)
			}
		}
	}
	if got := pushedSamples(last(t, collector))[`dspy_cache_hits_total{cache_type="memory",service="qa"}`]; got != 3 {
		t.Errorf("push: got %v hits, want 3", got)
	}
	wantLines(t, scrape(t, m, text), `dspy_cache_hits_total{cache_type="memory",service="qa"} 3`,
		`dspy_metrics_export_errors_total 1`)
	if err := m.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Collect(t.Context(), new(metricdata.ResourceMetrics)); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
		t.Errorf("reader after the shutdown: got error %v, want %v", err, sdkmetric.ErrReaderShutdown)
	}
	if !cumulative.shut || !delta.shut {
		t.Error("got exporters that were not shut down")
	}
}

// A reader that cannot read the fast instruments is refused, and nothing is left waiting.
func TestReaderWithoutProducer(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	_, err := otelmetrics.New(t.Context(), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithReader(sdkmetric.NewManualReader()))
	if err == nil || !strings.Contains(err.Error(), "NewProducer") {
		t.Errorf("got error %v, want one that names NewProducer", err)
	}
	if got := len(collector.Requests()); got != 0 {
		t.Errorf("got %d pushes of a pipeline that was never made, want none", got)
	}
}

// hostileViews match every instrument.
func hostileViews() map[string]sdkmetric.View {
	return map[string]sdkmetric.View{
		"drops": func(sdkmetric.Instrument) (sdkmetric.Stream, bool) {
			return sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}, true
		},
		"renames": func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
			return sdkmetric.Stream{Name: "all." + i.Name, Unit: i.Unit, Description: i.Description}, true
		},
		"filters":         sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{AttributeFilter: func(attribute.KeyValue) bool { return false }}),
		"keeps":           sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{}),
		"takes our name":  func(sdkmetric.Instrument) (sdkmetric.Stream, bool) { return sdkmetric.Stream{Name: "theirs"}, true },
		"other histogram": sdkmetric.NewView(sdkmetric.Instrument{Name: "*", Kind: sdkmetric.InstrumentKindHistogram}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 20}}),
	}
}

// A view that matches everything changes nothing of the contract, in our provider and in the user's.
func TestCatchAllViews(t *testing.T) {
	t.Parallel()
	for name, view := range hostileViews() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, otelmetrics.WithViews(view))
			recordAll(t.Context(), m.Recorder)
			page := scrape(t, m, text)
			wantLines(t, page, recorded()...)
			otelmetricstest.Parse(t, page).Conforms(t, views.Default())

			contract, registry := views.Default(), prometheus.NewRegistry()
			exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
			if err != nil {
				t.Fatal(err)
			}
			provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(contract.View(), contract.Outside(view)))
			own := newRecorder(t, otelmetrics.WithMeterProvider(provider))
			recordAll(t.Context(), own.Recorder)
			page = gather(t, registry)
			wantLines(t, page, recorded()...)
			if strings.Contains(page, "theirs") || strings.Contains(page, "all_dspy") {
				t.Errorf("the view made another stream of the contract:\n%s", page)
			}
		})
	}
}

// One page has the metrics of a Prometheus registry and ours.
func TestGatherer(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	jobs := prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs"})
	registry.MustRegister(jobs)
	jobs.Inc()
	m := newRecorder(t)
	m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
	response := httptest.NewRecorder()
	promhttp.HandlerFor(prometheus.Gatherers{registry, m.Gatherer()}, promhttp.HandlerOpts{}).
		ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	wantLines(t, response.Body.String(), "jobs_total 1", `dspy_cache_hits_total{cache_type="memory",service="qa"} 1`)
	_ = m.Shutdown(t.Context())
	if _, err := m.Gatherer().Gather(); err == nil {
		t.Error("after the shutdown: got no error, want one")
	}
}

// TestConsole is serial: the exporter writes to the standard output of the process.
func TestConsole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdout")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	m := newRecorder(t, otelmetrics.WithEnvironment(map[string]string{"OTEL_METRICS_EXPORTER": "console"}))
	m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
	err = m.Shutdown(t.Context())
	os.Stdout = stdout
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), `"Name":"dspy_cache_hits_total"`) {
		t.Errorf("got output %.300q, error %v, want the metrics", got, err)
	}
}
