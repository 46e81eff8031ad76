package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// answers is the cache of the predictions.
type answers struct {
	Cache          string        `default:"off" env:"DSPY_METRICS_CACHE" placeholder:"off|memory|redis://…" help:"Where answers are kept, to answer equal requests from there, and once for those at the same time (${default}). Of Redis the size and the evictions are those of the whole server."`
	CacheMaxBytes  int64         `default:"67108864" env:"DSPY_METRICS_CACHE_MAX_BYTES" placeholder:"N" help:"Most that is kept in memory (${default}); Redis has a bound of its own."`
	CacheTTL       time.Duration `default:"1h" env:"DSPY_METRICS_CACHE_TTL" help:"How long an answer is kept (${default})."`
	CacheTimeout   time.Duration `default:"100ms" env:"DSPY_METRICS_CACHE_TIMEOUT" help:"Longest wait for Redis (${default})."`
	CacheKeyHeader []string      `env:"DSPY_METRICS_CACHE_KEY_HEADERS" placeholder:"NAME" help:"A request header that answers depend on, beside the host, the credentials, the accepted types and the type of the body. Repeatable, or with commas."`
	MaxAnswerBytes int64         `default:"1048576" env:"DSPY_METRICS_MAX_ANSWER_BYTES" placeholder:"N" help:"Largest answer that is cached and whose usage is read; larger ones pass through (${default})."`
}

func (a *answers) validate() error {
	return errors.Join(
		positive("--cache-max-bytes", a.CacheMaxBytes),
		positive("--cache-ttl", a.CacheTTL),
		positive("--cache-timeout", a.CacheTimeout),
		positive("--max-answer-bytes", a.MaxAnswerBytes),
	)
}

// open returns nil for no cache.
func (a *answers) open(ctx context.Context, recorder *otelmetrics.Recorder, logger *slog.Logger) (*cache.Cache, error) {
	if a.Cache == "off" {
		return nil, nil
	}
	opened, err := cache.Open(ctx, cache.Config{
		URL: a.Cache, MaxBytes: a.CacheMaxBytes, MaxEntryBytes: a.MaxAnswerBytes + 64<<10, // its header
		TTL: a.CacheTTL, Timeout: a.CacheTimeout, Recorder: recorder,
		RecorderOf: service.RecorderOf, Logger: logger,
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("--%w", err)}
	}
	return opened, nil
}
