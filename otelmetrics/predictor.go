package otelmetrics

import (
	"context"
	"math"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Predictor records the predictions of one type. It has the series at hand, so
// that nothing is looked up: keep one where you predict in a loop. It is made by
// [Recorder.Predictor], safe for concurrent use, and does nothing on a nil
// pointer.
type Predictor struct {
	recorder          *Recorder
	kind              string
	succeeded, failed *outcome
	duration          metric.Float64Histogram
	firstToken        metric.Float64Histogram
	cost              metric.Float64Counter
}

// Predictor returns the handle of a prediction type.
func (r *Recorder) Predictor(kind PredictionType) *Predictor {
	if r == nil {
		return nil
	}
	return r.predictors.Get(string(kind))
}

func (r *Recorder) newPredictor(values []string) *Predictor {
	kind := values[0]
	return &Predictor{
		recorder:   r,
		kind:       kind,
		succeeded:  r.outcomes.ended.Get(kind, string(Success)),
		failed:     r.outcomes.ended.Get(kind, string(Failure)),
		duration:   r.durations.Get(kind),
		firstToken: r.firstTokens.Get(kind),
		cost:       r.cost.Get(kind),
	}
}

// Start starts a prediction as [Recorder.StartPrediction] does.
func (p *Predictor) Start(ctx context.Context) (context.Context, Prediction) {
	if p == nil {
		return ctx, Prediction{}
	}
	p.recorder.outcomes.start()
	var span trace.Span
	if p.recorder.pipeline.tracer != nil {
		ctx, span = p.recorder.pipeline.tracer.Start(ctx, "predict")
	}
	return ctx, Prediction{predictor: p, ctx: ctx, span: span, start: p.recorder.pipeline.now()}
}

func (p *Predictor) recordFirstToken(ctx context.Context, elapsed time.Duration) {
	if p != nil && elapsed >= 0 {
		p.firstToken.Record(ctx, elapsed.Seconds())
	}
}

func (p *Predictor) recordTokens(ctx context.Context, what TokenType, count int64) {
	if p != nil && count > 0 {
		p.recorder.tokens.Get(p.kind, string(what)).Add(ctx, count)
	}
}

func (p *Predictor) recordCost(ctx context.Context, usd float64) {
	if p != nil && usd > 0 && !math.IsInf(usd, 1) {
		p.cost.Add(ctx, usd)
	}
}
