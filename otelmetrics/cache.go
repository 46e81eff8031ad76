package otelmetrics

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// Cache records what happens at one cache. It has the series at hand, so that
// nothing is looked up. It is made by [Recorder.Cache], safe for concurrent use,
// and does nothing on a nil pointer.
type Cache struct {
	hits, misses, evictions metric.Int64Counter
	size                    metric.Int64Gauge
}

// Cache returns the handle of a cache.
func (r *Recorder) Cache(cache CacheType) *Cache {
	if r == nil {
		return nil
	}
	return r.caches.Get(string(cache))
}

func (r *Recorder) declareCaches() error {
	p, m, cacheType := r.pipeline, r.pipeline.contract.Metrics, r.pipeline.contract.Labels.CacheType
	hits, err1 := declare(p, m.CacheHits, int64Counter)
	misses, err2 := declare(p, m.CacheMisses, int64Counter)
	evictions, err3 := declare(p, m.CacheEvictions, int64Counter)
	size, err4 := declare(p, m.CacheSize, int64Gauge)
	r.caches = label.NewTree(func(values []string) *Cache {
		which := attribute.String(cacheType.Key, values[0])
		return &Cache{
			hits:      hits(attributes(m.CacheHits, r.fixed, which)...),
			misses:    misses(attributes(m.CacheMisses, r.fixed, which)...),
			evictions: evictions(attributes(m.CacheEvictions, r.fixed, which)...),
			size:      size(attributes(m.CacheSize, r.fixed, which)...),
		}
	}, p.valuesOf(cacheType)...)
	return errors.Join(err1, err2, err3, err4)
}

// AddHits counts predictions that the cache answered. A count below 1 is ignored.
func (c *Cache) AddHits(ctx context.Context, count int64) {
	if c != nil && count > 0 {
		c.hits.Add(ctx, count)
	}
}

// AddMisses counts predictions that the cache could not answer. A count below 1 is ignored.
func (c *Cache) AddMisses(ctx context.Context, count int64) {
	if c != nil && count > 0 {
		c.misses.Add(ctx, count)
	}
}

// AddEvictions counts entries that the cache removed by itself. A count
// below 1 is ignored.
func (c *Cache) AddEvictions(ctx context.Context, count int64) {
	if c != nil && count > 0 {
		c.evictions.Add(ctx, count)
	}
}

// SetSize sets the size of the cache, in bytes. A negative size is ignored.
func (c *Cache) SetSize(ctx context.Context, bytes int64) {
	if c != nil && bytes >= 0 {
		c.size.Record(ctx, bytes)
	}
}
