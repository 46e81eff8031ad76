package otelmetrics

import (
	"context"
	"math"
)

// RecordCost adds US dollars that were spent on the model of [WithModel], as the
// provider stated them. What is not a positive finite number is ignored.
func (r *Recorder) RecordCost(ctx context.Context, kind PredictionType, usd float64) {
	if r != nil {
		r.recordCost(ctx, kind, r.modelName(), CostByProvider, usd)
	}
}

func (r *Recorder) recordCost(ctx context.Context, kind PredictionType, model string, source CostSource, usd float64) {
	if usd > 0 && !math.IsInf(usd, 1) {
		r.costs.Get(string(kind), model, string(source)).Add(ctx, usd)
	}
}

// AddCost adds US dollars that the prediction cost, as the provider stated them,
// also when it failed or has ended. See [Recorder.RecordCost].
func (p *Prediction) AddCost(usd float64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.recordCost(p.ctx, p.predictor.kind, p.modelName(), CostByProvider, usd)
		p.billStated(usd)
	}
}

// AddModelCost is [Prediction.AddCost] for a prediction that asks several models,
// or whose cost somebody else states: what this model cost, and who says so.
func (p *Prediction) AddModelCost(model Model, source CostSource, usd float64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.recordCost(p.ctx, p.predictor.kind, model.label(), source, usd)
		p.billStatedOf(model, usd)
	}
}
