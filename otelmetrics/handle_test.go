package otelmetrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// recordAll uses the handles as a user would.
func recordAll(ctx context.Context, m *otelmetrics.Recorder) {
	predictor := m.Predictor(otelmetrics.ReAct)
	for _, err := range []error{nil, errors.New("no")} {
		_, p := predictor.Start(ctx)
		p.FirstToken()
		p.AddTokens(otelmetrics.TokensOutput, 7)
		p.AddUsage(otelmetrics.Usage{CostUSD: 0.5})
		p.End(&err)
	}
	m.RecordCacheHit(ctx, otelmetrics.CacheRedis)
	m.RecordCacheMiss(ctx, otelmetrics.CacheRedis)
	m.RecordCacheMiss(ctx, otelmetrics.CacheRedis)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheRedis, 0)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheRedis, 1)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheRedis, -1)
	m.SetCacheSize(ctx, otelmetrics.CacheRedis, 42)
	m.SetCacheSize(ctx, otelmetrics.CacheRedis, -1)
	for _, status := range []int{200, 200, 404, 999, -1} {
		_, request := m.StartRequest(ctx, http.MethodGet, nil)
		request.End(func() (string, int) { return "/answers/{id}", status })
		request.End(nil)
	}
}

func recorded() []string {
	return []string{
		`dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="react",service="qa",status="failure"} 1`,
		`dspy_active_predictions{service="qa"} 0`,
		`dspy_errors_total{error_type="prediction_failed",service="qa"} 1`,
		`dspy_prediction_duration_seconds_count{prediction_type="react",service="qa"} 2`,
		`dspy_time_to_first_token_seconds_count{prediction_type="react",service="qa"} 2`,
		`dspy_tokens_total{model="unknown",prediction_type="react",service="qa",token_type="output"} 14`,
		`dspy_cost_usd_total{model="unknown",prediction_type="react",service="qa",source="provider"} 1`,
		`dspy_cache_hits_total{cache_type="redis",service="qa"} 1`,
		`dspy_cache_misses_total{cache_type="redis",service="qa"} 2`,
		`dspy_cache_evictions_total{cache_type="redis",service="qa"} 1`,
		`dspy_cache_size_bytes{cache_type="redis",service="qa"} 42`,
		`dspy_api_latency_seconds_count{endpoint="/answers/{id}",method="GET",service="qa",status_code="200"} 2`,
		`dspy_api_latency_seconds_count{endpoint="/answers/{id}",method="GET",service="qa",status_code="404"} 1`,
		`dspy_api_latency_seconds_count{endpoint="/answers/{id}",method="GET",service="qa",status_code="999"} 1`,
	}
}

func TestHandles(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	recordAll(t.Context(), m.Recorder)
	wantLines(t, scrape(t, m, text), recorded()...)
	first, second := m.Predictor(otelmetrics.ReAct), m.Predictor(otelmetrics.ReAct)
	if first != second {
		t.Error("got two predictors of one type")
	}
}

// A provider of the user's own has no place for bound series; what it shows must
// be the same.
func TestOwnMeterProvider(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		t.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(views.Default().View()))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	m := newRecorder(t, otelmetrics.WithMeterProvider(provider))
	recordAll(t.Context(), m.Recorder)
	wantLines(t, gather(t, registry), recorded()...)
	response := httptest.NewRecorder()
	m.Handler().ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if response.Code != http.StatusNotFound {
		t.Errorf("the handler answers %d, want 404", response.Code)
	}
	if err := errors.Join(m.ForceFlush(t.Context()), m.Shutdown(t.Context())); err != nil {
		t.Errorf("got %v", err)
	}
	m.RecordCacheHit(t.Context(), otelmetrics.CacheRedis)
	wantLines(t, gather(t, registry), `dspy_cache_hits_total{cache_type="redis",service="qa"} 2`)
}

func gather(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	response := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return response.Body.String()
}
