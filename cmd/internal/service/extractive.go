package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/extractive"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Extractive answers requests with the built-in predictor.
type Extractive struct{ predictor *extractive.Predictor }

// NewExtractive returns the built-in predictor over a text, which answers the
// questions that come without a context.
func NewExtractive(text string) (*Extractive, error) {
	predictor, err := extractive.New(text)
	if err != nil {
		return nil, fmt.Errorf("built-in predictor: %w", err)
	}
	return &Extractive{predictor: predictor}, nil
}

// method is part of every answer, so that no one takes it for the answer of a
// language model.
const method = "extractive: the passage that fits the question best (BM25), no language model"

// String describes the predictor.
func (e *Extractive) String() string { return "the built-in predictor, " + method }

// Check refuses what the predictor cannot do.
func (e *Extractive) Check(kind otelmetrics.PredictionType, body []byte) error {
	if _, err := mode(kind); err != nil {
		return err
	}
	_, err := decode(body)
	return err
}

// Rewrite leaves the request as it is: it goes nowhere.
func (e *Extractive) Rewrite(*httputil.ProxyRequest) {}

// Predict answers the request.
func (e *Extractive) Predict(call *Call, r *http.Request) (*http.Response, error) {
	question, err := decode(call.Body)
	if err != nil {
		return nil, &otelmetrics.Error{Type: otelmetrics.ErrorInvalidInput, Err: err}
	}
	outputs, err := e.predict(r.Context(), call.Type, question)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(extraction{PredictionType: call.Type, Outputs: outputs})
	if err != nil {
		return nil, fmt.Errorf("built-in predictor: %w", err)
	}
	body = append(body, '\n')
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		// Nothing is missing where no model was called.
		Header:        http.Header{"Content-Type": {"application/json"}, "Dspy-Lm-Calls": {"0"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}, nil
}

func (e *Extractive) predict(ctx context.Context, kind otelmetrics.PredictionType, in inputs) (map[string]any, error) {
	mode, err := mode(kind)
	if err != nil {
		return nil, &otelmetrics.Error{Type: otelmetrics.ErrorInvalidInput, Err: err}
	}
	answer, err := e.predictor.Predict(ctx, extractive.Question{Text: in.Question, Context: in.Context, Mode: mode})
	if err != nil {
		return nil, fmt.Errorf("built-in predictor: %w", err)
	}
	outputs := map[string]any{"answer": answer.Text, "method": method}
	switch mode {
	case extractive.ChainOfThought:
		outputs["reasoning"] = answer.Reasoning
	case extractive.ReAct:
		outputs["trajectory"] = trajectory(answer.Trajectory)
	case extractive.Predict: // the answer is all there is
	}
	return outputs, nil
}

// trajectory has the keys of DSPy's own ReAct trajectories.
func trajectory(hops []extractive.Hop) map[string]string {
	steps := make(map[string]string)
	for i, hop := range hops {
		steps[fmt.Sprintf("thought_%d", i)] = hop.Thought
		steps[fmt.Sprintf("action_%d", i)] = hop.Action
		steps[fmt.Sprintf("observation_%d", i)] = hop.Observation
	}
	return steps
}

func mode(kind otelmetrics.PredictionType) (extractive.Mode, error) {
	switch kind {
	case otelmetrics.Predict:
		return extractive.Predict, nil
	case otelmetrics.ChainOfThought:
		return extractive.ChainOfThought, nil
	case otelmetrics.ReAct:
		return extractive.ReAct, nil
	default:
		return 0, fmt.Errorf("prediction_type %.100q is not supported by the built-in predictor: use %s, %s or %s",
			kind, otelmetrics.Predict, otelmetrics.ChainOfThought, otelmetrics.ReAct)
	}
}
