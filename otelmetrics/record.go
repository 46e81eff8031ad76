package otelmetrics

import "context"

// RecordPrediction counts a prediction that was made and measured elsewhere.
// It adds no error and no duration: see [Recorder.RecordError] and
// [Recorder.StartTimer]. Prefer [Recorder.StartPrediction], which does it all.
// A status that is not [StatusSuccess] counts as [StatusFailure].
func (r *Recorder) RecordPrediction(ctx context.Context, kind PredictionType, status Status) {
	if r == nil {
		return
	}
	p := r.Predictor(kind)
	r.activate(1)
	if status == StatusSuccess {
		p.succeeded.Add(ctx, 1)
	} else {
		p.failed.Add(ctx, 1)
	}
}

// RecordError counts an error. A failed prediction of [Recorder.StartPrediction]
// has counted its own already.
func (r *Recorder) RecordError(ctx context.Context, errorType ErrorType) {
	if r != nil {
		r.errors.Get(string(errorType)).Add(ctx, 1)
	}
}

// RecordUpstreamAttempt counts an attempt to get an answer from upstream, such as
// one request to a language model's API. A nil error is a success; another one is
// counted by its type, as in [Prediction.End]: see [Classify]. A prediction that
// needs retries has several attempts.
func (r *Recorder) RecordUpstreamAttempt(ctx context.Context, err error) {
	if r == nil {
		return
	}
	if err == nil {
		r.attempts.Get(string(StatusSuccess)).Add(ctx, 1)
		return
	}
	r.pipeline.classified(ctx, err, func(errorType ErrorType) { r.attempts.Get(string(errorType)).Add(ctx, 1) })
}
