package otelmetrics

import (
	"context"
	"sync/atomic"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// declareActive declares what counts the predictions in progress. It has no exemplars: those of the outcomes say more.
func (r *Recorder) declareActive() error {
	m := r.pipeline.contract.Metrics.ActivePredictions
	instrument, err := declare(r.pipeline, m, int64UpDownCounter)
	if err != nil {
		return err
	}
	r.active = instrument(attributes(m, r.fixed)...)
	if r.lasting() {
		bound.Prime(r.active)
	}
	return nil
}

// activate counts predictions that start or, if n is negative, end without an outcome.
func (r *Recorder) activate(n int64) { r.active.Add(context.Background(), n) }

// Active counts one prediction as active until it is released, for those who
// record by hand. It must not be copied; its methods are safe for concurrent
// use, and do nothing on a nil pointer or the zero value.
type Active struct {
	recorder *Recorder
	released atomic.Bool
}

// TrackActive counts a prediction as active. Release it before you record the
// prediction's status, so that it is never counted as both. Prefer
// [Recorder.StartPrediction], which sees to that.
func (r *Recorder) TrackActive() Active {
	if r == nil {
		return Active{}
	}
	r.activate(1)
	return Active{recorder: r}
}

// Release ends it, the first time it is called.
func (a *Active) Release() {
	if a == nil || a.recorder == nil || a.released.Swap(true) {
		return
	}
	a.recorder.activate(-1)
}
