package otelmetrics_test

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// measureAll measures once whatever the contract has.
func measureAll(t testing.TB, m *otelmetrics.Metrics, clock *clock) {
	t.Helper()
	ctx, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
	p.BeginUpstream()
	clock.pass(20 * time.Millisecond)
	p.FirstToken()
	clock.pass(230 * time.Millisecond)
	p.EndUpstream()
	clock.pass(50 * time.Millisecond)
	p.AddTokens(otelmetrics.TokensInput, 100)
	p.AddTokens(otelmetrics.TokensOutput, 29)
	p.AddTokens("thinking", 7) // not a token type
	p.AddUsage(otelmetrics.Usage{CostUSD: 0.0125})
	p.AddUsage(otelmetrics.Usage{Calls: 1})
	p.AddUsage(otelmetrics.Usage{Finish: otelmetrics.FinishStop})
	p.Score("exact_match", 1)
	p.Score("exact_match", 1.5)
	p.End(nil)

	_, failed := m.StartPrediction(ctx, otelmetrics.ReAct)
	clock.pass(12 * time.Second)
	err := errors.New("the model says no")
	failed.SetModel(otelmetrics.Model{Name: "openai/gpt-4o"})
	failed.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Name: "gpt-4o", ResponseName: "gpt-4o-2024-08-06"}, Tokens: otelmetrics.Tokens{Input: 12}})
	failed.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Name: "gpt-4o", ResponseName: "gpt-4o-2024-08-06"}, CostUSD: 0.25, CostSource: otelmetrics.CostByPriceList})
	failed.AddUsage(otelmetrics.Usage{Calls: 3})
	failed.AddUsage(otelmetrics.Usage{ToolCalls: 2})
	failed.AddUsage(otelmetrics.Usage{ParseFailures: 1})
	failed.AddUsage(otelmetrics.Usage{Finish: otelmetrics.FinishLength})
	failed.End(&err)
	m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Saved: otelmetrics.Tokens{Output: 40}})
	m.SetActivePredictionsLimit(ctx, 64)
	_, active := m.StartPrediction(ctx, otelmetrics.Predict)
	t.Cleanup(func() { active.End(nil) })

	m.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	m.RecordCacheMiss(ctx, otelmetrics.CacheRedis)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheMemory, 1)
	m.SetCacheSize(ctx, otelmetrics.CacheMemory, 4096)
	m.RecordError(ctx, otelmetrics.ErrorRateLimit)
	m.RecordUpstreamAttempt(ctx, &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
	m.RecordUpstreamAttempt(ctx, nil)
	m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Missing: otelmetrics.UsageNotStated})

	mux := http.NewServeMux()
	mux.Handle("POST /predict", m.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		clock.pass(4 * time.Millisecond)
	})))
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/predict", nil))
}

// measured returns a recorder with everything measured, a failed push included.
func measured(t testing.TB, options ...otelmetrics.Option) *otelmetrics.Metrics {
	t.Helper()
	collector := otlptest.NewHTTP(t)
	collector.Respond(otlptest.Fail(http.StatusBadRequest))
	clock := newClock()
	m := newRecorder(t, append(options, otelmetrics.WithBuild("v1.2.3", "0a1b2c3"), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithClock(clock.Now))...)
	measureAll(t, m, clock)
	if err := m.ForceFlush(t.Context()); err == nil {
		t.Error("got no error of a push that was refused, want one")
	}
	return m
}

func TestExposition(t *testing.T) {
	t.Parallel()
	m := measured(t)
	for file, accept := range map[string]string{"exposition.txt": text, "openmetrics.txt": openMetrics} {
		page := scrape(t, m, accept)
		golden.Check(t, "testdata/"+file, strings.ReplaceAll(page, runtime.Version(), "go1.x"))
		for _, unwanted := range []string{"otel_scope_", "target_info"} {
			if strings.Contains(page, unwanted) {
				t.Errorf("got %s in the page, want none", unwanted)
			}
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	problems, err := promlint.New(strings.NewReader(scrape(t, measured(t), text))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("got problems %v, error %v, want none", problems, err)
	}
}

func TestTargetInfo(t *testing.T) {
	t.Parallel()
	page := scrape(t, newRecorder(t, otelmetrics.WithTargetInfo()), text)
	if !strings.Contains(page, "target_info{") || !strings.Contains(page, `service_name="qa"`) {
		t.Errorf("got no target_info with the name of the service, want it:\n%s", page)
	}
}

// TestContract compares every metric on the page with its row of the contract.
func TestContract(t *testing.T) {
	t.Parallel()
	page := families(t, scrape(t, measured(t), text))
	contract := views.Default()
	for _, want := range contract.Metrics.All() {
		got := page[want.Name]
		if got == nil {
			t.Errorf("got no %s, want it", want.Name)
			continue
		}
		if got.GetHelp() != want.Description {
			t.Errorf("%s: got help %q, want %q", want.Name, got.GetHelp(), want.Description)
		}
		kinds := map[views.Kind]string{
			views.Counter: "COUNTER", views.UpDownCounter: "GAUGE", views.Gauge: "GAUGE", views.Histogram: "HISTOGRAM",
		}
		if got.GetType().String() != kinds[want.Kind] {
			t.Errorf("%s: got type %s, want %s", want.Name, got.GetType(), kinds[want.Kind])
		}
		for _, metric := range got.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName())
			}
			if diff := difference.Of(slices.Sorted(slices.Values(want.Labels)), labels); diff != "" {
				t.Errorf("%s: labels (-want +got):\n%s", want.Name, diff)
			}
			var bounds []float64
			for _, bucket := range metric.GetHistogram().GetBucket() {
				bounds = append(bounds, bucket.GetUpperBound())
			}
			wantBounds := want.Buckets
			if want.Kind == views.Histogram {
				wantBounds = append(slices.Clone(want.Buckets), math.Inf(1))
			}
			if diff := difference.Of(wantBounds, bounds); diff != "" {
				t.Errorf("%s: buckets (-want +got):\n%s", want.Name, diff)
			}
		}
		delete(page, want.Name)
	}
	if len(page) > 0 {
		t.Errorf("got metrics that the contract does not have: %v", slices.Sorted(maps.Keys(page)))
	}
}

// TestOtherBuckets changes buckets through the contract.
func TestOtherBuckets(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.PredictionDuration.Buckets = views.Buckets(views.VerySlow)
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithContract(contract), otelmetrics.WithClock(clock.Now))
	timer := m.StartTimer(otelmetrics.ReAct)
	clock.pass(20 * time.Second)
	timer.Observe(t.Context())
	wantLines(t, scrape(t, m, text),
		`dspy_prediction_duration_seconds_bucket{prediction_type="react",service="qa",le="10"} 0`,
		`dspy_prediction_duration_seconds_bucket{prediction_type="react",service="qa",le="30"} 1`,
		`dspy_prediction_duration_seconds_bucket{prediction_type="react",service="qa",le="300"} 1`,
		`dspy_prediction_duration_seconds_sum{prediction_type="react",service="qa"} 20`,
	)
}
