package otelmetrics_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// count declares a counter of the user and counts one.
func count(t testing.TB, m *otelmetrics.Metrics, scope, name string) {
	t.Helper()
	counter, err := m.MeterProvider().Meter(scope).Int64Counter(name)
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 1, metric.WithAttributes(attribute.String("shop", "a")))
}

// TestOwnInstruments has the user's instruments on both paths, except under our
// names.
func TestOwnInstruments(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()))
	count(t, m, "mine", "shop.orders")
	for _, reserved := range []string{"dspy.orders", "dspy_orders", "DSPy.orders", "dspy.predictions", "dspy_predictions_total"} {
		count(t, m, "mine", reserved)
	}
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	page := samples(t, scrape(t, m, text))
	if got := page[`shop_orders_total{shop="a"}`]; got != 1 {
		t.Errorf("scrape: got %v of shop_orders_total, want 1", got)
	}
	pushed := pushedSamples(last(t, collector))
	if got := pushed[`shop.orders{shop="a"}`]; got != 1 {
		t.Errorf("push: got %v of shop.orders, want 1", got)
	}
	for _, all := range []map[string]float64{page, pushed} {
		for name := range all {
			if strings.Contains(strings.ToLower(name), "dspy") && strings.Contains(name, "shop=") {
				t.Errorf("got %s, want none of the user's under dspy", name)
			}
		}
	}
}

// TestOwnViews changes the user's instruments, and never the contract's.
func TestOwnViews(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithViews(
		sdkmetric.NewView(sdkmetric.Instrument{Name: "shop.orders"}, sdkmetric.Stream{Name: "shop.sales"}),
		sdkmetric.NewView(sdkmetric.Instrument{Name: "dspy.cache.hits"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}),
	))
	count(t, m, "mine", "shop.orders")
	m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
	wantLines(t, scrape(t, m, text),
		`shop_sales_total{shop="a"} 1`,
		`dspy_cache_hits_total{cache_type="memory",service="qa"} 1`,
	)
}

// TestOneBadMetric has metrics that cannot be exposed beside those that can.
func TestOneBadMetric(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *otelmetrics.Metrics){
		"same series from two scopes": func(t *testing.T, m *otelmetrics.Metrics) {
			count(t, m, "one", "clash")
			count(t, m, "two", "clash")
		},
		"two types": func(t *testing.T, m *otelmetrics.Metrics) {
			count(t, m, "one", "clash")
			gauge, err := m.MeterProvider().Meter("two").Int64Gauge("clash_total")
			if err != nil {
				t.Fatal(err)
			}
			gauge.Record(t.Context(), 1)
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logs
			m := newRecorder(t, log.option())
			m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
			spoil(t, m)
			const scrapes = 3
			for i := range scrapes {
				// The error of a scrape is on the page of the next.
				wantLines(t, scrape(t, m, text),
					`dspy_cache_hits_total{cache_type="memory",service="qa"} 1`,
					fmt.Sprintf(`dspy_metrics_scrape_errors_total %d`, i))
			}
			if got := len(log.lines("scrape left something out")); got != 1 {
				t.Errorf("got %d log lines of %d scrapes, want 1: %q", got, scrapes, log.lines(""))
			}
		})
	}
}

func TestConcurrentScrapes(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for range 10 {
				m.RecordCacheHit(t.Context(), otelmetrics.CacheType(strconv.Itoa(i)))
				request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
				request.Header.Set("Accept", []string{text, openMetrics}[i%2])
				response := httptest.NewRecorder()
				m.Handler().ServeHTTP(response, request)
				if response.Code != http.StatusOK || !strings.Contains(response.Body.String(), "dspy_cache_hits_total") {
					t.Errorf("got status %d and %d bytes, want a page", response.Code, response.Body.Len())
				}
			}
		})
	}
	wg.Wait()
	page := samples(t, scrape(t, m, text))
	if got := total(page, "dspy_cache_hits_total"); got != 200 {
		t.Errorf("got %v cache hits, want 200", got)
	}
	if got := page["dspy_metrics_scrape_errors_total{}"]; got != 0 {
		t.Errorf("got %v scrape errors, want none", got)
	}
}

// TestCanceledScrape has a scraper that does not wait.
func TestCanceledScrape(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
	wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 0`, `dspy_metrics_scrape_errors_total 0`)
}

func TestRuntimeMetrics(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithRuntimeMetrics(), otelmetrics.WithOTLP(collector.Endpoint()))
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOpenMetrics(t, scrape(t, m, openMetrics))
	scraped := slices.Collect(maps.Keys(families(t, scrape(t, m, text))))
	pushed := slices.Collect(maps.Keys(metricsOf(last(t, collector))))
	for path, names := range map[string][]string{"scrape": scraped, "push": pushed} {
		for _, want := range []string{"go_goroutines", "process_cpu_seconds_total", "process_resident_memory_bytes", "dspy_active_predictions"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s: got no %s, want it", path, want)
			}
		}
	}
	for name := range families(t, scrape(t, newRecorder(t), text)) {
		if !strings.HasPrefix(name, "dspy_") {
			t.Errorf("got %s by default, want no metrics but the contract's", name)
		}
	}
}

// TestPriming compares the first page with the well-known values of the contract.
func TestPriming(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Labels.PredictionType = contract.Labels.PredictionType.With("mine")
	got := samples(t, scrape(t, newRecorder(t, otelmetrics.WithContract(contract)), text))
	want := 0
	for _, row := range contract.Metrics.All() {
		if row.Kind != views.Counter {
			continue
		}
		combinations := []map[string]string{{}}
		for _, key := range row.Labels {
			label := contract.Labels.Named(key)
			if key == "service" {
				label.Values = []string{"qa"}
			}
			var longer []map[string]string
			for _, labels := range combinations {
				for _, value := range label.Values {
					with := maps.Clone(labels)
					with[key] = value
					longer = append(longer, with)
				}
			}
			combinations = longer
		}
		for _, labels := range combinations {
			want++
			if value, ok := got[series(row.Name, labels)]; !ok || value != 0 {
				t.Errorf("%s: got %v, present %t, want 0", series(row.Name, labels), value, ok)
			}
		}
	}
	want += 2 // active predictions and the build
	if len(got) != want {
		t.Errorf("got %d series, want %d", len(got), want)
	}
}

func TestWithoutPriming(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithoutPriming())
	for name := range samples(t, scrape(t, m, text)) {
		if !strings.HasPrefix(name, "dspy_active_predictions") && !strings.HasPrefix(name, "dspy_metrics_build_info") {
			t.Errorf("got %s before a measurement, want it with the first", name)
		}
	}
}

// TestSeriesLimit bounds the user's instruments too.
func TestSeriesLimit(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithSeriesLimit(10), otelmetrics.WithoutPriming())
	counter, err := m.MeterProvider().Meter("mine").Int64Counter("mine")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		counter.Add(t.Context(), 1, metric.WithAttributes(attribute.Int("i", i)))
	}
	all := samples(t, scrape(t, m, text))
	if got := total(all, "mine_total"); got != 100 {
		t.Errorf("got %v in all, want 100", got)
	}
	if got := all[`mine_total{otel_metric_overflow="true"}`]; got != 91 {
		t.Errorf("got %v in the overflow, want 91", got)
	}
}
