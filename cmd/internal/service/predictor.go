package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/extractive"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Extractive answers requests with the embedded predictor.
type Extractive struct{ predictor *extractive.Predictor }

// NewExtractive returns the embedded predictor over a text, which answers the
// questions that come without a context.
func NewExtractive(text string) (*Extractive, error) {
	predictor, err := extractive.New(text)
	if err != nil {
		return nil, fmt.Errorf("embedded predictor: %w", err)
	}
	return &Extractive{predictor: predictor}, nil
}

// method is said with every answer: nobody shall take it for a language model's.
const method = "extractive: the passage that fits the question best (BM25), no language model"

// Check refuses what the predictor cannot do, before a prediction starts.
func (e *Extractive) Check(r Request) error {
	if _, err := mode(r.PredictionType); err != nil {
		return err
	}
	if strings.TrimSpace(r.Inputs.Question) == "" {
		return errors.New("inputs.question is missing or empty")
	}
	return nil
}

// Predict answers the request.
func (e *Extractive) Predict(ctx context.Context, r Request) (Outputs, error) {
	mode, err := mode(r.PredictionType)
	if err != nil {
		return nil, &otelmetrics.Error{Type: otelmetrics.InvalidInput, Err: err}
	}
	answer, err := e.predictor.Predict(ctx, extractive.Question{Text: r.Inputs.Question, Context: r.Inputs.Context, Mode: mode})
	if err != nil {
		return nil, fmt.Errorf("embedded predictor: %w", err)
	}
	outputs := Outputs{"answer": answer.Text, "method": method}
	switch mode {
	case extractive.ChainOfThought:
		outputs["reasoning"] = answer.Reasoning
	case extractive.ReAct:
		outputs["trajectory"] = trajectory(answer.Trajectory)
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
		return 0, fmt.Errorf("prediction_type %q is not one that the embedded predictor has: %s, %s, %s",
			kind, otelmetrics.Predict, otelmetrics.ChainOfThought, otelmetrics.ReAct)
	}
}
