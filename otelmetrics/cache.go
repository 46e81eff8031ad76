package otelmetrics

import (
	"context"

	"go.opentelemetry.io/otel/metric"
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

// Hit counts a prediction that the cache answered.
func (c *Cache) Hit(ctx context.Context) {
	if c != nil {
		c.hits.Add(ctx, 1)
	}
}

// Miss counts a prediction that the cache could not answer.
func (c *Cache) Miss(ctx context.Context) {
	if c != nil {
		c.misses.Add(ctx, 1)
	}
}

// Evict counts an entry that the cache removed by itself.
func (c *Cache) Evict(ctx context.Context) {
	if c != nil {
		c.evictions.Add(ctx, 1)
	}
}

// SetSize sets the size of the cache, in bytes. A negative size is ignored.
func (c *Cache) SetSize(ctx context.Context, bytes int64) {
	if c != nil && bytes >= 0 {
		c.size.Record(ctx, bytes)
	}
}
