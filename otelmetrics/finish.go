package otelmetrics

import "context"

// RecordFinish counts an answer of a language model that ended for this reason.
func (r *Recorder) RecordFinish(ctx context.Context, kind PredictionType, reason FinishReason) {
	if r != nil {
		r.finishes.Get(string(kind), string(reason)).Add(ctx, 1)
	}
}

// AddFinish counts an answer of a language model on the way to the prediction that
// ended for this reason, also when the prediction failed or has ended.
func (p *Prediction) AddFinish(reason FinishReason) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.RecordFinish(p.ctx, p.predictor.kind, reason)
	}
}
