package otelmetrics

import "context"

// RecordFinishes adds answers of language models that ended for this reason. A count
// below 1 is ignored.
func (r *Recorder) RecordFinishes(ctx context.Context, kind PredictionType, reason FinishReason, count int64) {
	if r != nil {
		add(ctx, r.finishes.Get(string(kind), string(reason)), count)
	}
}

// AddFinishes adds answers of language models on the way to the prediction that ended
// for this reason, also when the prediction failed or has ended. A count below 1 is
// ignored.
func (p *Prediction) AddFinishes(reason FinishReason, count int64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.RecordFinishes(p.ctx, p.predictor.kind, reason, count)
	}
}
