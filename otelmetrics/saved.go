package otelmetrics

import "context"

// RecordTokensSaved adds tokens that a cached answer once cost and this time did
// not. A count below 1 is ignored.
func (r *Recorder) RecordTokensSaved(ctx context.Context, kind PredictionType, what TokenType, count int64) {
	if r != nil {
		add(ctx, r.tokensSaved.Get(string(kind), string(what)), count)
	}
}

// AddTokensSaved adds tokens that a cache saved the prediction, also when it has
// ended. See [Recorder.RecordTokensSaved].
func (p *Prediction) AddTokensSaved(what TokenType, count int64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.RecordTokensSaved(p.ctx, p.predictor.kind, what, count)
	}
}
