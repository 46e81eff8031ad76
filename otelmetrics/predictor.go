package otelmetrics

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// Predictor records the predictions of one type. It has the series at hand, so
// that nothing is looked up: keep one where you predict in a loop. It is made by
// [Recorder.Predictor], safe for concurrent use, and does nothing on a nil
// pointer.
type Predictor struct {
	recorder          *Recorder
	kind              PredictionType
	succeeded, failed metric.Int64Counter // and no longer active
	duration          metric.Float64Histogram
	firstToken        metric.Float64Histogram
}

// Predictor returns the handle of a prediction type.
func (r *Recorder) Predictor(kind PredictionType) *Predictor {
	if r == nil {
		return nil
	}
	return r.predictors.Get(string(kind))
}

func (r *Recorder) declarePredictors() error {
	p, m, l := r.pipeline, r.pipeline.contract.Metrics, r.pipeline.contract.Labels
	predictions, err0 := declare(p, m.Predictions, int64Counter)
	duration, err1 := declare(p, m.PredictionDuration, float64Histogram)
	firstToken, err2 := declare(p, m.TimeToFirstToken, float64Histogram)
	r.predictors = label.NewTree(func(values []string) *Predictor {
		kind := attribute.String(l.PredictionType.Key, values[0])
		outcome := func(status Status) metric.Int64Counter {
			series := predictions(attributes(m.Predictions, r.fixed, kind, attribute.String(l.Status.Key, string(status)))...)
			ending := bound.Ending(series, r.active)
			ending.Add(context.Background(), 0) // so that both appear at once
			return ending
		}
		return &Predictor{
			recorder:   r,
			kind:       PredictionType(values[0]),
			succeeded:  outcome(StatusSuccess),
			failed:     outcome(StatusFailure),
			duration:   duration(attributes(m.PredictionDuration, r.fixed, kind)...),
			firstToken: firstToken(attributes(m.TimeToFirstToken, r.fixed, kind)...),
		}
	}, p.valuesOf(l.PredictionType)...)
	return errors.Join(err0, err1, err2)
}

// Start starts a prediction as [Recorder.StartPrediction] does, but does not allocate: the returned context does not carry
// the prediction for [PredictionFrom].
func (p *Predictor) Start(ctx context.Context) (started context.Context, prediction Prediction) {
	started = p.start(ctx, &prediction)
	return
}

// start fills in a prediction where it is returned, as copying it takes longer than to count it.
func (p *Predictor) start(ctx context.Context, prediction *Prediction) context.Context {
	if p == nil {
		return ctx
	}
	if p.recorder.pipeline.tracer != nil {
		ctx = p.startSpan(ctx, prediction)
	}
	prediction.predictor, prediction.ctx, prediction.start = p, ctx, p.recorder.pipeline.uptime()
	p.recorder.activate(1)
	return ctx
}

func (p *Predictor) recordFirstToken(ctx context.Context, model *modelSeries, elapsed time.Duration) {
	if p != nil && elapsed >= 0 {
		p.firstToken.Record(ctx, elapsed.Seconds())
		model.recordFirstToken(ctx, p.kind, elapsed.Seconds())
	}
}
