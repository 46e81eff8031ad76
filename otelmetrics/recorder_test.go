package otelmetrics_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// newRecorder returns a recorder that is shut down with the test.
func newRecorder(t testing.TB, options ...otelmetrics.Option) *otelmetrics.Metrics {
	t.Helper()
	options = append([]otelmetrics.Option{
		otelmetrics.WithService("qa"),
		otelmetrics.WithLogger(slog.New(slog.DiscardHandler)),
	}, options...)
	m, err := otelmetrics.New(context.Background(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown(context.Background()) })
	return m
}

// shutdownWithin ends a recorder whose collector may hang.
func shutdownWithin(m *otelmetrics.Metrics, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return m.Shutdown(ctx)
}

// scrape returns the page as Prometheus gets it, as text or OpenMetrics.
func scrape(t testing.TB, m *otelmetrics.Metrics, accept string) string {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	m.Handler().ServeHTTP(response, request)
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Code != http.StatusOK {
		t.Fatalf("got status %d, error %v:\n%s", response.Code, err, body)
	}
	return string(body)
}

const (
	text        = "text/plain"
	openMetrics = "application/openmetrics-text; version=1.0.0"
)

// wantLines fails for each line that the page does not have.
func wantLines(t testing.TB, page string, lines ...string) {
	t.Helper()
	missing := false
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("the page has no line %q", line)
			missing = true
		}
	}
	if missing {
		t.Logf("page:\n%s", page)
	}
}

func TestPredictionScope(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	predict := func(failure error) (err error) {
		_, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
		defer p.End(&err)
		wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 1`)
		return failure
	}
	_ = predict(nil)
	_ = predict(errors.New("model says no"))
	wantLines(t, scrape(t, m, text),
		`dspy_active_predictions{service="qa"} 0`,
		`dspy_predictions_total{prediction_type="cot",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="cot",service="qa",status="failure"} 1`,
		`dspy_errors_total{error_type="prediction_failed",service="qa"} 1`,
		`dspy_errors_total{error_type="timeout",service="qa"} 0`,
		`dspy_prediction_duration_seconds_count{prediction_type="cot",service="qa"} 2`,
	)
}
