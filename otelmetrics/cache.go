package otelmetrics

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// cacheSeries are the series of one cache.
type cacheSeries struct {
	hits, misses, evictions metric.Int64Counter
	size                    metric.Int64Gauge
}

func (r *Recorder) declareCaches() error {
	p, m, cacheType := r.pipeline, r.pipeline.contract.Metrics, r.pipeline.contract.Labels.CacheType
	hits, err1 := declare(p, m.CacheHits, int64Counter)
	misses, err2 := declare(p, m.CacheMisses, int64Counter)
	evictions, err3 := declare(p, m.CacheEvictions, int64Counter)
	size, err4 := declare(p, m.CacheSize, int64Gauge)
	r.caches = label.NewTree(func(values []string) *cacheSeries {
		which := attribute.String(cacheType.Key, values[0])
		return &cacheSeries{
			hits:      hits(attributes(m.CacheHits, r.fixed, which)...),
			misses:    misses(attributes(m.CacheMisses, r.fixed, which)...),
			evictions: evictions(attributes(m.CacheEvictions, r.fixed, which)...),
			size:      size(attributes(m.CacheSize, r.fixed, which)...),
		}
	}, p.valuesOf(cacheType)...)
	return errors.Join(err1, err2, err3, err4)
}

// RecordCacheHit counts a prediction that the cache answered. It is a prediction
// all the same, so record the look-up within it.
func (r *Recorder) RecordCacheHit(ctx context.Context, cache CacheType) {
	if r != nil {
		r.caches.Get(string(cache)).hits.Add(ctx, 1)
	}
}

// RecordCacheMiss counts a prediction that the cache could not answer.
func (r *Recorder) RecordCacheMiss(ctx context.Context, cache CacheType) {
	if r != nil {
		r.caches.Get(string(cache)).misses.Add(ctx, 1)
	}
}

// RecordCacheEvictions counts entries that the cache removed by itself, to make
// room or because they expired. A count below 1 is ignored.
func (r *Recorder) RecordCacheEvictions(ctx context.Context, cache CacheType, count int64) {
	if r != nil && count > 0 {
		r.caches.Get(string(cache)).evictions.Add(ctx, count)
	}
}

// SetCacheSize sets the size of the cache, in bytes. Set it when it changes. A
// negative size is ignored.
func (r *Recorder) SetCacheSize(ctx context.Context, cache CacheType, bytes int64) {
	if r != nil && bytes >= 0 {
		r.caches.Get(string(cache)).size.Record(ctx, bytes)
	}
}
