package otelmetrics_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Code deep in the stack finds the prediction that it works for, the innermost one, through any other context.
// TestPredictionContext checks that the context of a prediction ends as the one does that it was started with.
func TestPredictionContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	m := newRecorder(t)
	deadline := time.Now().Add(time.Hour)
	parent, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, "value"), deadline)
	ctx, p := m.StartPrediction(parent, otelmetrics.Predict)
	defer p.End(nil)
	derived, release := context.WithCancel(ctx)
	defer release()
	if got, ok := derived.Deadline(); !ok || !got.Equal(deadline) {
		t.Errorf("got the deadline %v, want %v", got, deadline)
	}
	if got := derived.Value(key{}); got != "value" {
		t.Errorf("got the value %v, want the parent's", got)
	}
	if err := ctx.Err(); err != nil {
		t.Errorf("got %v before the end", err)
	}
	cancel()
	<-derived.Done()
	<-ctx.Done()
	if err := ctx.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestPredictionFrom(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	if got := otelmetrics.PredictionFrom(t.Context()); got != nil {
		t.Errorf("without a prediction: got %p, want nil", got)
	}
	otelmetrics.PredictionFrom(t.Context()).AddTokens(otelmetrics.TokensInput, 1) // does nothing
	outer, parent := m.StartPrediction(t.Context(), otelmetrics.ReAct)
	type key struct{}
	derived, cancel := context.WithTimeout(context.WithValue(outer, key{}, 1), time.Hour)
	defer cancel()
	if got := otelmetrics.PredictionFrom(derived); got != parent {
		t.Errorf("through other contexts: got %p, want %p", got, parent)
	}
	inner, child := m.StartPrediction(derived, otelmetrics.Predict)
	if got := otelmetrics.PredictionFrom(inner); got != child {
		t.Errorf("nested: got %p, want the inner one %p", got, child)
	}
	cancel()
	if inner.Err() == nil {
		t.Error("the inner context goes on after its parent was canceled")
	}
	var none *otelmetrics.Recorder
	if ctx, p := none.StartPrediction(outer, otelmetrics.Predict); ctx != outer || p != nil {
		t.Errorf("nil recorder: got %v, %p, want the context given and no prediction", ctx, p)
	}
	_, loose := m.Predictor(otelmetrics.Predict).Start(outer)
	loose.End(nil)
	child.End(nil)
	parent.End(nil)
}

