package otelmetricstest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// In a bubble of testing/synctest time passes by itself while everything waits,
// so that the durations of code with timers and time limits are exact.
func Example_synctest() {
	var t *testing.T // of your test
	answersTooLate(t)
}

func answersTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := otelmetricstest.New(t)
		m.Clock.Run()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()

		// The code under test waits for a model that does not answer.
		_, p := m.StartPrediction(ctx, otelmetrics.Predict)
		<-ctx.Done()
		err := ctx.Err()
		p.End(&err)

		m.Want(t, `
			dspy_prediction_duration_seconds_sum{prediction_type="predict",service="test"} 30
			dspy_errors_total{error_type="timeout",service="test"} 1`)
	})
}
