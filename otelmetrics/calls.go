package otelmetrics

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// calls are the series of what predictions call on their way, by prediction type.
type calls struct {
	lm            *label.Tree[metric.Int64Counter] // and by model
	tools         *label.Tree[metric.Int64Counter]
	parseFailures *label.Tree[metric.Int64Counter]
}

func (r *Recorder) declareCalls() error {
	m, l := r.pipeline.contract.Metrics, r.pipeline.contract.Labels
	return errors.Join(
		set(&r.calls.lm, r, m.LMCalls, int64Counter, l.PredictionType, l.Model),
		set(&r.calls.tools, r, m.ToolCalls, int64Counter, l.PredictionType),
		set(&r.calls.parseFailures, r, m.ParseFailures, int64Counter, l.PredictionType),
	)
}

// add adds a count to a series. A count below 1 is ignored.
func add(ctx context.Context, series metric.Int64Counter, count int64) {
	if count > 0 {
		series.Add(ctx, count)
	}
}

// RecordLMCalls adds calls of the language model of [WithModel], those that a
// cache answered included. A count below 1 is ignored.
func (r *Recorder) RecordLMCalls(ctx context.Context, kind PredictionType, count int64) {
	if r != nil {
		add(ctx, r.calls.lm.Get(string(kind), r.modelName()), count)
	}
}

// RecordToolCalls adds calls of tools. A count below 1 is ignored.
func (r *Recorder) RecordToolCalls(ctx context.Context, kind PredictionType, count int64) {
	if r != nil {
		add(ctx, r.calls.tools.Get(string(kind)), count)
	}
}

// RecordParseFailures adds completions that could not be parsed. A count below 1
// is ignored.
func (r *Recorder) RecordParseFailures(ctx context.Context, kind PredictionType, count int64) {
	if r != nil {
		add(ctx, r.calls.parseFailures.Get(string(kind)), count)
	}
}

// AddLMCalls adds calls of the prediction's language model, those that a cache
// answered included, also when the prediction failed or has ended. A count below
// 1 is ignored.
func (p *Prediction) AddLMCalls(count int64) {
	if p != nil && p.predictor != nil {
		add(p.ctx, p.predictor.recorder.calls.lm.Get(string(p.predictor.kind), p.modelName()), count)
		p.lmCalls.Add(max(count, 0))
		p.billOwn("", 0, count)
	}
}

// AddModelLMCalls is [Prediction.AddLMCalls] for a prediction that asks several
// models: the calls are those of this one.
func (p *Prediction) AddModelLMCalls(model Model, count int64) {
	if p != nil && p.predictor != nil {
		add(p.ctx, p.predictor.recorder.calls.lm.Get(string(p.predictor.kind), model.label()), count)
		p.lmCalls.Add(max(count, 0))
		p.billOf(model, "", 0, count)
	}
}

// AddToolCalls adds calls of tools, also when the prediction failed or has ended.
// A count below 1 is ignored.
func (p *Prediction) AddToolCalls(count int64) {
	if p != nil && p.predictor != nil {
		add(p.ctx, p.predictor.recorder.calls.tools.Get(string(p.predictor.kind)), count)
		p.toolCalls.Add(max(count, 0))
	}
}

// AddParseFailures adds completions that could not be parsed, also when the
// prediction failed or has ended. A count below 1 is ignored.
func (p *Prediction) AddParseFailures(count int64) {
	if p != nil && p.predictor != nil {
		add(p.ctx, p.predictor.recorder.calls.parseFailures.Get(string(p.predictor.kind)), count)
	}
}
