// Package cache keeps the answers of predictions, in the process or in Redis, and
// records on the metrics how it fares.
//
// A cache never fails its caller: what cannot be looked up is a miss, and what
// cannot be stored is not stored.
package cache

import (
	"context"
	"log/slog"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Config configures [Open]. A zero field has its default.
type Config struct {
	// URL is "off", "memory", "redis://…" or "rediss://…" (Redis over TLS). The
	// last two are as redis.ParseURL takes them; their timeouts and retries give
	// way to Timeout. It has no default.
	URL string

	// MaxBytes bounds the memory that the memory cache takes of the process: keys,
	// answers, what is kept about each of them, and as much again, which Go's
	// garbage collector leaves unused by default. Less than half of it are answers.
	// The default is 64 MiB. Redis has a bound of its own: maxmemory.
	MaxBytes int64

	// MaxEntryBytes bounds the key and the answer of one entry. What is larger is
	// not stored. It is at most 512 MiB and by default 1 MiB.
	MaxEntryBytes int64

	// TTL is how long an answer is kept after it was stored, at most: at least 1 ms
	// and by default an hour.
	TTL time.Duration

	// Timeout is the longest that one operation on Redis takes, connecting
	// included. The default is 100 ms.
	Timeout time.Duration

	// PollInterval is how often Redis is asked for its size and evictions, which
	// are those of the whole server and not only of this cache. Until it has
	// answered there is no size, and in an outage the last one stays. The default
	// is 15 s.
	PollInterval time.Duration

	// Recorder is recorded on. Without one, nothing is.
	Recorder *otelmetrics.Recorder

	// RecorderOf returns the recorder of a look-up, for its hit or miss, or nil for
	// Recorder. It may be left out.
	RecorderOf func(ctx context.Context) *otelmetrics.Recorder

	// Logger logs when Redis fails and when it works again. If it is nil, nothing is
	// logged.
	Logger *slog.Logger
}

// Cache holds answers by key. Its methods are safe for concurrent use.
type Cache struct {
	store         store
	recorder      *otelmetrics.Recorder
	maxEntryBytes int64
	ttl           time.Duration
	kind          otelmetrics.CacheType
	recorderOf    func(context.Context) *otelmetrics.Recorder
}

// store is where the answers are.
type store interface {
	get(ctx context.Context, key string) ([]byte, bool)
	// set does not wait for another process.
	set(ctx context.Context, key string, answer []byte, ttl time.Duration)
	close() error
}

// Open returns the cache that the configuration names. An error is a fault of the
// configuration, and says nothing secret of the URL: a Redis that is away is not
// one, for it may come back. The cache lives until [Cache.Close], not until ctx
// ends.
//
// Opening Redis silences go-redis' process-wide logger, which writes a line for
// each failed connection; the cache reports outages itself, one line each.
func Open(ctx context.Context, c Config) (*Cache, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	switch c.URL {
	case "off":
		return &Cache{}, nil
	case "memory":
		held, err := openMemory(ctx, c)
		if err != nil {
			return nil, err
		}
		return &Cache{held, c.Recorder, c.MaxEntryBytes, c.TTL, otelmetrics.CacheMemory, c.RecorderOf}, nil
	default:
		shared, err := openRedis(ctx, c)
		if err != nil {
			return nil, err
		}
		return &Cache{shared, c.Recorder, c.MaxEntryBytes, c.TTL, otelmetrics.CacheRedis, c.RecorderOf}, nil
	}
}

// Get gives the answer that is stored under the key to use, which must not change
// it, and reports whether use took it. Each look-up counts as one hit, if use took
// the answer, or as one miss; a cache that is off counts nothing.
func (c *Cache) Get(ctx context.Context, key string, use func(answer []byte) bool) bool {
	if c.store == nil {
		return false
	}
	answer, ok := c.store.get(ctx, key)
	ok = ok && use(answer)
	recorder := c.of(ctx)
	if ok {
		recorder.RecordCacheHit(ctx, c.kind)
	} else {
		recorder.RecordCacheMiss(ctx, c.kind)
	}
	return ok
}

// of returns whose look-up it is.
func (c *Cache) of(ctx context.Context) *otelmetrics.Recorder {
	if c.recorderOf != nil {
		if recorder := c.recorderOf(ctx); recorder != nil {
			return recorder
		}
	}
	return c.recorder
}

// Set stores the answer under the key, in place of an earlier one, for the time to
// live of the cache or a shorter ttl. The caller must not change the answer
// afterwards. Set does not wait for Redis. A caller that has gone away does not stop
// it: the answer is worth keeping.
func (c *Cache) Set(ctx context.Context, key string, answer []byte, ttl time.Duration) {
	if c.store == nil || ttl < time.Millisecond || int64(len(key))+int64(len(answer)) > c.maxEntryBytes {
		return
	}
	c.store.set(context.WithoutCancel(ctx), key, answer, min(ttl, c.ttl))
}

// Close lets go of what the cache holds: memory is emptied, connections are
// closed. Afterwards each Get is a miss and Set does nothing. Close it once.
func (c *Cache) Close() error {
	if c.store == nil {
		return nil
	}
	return c.store.close()
}
