package main

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	// [readme:begin test]
	m := otelmetricstest.New(t)
	_, err := (&service{metrics: m.Recorder}).predict(t.Context(), "What is the capital of Atlantis?")
	m.Want(t, `
		dspy_predictions_total{prediction_type="cot",service="test",status="failure"} 1
		dspy_errors_total{error_type="prediction_failed",service="test"} 1`)
	m.Conforms(t)
	// [readme:end test]
	if err == nil {
		t.Error("got no error")
	}
}
