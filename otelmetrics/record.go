package otelmetrics

import (
	"context"
	"time"
)

// RecordPrediction counts a prediction that was made and measured elsewhere.
// It adds no error and no duration: see [Recorder.RecordError] and
// [Recorder.StartTimer]. Prefer [Recorder.StartPrediction], which does it all.
// A status that is not [StatusSuccess] counts as [StatusFailure].
func (r *Recorder) RecordPrediction(ctx context.Context, kind PredictionType, status Status) {
	if r == nil {
		return
	}
	p := r.Predictor(kind)
	r.activate(1)
	if status == StatusSuccess {
		p.succeeded.Add(ctx, 1)
	} else {
		p.failed.Add(ctx, 1)
	}
}

// RecordError counts an error. A failed prediction of [Recorder.StartPrediction]
// has counted its own already.
func (r *Recorder) RecordError(ctx context.Context, errorType ErrorType) {
	if r != nil {
		r.errors.Get(string(errorType)).Add(ctx, 1)
	}
}

// RecordCacheHit counts a prediction that the cache answered.
func (r *Recorder) RecordCacheHit(ctx context.Context, cache CacheType) {
	r.Cache(cache).AddHits(ctx, 1)
}

// RecordCacheMiss counts a prediction that the cache could not answer.
func (r *Recorder) RecordCacheMiss(ctx context.Context, cache CacheType) {
	r.Cache(cache).AddMisses(ctx, 1)
}

// RecordCacheEviction counts an entry that the cache removed by itself.
func (r *Recorder) RecordCacheEviction(ctx context.Context, cache CacheType) {
	r.Cache(cache).AddEvictions(ctx, 1)
}

// SetCacheSize sets the size of the cache, in bytes. A negative size is ignored.
func (r *Recorder) SetCacheSize(ctx context.Context, cache CacheType, bytes int64) {
	r.Cache(cache).SetSize(ctx, bytes)
}

// RecordTokens adds tokens that were spent on the model of [WithModel]. Record nothing for a cached answer.
// A count below 1 is ignored.
func (r *Recorder) RecordTokens(ctx context.Context, kind PredictionType, what TokenType, count int64) {
	if r != nil {
		r.recordTokens(ctx, kind, r.modelName(), r.model, what, count)
	}
}

func (r *Recorder) recordTokens(ctx context.Context, kind PredictionType, name string, model *modelSeries, what TokenType, count int64) {
	if count > 0 {
		r.tokens.Get(string(kind), name, string(what)).Add(ctx, count)
		model.recordTokens(ctx, kind, what, count)
	}
}

// RecordUpstreamAttempt counts an attempt to get an answer from upstream, such as
// one request to a language model's API. A nil error is a success; another one is
// counted by its type, as in [Prediction.End]: see [Classify]. A prediction that
// needs retries has several attempts.
func (r *Recorder) RecordUpstreamAttempt(ctx context.Context, err error) {
	if r == nil {
		return
	}
	if err == nil {
		r.attempts.Get(string(StatusSuccess)).Add(ctx, 1)
		return
	}
	r.pipeline.classified(ctx, err, func(errorType ErrorType) { r.attempts.Get(string(errorType)).Add(ctx, 1) })
}

// RecordUsageMissing counts an answer whose tokens or cost are not known, so that
// sums that are too low can be seen to be so.
func (r *Recorder) RecordUsageMissing(ctx context.Context, reason UsageReason) {
	if r != nil {
		r.usageMissing.Get(string(reason)).Add(ctx, 1)
	}
}

// RecordTimeToFirstToken observes the time until a stream's first content. A
// negative duration is ignored.
func (r *Recorder) RecordTimeToFirstToken(ctx context.Context, kind PredictionType, elapsed time.Duration) {
	if r != nil {
		r.Predictor(kind).recordFirstToken(ctx, r.model, elapsed)
	}
}
