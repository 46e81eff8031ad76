package otelmetrics

import (
	"cmp"
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// usageSeries are the series that a [Usage] is recorded in. All but those of missing are by prediction type, and then by
// what is said here.
type usageSeries struct {
	tokens        *label.Tree[metric.Int64Counter]   // model and token type
	saved         *label.Tree[metric.Int64Counter]   // token type
	costs         *label.Tree[metric.Float64Counter] // model and source
	calls         *label.Tree[metric.Int64Counter]   // model
	toolCalls     *label.Tree[metric.Int64Counter]
	parseFailures *label.Tree[metric.Int64Counter]
	finishes      *label.Tree[metric.Int64Counter] // reason
	missing       *label.Tree[metric.Int64Counter] // reason
}

func (r *Recorder) declareUsage() error {
	m, l, u := r.pipeline.contract.Metrics, r.pipeline.contract.Labels, &r.usage
	return errors.Join(
		set(&u.tokens, r, m.Tokens, int64Counter, l.PredictionType, l.Model, l.TokenType),
		set(&u.saved, r, m.TokensSaved, int64Counter, l.PredictionType, l.TokenType),
		set(&u.costs, r, m.Cost, float64Counter, l.PredictionType, l.Model, l.Source),
		set(&u.calls, r, m.LMCalls, int64Counter, l.PredictionType, l.Model),
		set(&u.toolCalls, r, m.ToolCalls, int64Counter, l.PredictionType),
		set(&u.parseFailures, r, m.ParseFailures, int64Counter, l.PredictionType),
		set(&u.finishes, r, m.Finishes, int64Counter, l.PredictionType, l.FinishReason),
		set(&u.missing, r, m.UsageMissing, int64Counter, l.UsageReason),
	)
}

// recordUsage records what calls of a model spent. Nothing is looked up for what is not stated: it would make a series.
func (r *Recorder) recordUsage(ctx context.Context, kind PredictionType, model string, series *modelSeries, usage Usage) {
	for _, of := range usage.Tokens.counts() {
		r.recordTokens(ctx, kind, model, series, of.what, of.count)
	}
	for _, of := range usage.Saved.counts() {
		if of.count > 0 {
			r.usage.saved.Get(string(kind), string(of.what)).Add(ctx, of.count)
		}
	}
	r.recordCost(ctx, kind, model, cmp.Or(usage.CostSource, CostByProvider), usage.CostUSD)
	if usage.Calls > 0 {
		r.usage.calls.Get(string(kind), model).Add(ctx, usage.Calls)
	}
	if usage.CacheHits > 0 {
		r.caches.Get(string(CacheDSPy)).hits.Add(ctx, usage.CacheHits)
	}
	if usage.CacheMisses > 0 {
		r.caches.Get(string(CacheDSPy)).misses.Add(ctx, usage.CacheMisses)
	}
	if usage.ToolCalls > 0 {
		r.usage.toolCalls.Get(string(kind)).Add(ctx, usage.ToolCalls)
	}
	if usage.ParseFailures > 0 {
		r.usage.parseFailures.Get(string(kind)).Add(ctx, usage.ParseFailures)
	}
	if usage.Finish != "" && usage.Finishes >= 0 {
		r.usage.finishes.Get(string(kind), string(usage.Finish)).Add(ctx, max(usage.Finishes, 1))
	}
	if usage.Missing != "" {
		r.usage.missing.Get(string(usage.Missing)).Add(ctx, 1)
	}
}

func (r *Recorder) recordTokens(ctx context.Context, kind PredictionType, model string, series *modelSeries, what TokenType, count int64) {
	if count > 0 {
		r.usage.tokens.Get(string(kind), model, string(what)).Add(ctx, count)
		series.recordTokens(ctx, kind, what, count)
	}
}

func (r *Recorder) recordCost(ctx context.Context, kind PredictionType, model string, source CostSource, usd float64) {
	if usd > 0 && isCost(usd) {
		r.usage.costs.Get(string(kind), model, string(source)).Add(ctx, usd)
	}
}
