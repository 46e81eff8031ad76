package otelmetrics_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Whatever numbers are recorded, in whatever order: no counter goes down, and no
// value is infinite or none. That holds where the SDK measures as well.
func TestNumbersOfAnySize(t *testing.T) {
	t.Parallel()
	numbers := []int64{math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 1 << 62, 1 << 24, 1<<24 - 1, -1, 0, 1, 7, math.MaxInt32, math.MaxUint32}
	amounts := []float64{
		math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 0, math.Copysign(0, -1), -1,
		1e-9, 0.5, 1, 0x1p63, 0x1p24, math.SmallestNonzeroFloat64,
	}
	for name, page := range map[string]func(*testing.T) (*otelmetrics.Metrics, func() string){
		"own pipeline": func(t *testing.T) (*otelmetrics.Metrics, func() string) {
			m := newRecorder(t)
			return m, func() string { return scrape(t, m, text) }
		},
		"provider of the user's": func(t *testing.T) (*otelmetrics.Metrics, func() string) {
			registry := prometheus.NewRegistry()
			exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
			if err != nil {
				t.Fatal(err)
			}
			m := newRecorder(t, otelmetrics.WithMeterProvider(sdkmetric.NewMeterProvider(
				sdkmetric.WithReader(exporter), sdkmetric.WithView(views.Default().View()))))
			return m, func() string {
				response := httptest.NewRecorder()
				promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(response, httptest.NewRequest("GET", "/", nil))
				return response.Body.String()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			m, page := page(t)
			_, p := m.StartPrediction(ctx, otelmetrics.Predict)
			random := rand.New(rand.NewPCG(1, 2))
			before := samples(t, page())
			for range 300 {
				n, usd := numbers[random.IntN(len(numbers))], amounts[random.IntN(len(amounts))]
				m.RecordCacheEvictions(ctx, otelmetrics.CacheMemory, n)
				m.SetCacheSize(ctx, otelmetrics.CacheMemory, n)
				p.AddUsage(otelmetrics.Usage{
					Saved: otelmetrics.Tokens{Input: n}, Calls: n, CacheHits: n, CacheMisses: n, ToolCalls: n, ParseFailures: n,
					Finish: otelmetrics.FinishStop, Finishes: n,
				})
				m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: n}})
				p.AddTokens(otelmetrics.TokensOutput, n)
				m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{CostUSD: usd})
				p.AddUsage(otelmetrics.Usage{CostUSD: usd})
				otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.Predict, time.Duration(n))
				otelmetrics.RecordLatency(ctx, m.Recorder, "/", "GET", int(int32(n)), max(0, time.Duration(n)))
				now := samples(t, page())
				wantNoneDown(t, before, now)
				for series, value := range now {
					if value-value != 0 {
						t.Fatalf("got %s %v", series, value)
					}
				}
				before = now
			}
			for series, want := range map[string]float64{
				`dspy_cache_hits_total{cache_type="dspy",service="qa"}`:                                         1 << 62,
				`dspy_cache_evictions_total{cache_type="memory",service="qa"}`:                                  1 << 62,
				`dspy_cost_usd_total{model="unknown",prediction_type="predict",service="qa",source="provider"}`: math.MaxFloat64 / 2,
			} {
				if before[series] < want {
					t.Errorf("got %s %v, want %v at least", series, before[series], want)
				}
			}
			p.End(nil)
		})
	}
}
