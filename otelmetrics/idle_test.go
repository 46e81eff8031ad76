package otelmetrics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// narrow is a contract with room for one prediction type that is not well-known.
func narrow() views.Contract {
	contract := views.Default()
	label := &contract.Labels.PredictionType
	label.Budget = len(label.Values) + 1
	return contract
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	ctx, clock := t.Context(), newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(narrow()),
		otelmetrics.WithIdleTimeout(time.Minute))
	_, slow := m.StartPrediction(ctx, "first")
	m.RecordPrediction(ctx, "first", otelmetrics.StatusSuccess)
	m.RecordPrediction(ctx, otelmetrics.ReAct, otelmetrics.StatusFailure)
	m.RecordUsage(ctx, "first", otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: 7}})
	m.RecordPrediction(ctx, "second", otelmetrics.StatusSuccess)
	wantLines(t, scrape(t, m, text),
		`dspy_predictions_total{prediction_type="first",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="other",service="qa",status="success"} 1`,
		`dspy_tokens_total{model="unknown",prediction_type="first",service="qa",token_type="input"} 7`,
		`dspy_active_predictions{service="qa"} 1`)

	clock.pass(time.Minute)
	scrape(t, m, text) // the last to show what has been idle
	page := scrape(t, m, text)
	if strings.Contains(page, `"first"`) {
		t.Errorf("the idle type is still there:\n%s", page)
	}
	wantLines(t, page,
		`dspy_predictions_total{prediction_type="react",service="qa",status="failure"} 1`,
		`dspy_predictions_total{prediction_type="cot",service="qa",status="success"} 0`,
		`dspy_active_predictions{service="qa"} 1`)

	m.RecordPrediction(ctx, "second", otelmetrics.StatusSuccess)
	slow.End(nil)
	wantLines(t, scrape(t, m, text),
		`dspy_predictions_total{prediction_type="second",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="first",service="qa",status="success"} 1`,
		`dspy_active_predictions{service="qa"} 0`)
}

func TestIdleTimeoutOfNewRoutes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	contract := views.Default()
	contract.Labels.Endpoint.Budget = 2
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(contract), otelmetrics.WithIdleTimeout(time.Minute))
	for day := range 10 {
		for route := range 2 {
			otelmetrics.RecordLatency(t.Context(), m.Recorder, fmt.Sprintf("/v%d/%d", day, route), "GET", 200, time.Second)
		}
		page := samples(t, scrape(t, m, text))
		for route := range 2 {
			series := fmt.Sprintf(`dspy_api_latency_seconds_count{endpoint="/v%d/%d",method="GET",service="qa",status_code="200"}`, day, route)
			if page[series] != 1 {
				t.Errorf("day %d: got %v for %s, want 1", day, page[series], series)
			}
		}
		clock.pass(time.Minute)
		scrape(t, m, text)
	}
	if got := total(samples(t, scrape(t, m, text)), "dspy_metrics_label_overflow_total"); got != 0 {
		t.Errorf("%v measurements went to other, want none", got)
	}
}

// Whatever is forgotten and comes back, no prediction is lost or counted twice:
// the intervals of the push add up, and what was started is what has ended.
func TestIdleTimeoutLosesNothing(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	ctx, clock := t.Context(), newClock()
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(narrow()),
		otelmetrics.WithIdleTimeout(time.Minute), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol("http/protobuf"))
	const rounds, workers, each = 20, 4, 200
	for range rounds {
		var measuring sync.WaitGroup
		for range workers {
			measuring.Go(func() {
				for range each {
					_, p := m.StartPrediction(ctx, otelmetrics.PredictionType(fmt.Sprint("type", rand.IntN(6))))
					p.AddTokens(otelmetrics.TokensOutput, 2)
					p.End(nil)
				}
			})
		}
		for range 3 {
			clock.pass(time.Duration(rand.IntN(60)) * time.Second)
			if got := samples(t, scrape(t, m, text))[`dspy_active_predictions{service="qa"}`]; got < 0 {
				t.Errorf("got %v active predictions", got)
			}
			if err := m.ForceFlush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		measuring.Wait()
		wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 0`)
	}
	if err := m.ForceFlush(ctx); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"dspy_predictions_total":                 rounds * workers * each,
		"dspy_tokens_total":                      rounds * workers * each * 2,
		"dspy_prediction_duration_seconds_count": rounds * workers * each,
	}
	got := make(map[string]float64)
	for _, request := range collector.Requests() {
		for _, pushed := range request.Resources {
			for series, value := range pushedSamples(pushed) {
				name, _, _ := strings.Cut(series, "{")
				got[name] += value
			}
		}
	}
	for name, want := range want {
		if got[name] != want {
			t.Errorf("the intervals of %s add up to %v, want %v", name, got[name], want)
		}
	}
}
