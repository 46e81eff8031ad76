package otelmetrics

import (
	"context"
	"sync/atomic"
	"time"
)

// Timer measures the duration of one prediction for those who record by hand.
// It must not be copied; its methods are safe for concurrent use, and do
// nothing on a nil pointer or the zero value.
type Timer struct {
	predictor *Predictor
	start     time.Duration // of the pipeline's uptime
	observed  atomic.Bool
}

// StartTimer starts the clock of a prediction. Prefer [Recorder.StartPrediction],
// which records the outcome as well.
func (r *Recorder) StartTimer(kind PredictionType) Timer {
	if r == nil {
		return Timer{}
	}
	return Timer{predictor: r.Predictor(kind), start: r.pipeline.uptime()}
}

// Observe records the duration since the start, the first time it is called.
func (t *Timer) Observe(ctx context.Context) {
	if t == nil || t.predictor == nil || t.observed.Swap(true) {
		return
	}
	t.predictor.duration.Record(ctx, t.predictor.recorder.pipeline.since(t.start).Seconds())
}