// A prediction within another counts for itself. What is added to it is not added to its parent, but its time is a part of
// the parent's.
func TestNestedPredictions(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now))
	ask := func(ctx context.Context, failure error) (err error) {
		ctx, p := m.StartPrediction(ctx, otelmetrics.Predict)
		defer p.End(&err)
		clock.pass(time.Second)
		otelmetrics.PredictionFrom(ctx).AddTokens(otelmetrics.TokensInput, 10)
		return failure
	}
	reason := func(ctx context.Context, failure error) (err error) {
		ctx, p := m.StartPrediction(ctx, otelmetrics.ReAct)
		defer p.End(&err)
		wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 1`)
		otelmetrics.PredictionFrom(ctx).AddTokens(otelmetrics.TokensInput, 1)
		return errors.Join(ask(ctx, nil), ask(ctx, failure))
	}
	_ = reason(t.Context(), nil)
	_ = reason(t.Context(), &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="react",service="qa",status="failure"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 3`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 1`,
		`dspy_errors_total{error_type="rate_limit",service="qa"} 2`, // one for each prediction that failed
		`dspy_prediction_duration_seconds_sum{prediction_type="react",service="qa"} 4`,
		`dspy_prediction_duration_seconds_sum{prediction_type="predict",service="qa"} 4`,
		`dspy_active_predictions{service="qa"} 0`)
	all := samples(t, page)
	for kind, want := range map[string]float64{"react": 2, "predict": 40} {
		var got float64
		for name, value := range all {
			if value > 0 && hasLabels(name, "dspy_tokens_total", fmt.Sprintf("prediction_type=%q", kind), `token_type="input"`) {
				got += value
			}
		}
		if got != want {
			t.Errorf("input tokens of %s: got %v, want %v", kind, got, want)
		}
	}
}

// Predictions that run side by side under one parent each have their own context.
func TestParallelPredictions(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	const branches = 50
	ctx, parent := m.StartPrediction(t.Context(), otelmetrics.ReAct)
	var wg sync.WaitGroup
	for i := range branches {
		wg.Go(func() {
			ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
			defer p.End(nil)
			if otelmetrics.PredictionFrom(ctx) != p {
				t.Errorf("branch %d: got the prediction of another", i)
			}
			otelmetrics.PredictionFrom(ctx).AddTokens(otelmetrics.TokensOutput, 2)
		})
	}
	wg.Wait()
	if otelmetrics.PredictionFrom(ctx) != parent {
		t.Error("the parent's context carries another prediction")
	}
	parent.End(nil)
	page := scrape(t, m, text)
	wantLines(t, page,
		fmt.Sprintf(`dspy_predictions_total{prediction_type="cot",service="qa",status="success"} %d`, branches),
		`dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1`,
		`dspy_active_predictions{service="qa"} 0`)
	if got := total(samples(t, page), "dspy_tokens_total{"); got != 2*branches {
		t.Errorf("got %v tokens, want %d", got, 2*branches)
	}
}

// With retries and fallbacks the tokens are those of the model that spent them, and the duration is that of the last one.
func TestFallbackModels(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	m := newRecorder(t, otelmetrics.WithGenAI(otelmetrics.GenAIReleased),
		otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))))
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	for i, model := range []string{"large", "large", "small"} { // a retry, and a fallback
		p.SetModel(otelmetrics.Model{Provider: "openai", Name: model})
		p.AddTokens(otelmetrics.TokensInput, int64(10+i))
	}
	p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Provider: "openai", Name: "judge"}, Tokens: otelmetrics.Tokens{Input: 5}})
	p.End(nil)
	all := samples(t, scrape(t, m, text))
	for model, want := range map[string]float64{"large": 21, "small": 12, "judge": 5} {
		var got float64
		for name, value := range all {
			if hasLabels(name, "dspy_tokens_total", fmt.Sprintf("model=%q", model)) {
				got += value
			}
		}
		if got != want {
			t.Errorf("tokens of %s: got %v, want %v", model, got, want)
		}
	}
	for name, value := range all {
		if hasLabels(name, "gen_ai_client_operation_duration_seconds_count") && (value != 1 || !hasLabels(name, "gen_ai", `gen_ai_request_model="small"`)) {
			t.Errorf("got %s %v, want one duration, of the last model", name, value)
		}
	}
	span := exporter.GetSpans()[0]
	attributes := attribute.NewSet(span.Attributes...)
	if got, _ := attributes.Value("dspy.model"); got.AsString() != "small" {
		t.Errorf("span: got model %q, want the last one", got.AsString())
	}
}

// A span has the name of its prediction's type, and says which type, model and outcome it was.
func TestPredictionSpan(t *testing.T) {
	t.Parallel()
	failed := error(&otelmetrics.Error{Type: otelmetrics.ErrorRateLimit})
	for name, test := range map[string]struct {
		err  error
		code codes.Code
		want map[attribute.Key]string
	}{
		"success": {nil, codes.Unset, map[attribute.Key]string{"dspy.prediction_type": "cot", "dspy.status": "success", "dspy.model": "gpt-4o", "error.type": ""}},
		"failure": {failed, codes.Error, map[attribute.Key]string{"dspy.prediction_type": "cot", "dspy.status": "failure", "dspy.model": "gpt-4o", "error.type": "rate_limit"}},
	} {
		exporter := tracetest.NewInMemoryExporter()
		m := newRecorder(t, otelmetrics.WithModel(otelmetrics.Model{Name: "openai/gpt-4o"}),
			otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))))
		_, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
		p.End(&test.err)
		span := exporter.GetSpans()[0]
		if span.Name != "predict cot" || span.Status.Code != test.code {
			t.Errorf("%s: got span %q with status %s, want predict cot with %s", name, span.Name, span.Status.Code, test.code)
		}
		attributes := attribute.NewSet(span.Attributes...)
		for key, want := range test.want {
			if got, _ := attributes.Value(key); got.AsString() != want {
				t.Errorf("%s: attribute %s: got %q, want %q", name, key, got.AsString(), want)
			}
		}
	}
}
