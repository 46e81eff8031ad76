package otelmetricstest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestMessages holds what a failing test says.
func TestMessages(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	measure(t.Context(), m)
	answer := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		})
	}
	var b strings.Builder
	for _, test := range []struct {
		name string
		run  func(testing.TB)
	}{
		{"another value", func(t testing.TB) {
			m.Want(t, `
				dspy_predictions_total{prediction_type="cot",service="test",status="success"} 1
				dspy_predictions_total{prediction_type="predict",service="test",status="success"} 1
				dspy_cache_hits_total{cache_type="memory",service="test"} 2`)
		}},
		{"no such label value", func(t testing.TB) {
			m.Want(t, `dspy_errors_total{error_type="time_out",service="test"} 1`)
		}},
		{"a label less", func(t testing.TB) { m.Want(t, `dspy_errors_total{error_type="timeout"} 1`) }},
		{"no such metric", func(t testing.TB) {
			m.Want(t, `dspy_prediction_total{prediction_type="cot",service="test",status="success"} 1`)
		}},
		{"nothing like it", func(t testing.TB) { m.Want(t, `up 1`) }},
		{"no lines", func(t testing.TB) { m.Want(t, "\n# TYPE dspy_errors_total counter\n") }},
		{"no value", func(t testing.TB) { m.Want(t, `dspy_errors_total{error_type="timeout",service="test"}`) }},
		{"status", func(t testing.TB) { otelmetricstest.Scrape(t, answer(http.StatusTeapot, "short and stout\n")) }},
		{"another path", func(t testing.TB) { otelmetricstest.Scrape(t, http.NotFoundHandler()) }},
		{"no metrics", func(t testing.TB) { otelmetricstest.Scrape(t, answer(http.StatusOK, "<html>")) }},
		{"not the contract", func(t testing.TB) {
			contract := views.Default()
			contract.Metrics.APILatency.Buckets = []float64{0.001}
			contract.Labels.ErrorType.Values = append(contract.Labels.ErrorType.Values, "quota")
			otelmetricstest.Scrape(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				m.Handler().ServeHTTP(w, r)
				_, _ = io.WriteString(w, "# TYPE dspy_mine counter\ndspy_mine 1\n")
			})).Conforms(t, contract)
		}},
		{"no contract", func(t testing.TB) {
			contract := views.Default()
			contract.Labels.ErrorType.Budget = 0
			m.Scrape(t).Conforms(t, contract)
		}},
	} {
		message := said(t, test.run)
		if message == "" {
			t.Errorf("%s: got no failure", test.name)
		}
		b.WriteString("== " + test.name + "\n" + message + "\n\n")
	}
	golden.Check(t, "testdata/messages.txt", b.String())
}

func TestWantOwnInstruments(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	counter, err := m.MeterProvider().Meter("example.com/rag").Float64Counter("retrieved", metric.WithUnit("{document}"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		counter.Add(t.Context(), 0.1)
	}
	m.Want(t, `retrieved_total 0.3`)
	if got := m.Scrape(t).String(); got != "retrieved_total 0.3\n" {
		t.Errorf("got %q, want the sum without 0.00000000000000004", got)
	}
	if got := said(t, func(t testing.TB) { m.Want(t, `retrieved_total 0.3001`) }); got == "" {
		t.Error("0.3 is taken for 0.3001")
	}
	m.Conforms(t)
}

func TestWantEscapedValues(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t, otelmetrics.WithService(`a "b" \c`))
	m.RecordUsage(t.Context(), otelmetrics.Predict, otelmetrics.Usage{CostUSD: 1e6})
	const line = `dspy_cost_usd_total{model="unknown",prediction_type="predict",service="a \"b\" \\c",source="provider"} 1e+06`
	m.Want(t, line)
	if got := m.Scrape(t).String(); got != line+"\n" {
		t.Errorf("got %q, want %q", got, line)
	}
}
