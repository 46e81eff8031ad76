package otelmetrics

import "sync/atomic"

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
	r.outcomes.track(1)
	return Active{recorder: r}
}

// Release ends it, the first time it is called.
func (a *Active) Release() {
	if a == nil || a.recorder == nil || a.released.Swap(true) {
		return
	}
	a.recorder.outcomes.track(-1)
}
