package cache

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/redact"
)

const (
	mebibyte = 1 << 20
	// largestEntryBytes is the largest value that Redis stores, and the largest that
	// fits the 32 bits of a weight in memory.
	largestEntryBytes = 512 * mebibyte
)

func (c Config) withDefaults() (Config, error) {
	c.MaxBytes = cmp.Or(c.MaxBytes, 64*mebibyte)
	c.MaxEntryBytes = cmp.Or(c.MaxEntryBytes, mebibyte)
	c.TTL = cmp.Or(c.TTL, time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 100*time.Millisecond)
	c.PollInterval = cmp.Or(c.PollInterval, 15*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(
		checkURL(c.URL),
		complain(c.MaxBytes < 0, "the cache's size of %d bytes must be positive", c.MaxBytes),
		complain(c.MaxEntryBytes < 0 || c.MaxEntryBytes > largestEntryBytes,
			"the size of a cache entry of %d bytes must be positive and at most %d", c.MaxEntryBytes, largestEntryBytes),
		complain(c.TTL < time.Millisecond, "the cache's time to live of %s must be at least 1ms", c.TTL),
		complain(c.Timeout < 0, "the cache's timeout of %s must be positive", c.Timeout),
		complain(c.PollInterval < 0, "the cache's poll interval of %s must be positive", c.PollInterval),
	)
}

func complain(wrong bool, format string, values ...any) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf(format, values...)
}

func checkURL(value string) error {
	switch {
	case value == "off" || value == "memory":
		return nil
	case strings.HasPrefix(value, "redis://") || strings.HasPrefix(value, "rediss://"):
		_, err := redisOptions(value)
		return err
	default:
		return fmt.Errorf("cache %q must be off, memory, redis://… or rediss://…", redact.URL(value))
	}
}

// redisOptions parses a URL. The parser's own error may quote any part of it,
// and where the URL is mistyped a part of the password is anywhere.
func redisOptions(url string) (*redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("cache %q must be redis[s]://[[user]:password@]host[:port][/database][?options], "+
			"with the reserved characters of user and password percent-encoded "+
			"and no options but those of go-redis' ParseURL", redact.URL(url))
	}
	return options, nil
}
