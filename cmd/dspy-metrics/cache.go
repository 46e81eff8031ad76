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
	Cache          string        `group:"common" default:"off" env:"DSPY_METRICS_CACHE" placeholder:"off|memory|redis://…" help:"Where answers are kept, to answer equal requests from there, and once for those at the same time (${default}). Of Redis the size and the evictions are those of the whole server."`
	CacheMaxBytes  int64         `group:"cache" default:"67108864" env:"DSPY_METRICS_CACHE_MAX_BYTES" placeholder:"N" help:"Memory that --cache memory may take, Go's own share included; less than half of it are answers (${default}). Redis has a bound of its own."`
	CacheTTL       time.Duration `group:"cache" default:"1h" env:"DSPY_METRICS_CACHE_TTL" help:"How long an answer is kept, unless it says less itself (${default})."`
	CacheTimeout   time.Duration `group:"cache" default:"100ms" env:"DSPY_METRICS_CACHE_TIMEOUT" help:"Longest wait for Redis (${default})."`
	CacheNamespace string        `group:"cache" env:"DSPY_METRICS_CACHE_NAMESPACE" placeholder:"NAME" help:"Sets apart the answers of programs on one Redis that have the same upstream and --service, such as two versions or two sidecars."`
	CacheIgnore    []string      `group:"cache" name:"cache-ignore-header" env:"DSPY_METRICS_CACHE_IGNORE_HEADERS" placeholder:"NAME" help:"A request header that cannot change an answer. Requests with other values of any other header get answers of their own, but for those of tracing and of the connection. Repeatable, or with commas."`
	CacheKeyHeader []string      `hidden:"" env:"DSPY_METRICS_CACHE_KEY_HEADERS"`
	MaxAnswerBytes int64         `group:"cache" default:"1048576" env:"DSPY_METRICS_MAX_ANSWER_BYTES" placeholder:"N" help:"Largest answer that is cached and whose usage is read; larger ones pass through (${default})."`
}

func (a *answers) validate() error {
	var gone error
	if len(a.CacheKeyHeader) > 0 {
		gone = fmt.Errorf("--cache-key-header %q is not needed any more: answers depend on every header but those of --cache-ignore-header",
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
		logger.Warn("other programs behind a loopback address that share this Redis would share answers: give --service or --cache-namespace")
	}
}
