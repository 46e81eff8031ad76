package otelmetrics

import (
	"errors"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// primeListed makes the recorders of the listed values of the own labels, whose counters then exist at zero. It makes none if
// the series of all of them do not fit under the series limit: then each comes with the first call of [Recorder.With].
func (p *pipeline) primeListed(service string) error {
	combinations := [][]string{{service}}
	for _, own := range p.contract.Labels.Own {
		values := own.Values
		if len(values) == 0 {
			values = []string{""}
		}
		if len(combinations)*len(values) > p.seriesLimit {
			return nil
		}
		var longer [][]string
		for _, combination := range combinations {
			for _, value := range values {
				longer = append(longer, append(slices.Clip(combination), value))
			}
		}
		combinations = longer
	}
	if !p.priming || (1+len(combinations))*knownSeries(p.contract) >= p.seriesLimit {
		return nil
	}
	var errs []error
	for _, combination := range combinations {
		_, err := p.recorder(combination...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// knownSeries returns how many series over well-known values the largest counter has for one recorder.
func knownSeries(contract views.Contract) int {
	most := 1
	for _, m := range contract.Metrics.All() {
		series := 1
		for _, key := range m.Labels {
			own := slices.ContainsFunc(contract.Labels.Own, func(l views.Label) bool { return l.Key == key })
			if label := contract.Labels.Named(key); m.Kind == views.Counter && !own && label != nil {
				series *= max(1, len(label.Values))
			}
		}
		most = max(most, series)
	}
	return most
}

// prime makes the counters over well-known values exist at zero: Prometheus sees
// no increase in the first sample of a series, so a first error would be lost to
// every rate.
func (r *Recorder) prime() {
	labels := r.pipeline.contract.Labels
	for _, kind := range labels.PredictionType.Values {
		predictor := r.predictors.Get(kind)
		bound.Prime(predictor.succeeded)
		bound.Prime(predictor.failed)
		for _, what := range labels.TokenType.Values {
			bound.Prime(r.usage.saved.Get(kind, what))
		}
		for _, reason := range labels.FinishReason.Values {
			bound.Prime(r.usage.finishes.Get(kind, reason))
		}
		bound.Prime(r.usage.toolCalls.Get(kind))
		bound.Prime(r.usage.parseFailures.Get(kind))
		for _, model := range labels.Model.Values {
			r.primeModel(kind, model)
		}
		if model := r.modelName(); model != "" {
			r.primeModel(kind, model)
		}
	}
	for _, value := range labels.CacheType.Values {
		cache := r.caches.Get(value)
		bound.Prime(cache.hits)
		bound.Prime(cache.misses)
		bound.Prime(cache.evictions)
	}
	for _, errorType := range labels.ErrorType.Values {
		bound.Prime(r.errors.Get(errorType))
	}
	for _, outcome := range labels.Outcome.Values {
		bound.Prime(r.attempts.Get(outcome))
	}
	for _, reason := range labels.UsageReason.Values {
		bound.Prime(r.usage.missing.Get(reason))
	}
	for _, score := range labels.Score.Values {
		bound.Prime(r.pipeline.refusedScores.Get(score))
	}
	for _, key := range labels.Overflowed.Values {
		bound.Prime(r.pipeline.overflow.Get(key))
	}
}

// primeModel primes what is counted of a model. A model that nobody names
// beforehand has its series from the first measurement on.
func (r *Recorder) primeModel(kind, model string) {
	labels := r.pipeline.contract.Labels
	for _, what := range labels.TokenType.Values {
		bound.Prime(r.usage.tokens.Get(kind, model, what))
	}
	for _, source := range labels.Source.Values {
		bound.Prime(r.usage.costs.Get(kind, model, source))
	}
	bound.Prime(r.usage.calls.Get(kind, model))
}
