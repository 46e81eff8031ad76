package otelmetrics

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// prime makes the counters over well-known values exist at zero: Prometheus sees
// no increase in the first sample of a series, so a first error would be lost to
// every rate.
func (r *Recorder) prime() {
	p, m := r.pipeline, r.pipeline.contract.Metrics
	p.each(m.Predictions, func(values []string) { r.outcomes.ended.Get(values...) })
	for counter, series := range map[*views.Metric]*label.Tree[metric.Int64Counter]{
		&m.CacheHits: r.cacheHits, &m.CacheMisses: r.cacheMisses, &m.CacheEvictions: r.cacheEvictions,
		&m.Errors: r.errors, &m.Tokens: r.tokens,
	} {
		p.each(*counter, func(values []string) { series.Get(values...).Add(context.Background(), 0) })
	}
	p.each(m.Cost, func(values []string) { r.cost.Get(values...).Add(context.Background(), 0) })
	for _, key := range p.contract.Labels.Overflowed.Values {
		p.overflow.Get(key).Add(context.Background(), 0)
	}
}

// each calls do with every combination of well-known values of the metric's
// labels after the first, which is the service.
func (p *pipeline) each(m views.Metric, do func(values []string)) {
	combinations := [][]string{nil}
	for _, key := range m.Labels[1:] {
		l, _ := p.contract.Labels.Find(key)
		var longer [][]string
		for _, values := range combinations {
			for _, value := range l.Values {
				longer = append(longer, append(slices.Clip(values), value))
			}
		}
		combinations = longer
	}
	for _, values := range combinations {
		do(values)
	}
}
