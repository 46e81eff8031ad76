package otelmetricstest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestSince(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	measure(t.Context(), m)
	before := m.Scrape(t)
	measure(t.Context(), m)
	m.SetCacheSize(t.Context(), otelmetrics.CacheRedis, 512)
	after := m.Scrape(t)
	// All but the gauge is what the first time brought.
	want := before.String()
	got := after.Since(before)
	got.Want(t, `
		dspy_cache_size_bytes{cache_type="redis",service="test"} 512
		dspy_errors_total{error_type="rate_limit",service="test"} 0`)
	m.SetCacheSize(t.Context(), otelmetrics.CacheRedis, 1<<20)
	if diff := difference.Of(want, m.Scrape(t).Since(before).String()); diff != "" {
		t.Errorf("the second time (-want +got):\n%s", diff)
	}
	got.Conforms(t, views.Default())
	golden.Check(t, "testdata/snapshot.txt", want)
	after.Want(t, after.String())
}

func TestReading(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	other, err := m.ForService("other")
	if err != nil {
		t.Fatal(err)
	}
	measure(t.Context(), m)
	other.RecordPrediction(t.Context(), otelmetrics.ChainOfThought, otelmetrics.StatusSuccess)
	_, active := m.StartPrediction(t.Context(), otelmetrics.Predict)
	defer active.End(nil)
	s := m.Scrape(t)
	type values map[string]any
	got := values{
		"predictions of a type": s.Predictions(otelmetrics.ChainOfThought, otelmetrics.StatusSuccess),
		"predictions failed":    s.Predictions("", otelmetrics.StatusFailure),
		"predictions":           s.Predictions("", ""),
		"active":                s.ActivePredictions(),
		"errors of a type":      s.Errors(otelmetrics.ErrorTimeout),
		"errors of another":     s.Errors(otelmetrics.ErrorRateLimit),
		"errors":                s.Errors(""),
		"hits":                  s.CacheHits(otelmetrics.CacheMemory),
		"misses":                s.CacheMisses(""),
		"evictions":             s.CacheEvictions(otelmetrics.CacheRedis),
		"size":                  s.CacheSize(otelmetrics.CacheRedis),
		"attempts of a type":    s.UpstreamAttempts(string(otelmetrics.ErrorTimeout)),
		"attempts":              s.UpstreamAttempts(""),
		"usage missing":         s.UsageMissing(otelmetrics.UsageTooLarge),
		"tokens":                s.Tokens(otelmetrics.ChainOfThought, otelmetrics.TokensOutput),
		"cost":                  s.Cost(""),
		"latencies of a status": s.APILatencies("/predict", http.MethodPost, http.StatusOK).Sum,
		"latencies":             s.APILatencies("/predict", "", 0).Count,
		"first token":           s.TimesToFirstToken(otelmetrics.ChainOfThought).Count,
	}
	want := values{
		"predictions of a type": int64(2), "predictions failed": int64(1), "predictions": int64(3), "active": int64(1),
		"errors of a type": int64(1), "errors of another": int64(0), "errors": int64(1),
		"hits": int64(1), "misses": int64(2), "evictions": int64(1), "size": int64(1 << 20),
		"attempts of a type": int64(1), "attempts": int64(2), "usage missing": int64(1),
		"tokens": int64(7), "cost": 0.25,
		"latencies of a status": 5 * time.Millisecond, "latencies": int64(2), "first token": int64(1),
	}
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadingsOfModels(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	measureModel(t.Context(), m)
	s := m.Scrape(t)
	type values map[string]any
	scores, mean := s.Scores(otelmetrics.Predict, "exact_match")
	got := values{
		"tokens of a model": s.ModelTokens("", "gpt-4o", otelmetrics.TokensOutput),
		"cost of a model":   s.ModelCost("", "gpt-4o", otelmetrics.CostByPriceList),
		"calls of a model":  s.LMCalls("", "gpt-4o"),
		"tool calls":        s.ToolCalls(otelmetrics.Predict),
		"parse failures":    s.ParseFailures(""),
		"finishes":          s.Finishes(otelmetrics.Predict, otelmetrics.FinishLength),
		"tokens saved":      s.TokensSaved("", otelmetrics.TokensInput),
		"overhead":          s.Overheads(otelmetrics.Predict).Sum,
		"time per token":    s.TimesPerOutputToken(otelmetrics.Predict).Sum,
		"scores":            scores,
		"mean of scores":    mean,
		"limit":             s.ActivePredictionsLimit(),
	}
	want := values{
		"tokens of a model": int64(11), "cost of a model": 0.5, "calls of a model": int64(1), "tool calls": int64(2),
		"parse failures": int64(3), "finishes": int64(1), "tokens saved": int64(4), "overhead": 500 * time.Millisecond,
		"time per token": 100 * time.Millisecond, "scores": int64(2), "mean of scores": 0.75, "limit": int64(64),
	}
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.PredictionDuration.Buckets = []float64{0.25, 1, 10}
	m := otelmetricstest.New(t, otelmetrics.WithContract(contract))
	measure(t.Context(), m)
	want := otelmetricstest.Durations{
		Count: 2, Sum: 12300 * time.Millisecond,
		Buckets: map[time.Duration]int64{250 * time.Millisecond: 0, time.Second: 1, 10 * time.Second: 1},
	}
	if diff := difference.Of(want, m.Scrape(t).PredictionDurations("")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := m.Scrape(t).PredictionDurations(otelmetrics.Predict); got.Count != 0 || got.Sum != 0 || len(got.Buckets) != 0 {
		t.Errorf("of another type: got %+v", got)
	}
}

func TestEventually(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := otelmetricstest.New(t)
		started := time.Now()
		go func() {
			<-time.After(time.Second)
			m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
		}()
		m.Eventually(t, `dspy_errors_total{error_type="timeout",service="test"} 1`)
		if got := time.Since(started); got < time.Second || got > 2*time.Second {
			t.Errorf("got it after %s, want a little more than 1s", got)
		}
		got := said(t, func(t testing.TB) { m.Eventually(t, `dspy_errors_total{error_type="timeout",service="test"} 2`) })
		if want := "after 10s: metrics not as wanted, 1 of 1"; !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A recorder from outside works in a bubble too.
func TestRecorderFromOutside(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	synctest.Test(t, func(t *testing.T) {
		measure(t.Context(), m)
		m.Want(t, `dspy_active_predictions{service="test"} 0`)
	})
}

// The example has no test to run in.
func TestSynctestExample(t *testing.T) {
	answersTooLate(t)
}
