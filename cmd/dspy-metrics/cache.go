package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// answers is the cache of the predictions.
type answers struct {
	Cache          string        `group:"common" default:"off" env:"DSPY_METRICS_CACHE" placeholder:"off|memory|redis://…" help:"Cache for answers to equal requests: off, memory, or the URL of a Redis (${default}). With Redis, size and evictions are reported for the whole server."`
	CacheMaxBytes  int64         `group:"cache" default:"67108864" env:"DSPY_METRICS_CACHE_MAX_BYTES" placeholder:"N" help:"Memory limit of --cache memory, including memory that Go leaves unused; less than half of it holds answers (${default}). Redis has its own limit."`
	CacheTTL       time.Duration `group:"cache" default:"1h" env:"DSPY_METRICS_CACHE_TTL" help:"How long an answer is stored, unless its headers set a shorter time (${default})."`
	CacheTimeout   time.Duration `group:"cache" default:"100ms" env:"DSPY_METRICS_CACHE_TIMEOUT" help:"Time limit for Redis (${default})."`
	CacheNamespace string        `group:"cache" env:"DSPY_METRICS_CACHE_NAMESPACE" placeholder:"NAME" help:"Separates the answers of programs that share a Redis, an upstream URL and --service, such as two versions or two sidecars."`
	CacheIgnore    []string      `group:"cache" name:"cache-ignore-header" env:"DSPY_METRICS_CACHE_IGNORE_HEADERS" placeholder:"NAME" help:"Request header that does not affect the answer. By default requests share an answer only if all headers are equal, except those for tracing and the connection. Repeatable, or separated by commas."`
	CacheKeyHeader []string      `hidden:"" env:"DSPY_METRICS_CACHE_KEY_HEADERS"`
	MaxAnswerBytes int64         `group:"cache" default:"1048576" env:"DSPY_METRICS_MAX_ANSWER_BYTES" placeholder:"N" help:"Size limit of answers to cache and to read usage from; larger answers are only forwarded (${default})."`
}

func (a *answers) validate() error {
	var gone error
	if len(a.CacheKeyHeader) > 0 {
		gone = fmt.Errorf("--cache-key-header %q was removed: remove it, because all headers now count except those of --cache-ignore-header",
			strings.Join(a.CacheKeyHeader, ","))
	}
	return errors.Join(
		gone,
		positive("--cache-max-bytes", a.CacheMaxBytes),
		positive("--cache-ttl", a.CacheTTL),
		positive("--cache-timeout", a.CacheTimeout),
		positive("--max-answer-bytes", a.MaxAnswerBytes),
	)
}

// open opens the cache. It returns nil if the cache is off.
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

// warnOfNames warns where another program that shares the Redis may have the same
// names: the upstream is on this machine, as it is for every sidecar, and nothing else
// names the program.
func (c *serve) warnOfNames(logger *slog.Logger) {
	upstream, err := url.Parse(c.Upstream)
	if err != nil || c.Upstream == "" || !strings.HasPrefix(c.Cache, "redis") || c.CacheNamespace != "" || c.serviceName() != defaultService {
		return
	}
	address, err := netip.ParseAddr(upstream.Hostname())
	if err == nil && address.IsLoopback() || upstream.Hostname() == "localhost" {
		logger.Warn("another program that shares this Redis and also has a loopback upstream would get the same answers: set --service or --cache-namespace")
	}
}
