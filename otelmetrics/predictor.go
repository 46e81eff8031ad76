package otelmetrics

import (
	"context"
	"errors"
	"math"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// Predictor records the predictions of one type. It has the series at hand, so
// that nothing is looked up: keep one where you predict in a loop. It is made by
// [Recorder.Predictor], safe for concurrent use, and does nothing on a nil
// pointer.
type Predictor struct {
	recorder          *Recorder
	kind              PredictionType
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

func (r *Recorder) declarePredictors(service string) error {
	p, m := r.pipeline, r.pipeline.contract.Metrics
	predictions, err0 := declare(p, m.Predictions, int64Counter)
	duration, err1 := declare(p, m.PredictionDuration, float64Histogram)
	firstToken, err2 := declare(p, m.TimeToFirstToken, float64Histogram)
	cost, err3 := declare(p, m.Cost, float64Counter)
	r.predictors = label.NewTree(func(values []string) *Predictor {
		kind, series := values[0], []string{service, values[0]}
		return &Predictor{
			recorder:   r,
			kind:       PredictionType(kind),
			succeeded:  r.outcomes.newOutcome(predictions(attributes(m.Predictions.Labels, append(series, string(Success)))...)),
			failed:     r.outcomes.newOutcome(predictions(attributes(m.Predictions.Labels, append(series, string(Failure)))...)),
			duration:   duration(attributes(m.PredictionDuration.Labels, series)...),
			firstToken: firstToken(attributes(m.TimeToFirstToken.Labels, series)...),
			cost:       cost(attributes(m.Cost.Labels, series)...),
		}
	}, p.labels[p.contract.Labels.PredictionType.Key])
	return errors.Join(err0, err1, err2, err3)
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

func (p *Predictor) recordCost(ctx context.Context, usd float64) {
	if p != nil && usd > 0 && !math.IsInf(usd, 1) {
		p.cost.Add(ctx, usd)
	}
}
