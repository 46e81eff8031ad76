package otelmetrics

import (
	"context"
	"log/slog"
)

// RecordScore observes how good a prediction is by a metric function of the
// user's, such as a DSPy metric, a judge or the feedback of a person. The name is
// that of the function. The value is from 0 to 1; another one, and one that is not
// a number, is not recorded but counted as refused, and logged once for each name.
func (r *Recorder) RecordScore(ctx context.Context, kind PredictionType, name string, value float64) {
	if r == nil {
		return
	}
	if !(value >= 0 && value <= 1) { // not a number either
		r.refuseScore(ctx, name, value)
		return
	}
	r.scores.Get(string(kind), name).Record(ctx, value)
}

// Score observes how good the prediction is, also when it has ended. See
// [Recorder.RecordScore].
func (p *Prediction) Score(name string, value float64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.RecordScore(p.ctx, p.predictor.kind, name, value)
	}
}

func (r *Recorder) refuseScore(ctx context.Context, name string, value float64) {
	p := r.pipeline
	p.refusedScores.Get(name).Add(ctx, 1)
	if first, last := p.warned.first("refused score", name); first { // No label has a key with a space.
		p.logger.Warn("score not recorded: it is not between 0 and 1",
			slog.String("score", name), slog.Float64("value", value), slog.Bool("last_warning", last))
	}
}
