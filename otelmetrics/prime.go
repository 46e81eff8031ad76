package otelmetrics

import "context"

// prime makes the counters over well-known values exist at zero: Prometheus sees
// no increase in the first sample of a series, so a first error would be lost to
// every rate.
func (r *Recorder) prime() {
	ctx, labels := context.Background(), r.pipeline.contract.Labels
	for _, kind := range labels.PredictionType.Values {
		r.predictors.Get(kind).cost.Add(ctx, 0)
		for _, what := range labels.TokenType.Values {
			r.tokens.Get(kind, what).Add(ctx, 0)
		}
	}
	for _, value := range labels.CacheType.Values {
		cache := r.caches.Get(value)
		cache.hits.Add(ctx, 0)
		cache.misses.Add(ctx, 0)
		cache.evictions.Add(ctx, 0)
	}
	for _, errorType := range labels.ErrorType.Values {
		r.errors.Get(errorType).Add(ctx, 0)
	}
	for _, key := range labels.Overflowed.Values {
		r.pipeline.overflow.Get(key).Add(ctx, 0)
	}
}
