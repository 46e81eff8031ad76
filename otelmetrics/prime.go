package otelmetrics

// prime makes the counters over well-known values exist at zero: Prometheus sees
// no increase in the first sample of a series, so a first error would be lost to
// every rate.
func (r *Recorder) prime() {
	labels := r.pipeline.contract.Labels
	for _, kind := range labels.PredictionType.Values {
		predictor := r.predictors.Get(kind)
		predictor.succeeded.prime()
		predictor.failed.prime()
		prime(predictor.cost)
		for _, what := range labels.TokenType.Values {
			prime(r.tokens.Get(kind, what))
		}
	}
	for _, value := range labels.CacheType.Values {
		cache := r.caches.Get(value)
		prime(cache.hits)
		prime(cache.misses)
		prime(cache.evictions)
	}
	for _, errorType := range labels.ErrorType.Values {
		prime(r.errors.Get(errorType))
	}
	for _, outcome := range labels.Outcome.Values {
		prime(r.attempts.Get(outcome))
	}
	for _, reason := range labels.UsageReason.Values {
		prime(r.usageMissing.Get(reason))
	}
	for _, key := range labels.Overflowed.Values {
		prime(r.pipeline.overflow.Get(key))
	}
}
