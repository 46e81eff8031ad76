package otelmetricstest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// printing stands for the *testing.T of your test, which an example has not. It
// prints why it fails.
type printing struct{ testing.TB }

func (printing) Helper()                  {}
func (printing) Cleanup(func())           {}
func (printing) Context() context.Context { return context.Background() }
func (printing) Output() io.Writer        { return io.Discard }
func (printing) Error(args ...any)        { fmt.Println(args...) }

func Example() {
	t := printing{} // in your test it is a *testing.T

	m := otelmetricstest.New(t, otelmetrics.WithService("qa"))

	// The code under test, with a model that takes 300 ms.
	answer := func(ctx context.Context) (err error) {
		_, p := m.StartPrediction(ctx, otelmetrics.ReAct)
		defer p.End(&err)
		m.Clock.Advance(300 * time.Millisecond)
		return nil
	}
	fmt.Println("error:", answer(t.Context()))

	m.Want(t, `
		dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1
		dspy_prediction_duration_seconds_sum{prediction_type="react",service="qa"} 0.3
		dspy_active_predictions{service="qa"} 0`)
	m.Conforms(t)
	fmt.Println("took:", m.Scrape(t).PredictionDurations(otelmetrics.ReAct).Sum)
	// Output:
	// error: <nil>
	// took: 300ms
}

func ExampleSnapshot_Want() {
	t := printing{} // in your test it is a *testing.T
	m := otelmetricstest.New(t)

	m.RecordError(t.Context(), otelmetrics.ErrorRateLimit)

	m.Want(t, `dspy_errors_total{error_type="timeout",service="test"} 1`)
	// Output:
	// metrics not as wanted, 1 of 1 (-want +got):
	// - dspy_errors_total{error_type="timeout",service="test"} 1
	// + dspy_errors_total{error_type="timeout",service="test"} 0
	//   # others of this metric that are not at zero:
	//   dspy_errors_total{error_type="rate_limit",service="test"} 1
}

func ExampleSnapshot_Since() {
	t := printing{} // in your test it is a *testing.T
	m := otelmetricstest.New(t)
	m.RecordCacheMiss(t.Context(), otelmetrics.CacheRedis)
	before := m.Scrape(t)

	// What is under test.
	m.RecordPrediction(t.Context(), otelmetrics.Predict, otelmetrics.StatusSuccess)
	m.RecordCacheHit(t.Context(), otelmetrics.CacheRedis)

	fmt.Print(m.Scrape(t).Since(before))
	// Output:
	// dspy_cache_hits_total{cache_type="redis",service="test"} 1
	// dspy_predictions_total{prediction_type="predict",service="test",status="success"} 1
}

// A service that makes its recorder itself is tested by what it exposes.
func ExampleScrape() {
	t := printing{} // in your test it is a *testing.T
	service := newService()

	s := otelmetricstest.Scrape(t, service)
	fmt.Println(s.Predictions(otelmetrics.Predict, otelmetrics.StatusFailure), "failed")
	fmt.Println(s.Errors(otelmetrics.ErrorTimeout), "timed out")
	// Output:
	// 1 failed
	// 1 timed out
}

// newService returns a service that has failed once.
func newService() http.Handler {
	ctx := context.Background()
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"))
	if err != nil {
		return http.NotFoundHandler()
	}
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	err = fmt.Errorf("model: %w", context.DeadlineExceeded)
	p.End(&err)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	return mux
}
