package otelmetrics_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Where the clock jumps, a duration is at most off by the jump and never below
// zero: a histogram whose sum goes down is a counter reset to Prometheus. The
// counts do not care.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		jump time.Duration
		want float64 // of the sums
	}{"forward": {time.Hour, 3600}, "backward": {-time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, clock, collector := t.Context(), newClock(), otlptest.NewHTTP(t)
			m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithOTLP(collector.Endpoint()))
			_, p := m.StartPrediction(ctx, "own")
			timer := m.StartTimer(otelmetrics.ReAct)
			handler := m.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				p.FirstToken()
				clock.pass(test.jump)
			}))
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
			failed := errors.New("failed")
			p.End(&failed)
			timer.Observe(ctx)
			collector.Respond(otlptest.Fail(http.StatusBadRequest)) // an outage that ends before it began
			_ = m.ForceFlush(ctx)
			clock.pass(test.jump)
			collector.Respond(otlptest.Accept())
			if err := m.ForceFlush(ctx); err != nil {
				t.Fatal(err)
			}
			page := samples(t, scrape(t, m, text))
			for series, want := range map[string]float64{
				`dspy_predictions_total{prediction_type="own",service="qa",status="failure"}`:                                  1,
				`dspy_errors_total{error_type="prediction_failed",service="qa"}`:                                               1,
				`dspy_active_predictions{service="qa"}`:                                                                        0,
				`dspy_prediction_duration_seconds_count{prediction_type="own",service="qa"}`:                                   1,
				`dspy_prediction_duration_seconds_sum{prediction_type="own",service="qa"}`:                                     test.want,
				`dspy_prediction_duration_seconds_sum{prediction_type="react",service="qa"}`:                                   test.want,
				`dspy_time_to_first_token_seconds_sum{prediction_type="own",service="qa"}`:                                     0,
				`dspy_api_latency_seconds_sum{endpoint="unmatched",method="POST",service="qa",status_code="200"}`:              test.want,
				`dspy_api_latency_seconds_bucket{endpoint="unmatched",le="+Inf",method="POST",service="qa",status_code="200"}`: 1,
			} {
				if got, ok := page[series]; !ok || got != want {
					t.Errorf("%s: got %v, want %v", series, got, want)
				}
			}
		})
	}
}

// A clock that goes back forgets nothing, and does not stop the forgetting.
func TestClockJumpsWhileIdle(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithIdleTimeout(time.Minute))
	m.RecordPrediction(t.Context(), "own", otelmetrics.StatusSuccess)
	clock.pass(-time.Hour)
	const series = `dspy_predictions_total{prediction_type="own",service="qa",status="success"}`
	for range 3 {
		wantLines(t, scrape(t, m, text), series+" 1")
	}
	clock.pass(time.Hour + time.Minute)
	scrape(t, m, text) // the last to show it
	if _, ok := samples(t, scrape(t, m, text))[series]; ok {
		t.Errorf("got %s, which was idle for longer than the timeout", series)
	}
}

// The clock of the system has a monotonic reading, which no jump of its time
// changes; it is lost by any arithmetic that goes through the date.
func TestClockOfTheSystemIsMonotonic(t *testing.T) {
	t.Parallel()
	if now := otelmetrics.Now(newRecorder(t).Recorder); now.Equal(now.Round(0)) && now.String() == now.Round(0).String() {
		t.Errorf("got %s without a monotonic reading", now)
	}
}
