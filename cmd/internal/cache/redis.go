package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// minReplyBytes is the size that a reply may always have. The answer to INFO has some
// kilobytes.
const minReplyBytes = mebibyte

// shared stores answers in Redis, for all processes that use it.
//
// Each failed operation on Redis is one error of the metrics: a look-up, a store, or
// a probe of the watch. After the first failure, look-ups and stores are skipped,
// without delay and without an error, until the watch finds that Redis works again.
// So an outage delays the predictions in progress by Timeout, once. The error rate is
// above zero for the duration of the outage.
//
// Redis is not trusted. [checkedConn] checks its replies before the client library
// reads them, guard turns a panic of the library into an error, and unframe checks
// the values.
type shared struct {
	Config
	client   *redis.Client
	password string
	watch    watch
	writes   writes

	// lost is the key whose look-up began the last outage, or nil. The watch
	// looks the same key up to find that the outage is over: a server of a Redis
	// Cluster, or one whose rules permit some keys only, answers for others.
	lost atomic.Pointer[string]

	away    outage // look-ups fail
	refused outage // stores are refused by a Redis that answers look-ups
}

func openRedis(ctx context.Context, c Config) (*shared, error) {
	options, err := redisOptions(c.URL)
	if err != nil {
		return nil, err
	}
	options.Dialer = checked(options, max(c.MaxEntryBytes+int64(headerBytes), minReplyBytes))
	options.Protocol = 2 // What is checked, and all that is needed.
	options.DialTimeout = c.Timeout
	options.ReadTimeout = c.Timeout
	options.WriteTimeout = c.Timeout
	options.PoolTimeout = c.Timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable()

	s := &shared{Config: c, client: redis.NewClient(options), password: options.Password}
	s.away = s.outage("redis is unavailable: predictions go on without the cache", "redis is available again")
	s.refused = s.outage("redis refuses to store answers", "redis stores answers again")
	// A Redis that is full takes an answer now and then, when one has expired.
	s.refused.calm = calm
	s.watch.start(ctx, s)
	return s, nil
}

func (s *shared) outage(begun, ended string) outage {
	logger := s.Logger.With(slog.String("addr", s.client.Options().Addr))
	return outage{begun: begun, ended: ended, logger: logger, now: time.Now}
}

func (s *shared) get(ctx context.Context, key string) ([]byte, bool) {
	if answer, ok := s.writes.get(key); ok {
		return answer, true
	}
	at, ok := s.away.enter()
	if !ok {
		return nil, false
	}
	framed, err := s.lookUp(ctx, key)
	switch {
	case err == nil:
	case errors.Is(err, redis.Nil), over(ctx):
		return nil, false
	case isForeign(err):
		s.damaged(ctx, key)
		return nil, false
	default:
		s.lost.Store(&key)
		s.failed(ctx, at, err)
		return nil, false
	}
	answer, err := unframe(key, framed)
	if err != nil {
		s.damaged(ctx, key)
	}
	return answer, err == nil
}

func (s *shared) lookUp(ctx context.Context, key string) (framed []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	defer guard(&err)
	return s.client.Get(ctx, keyPrefix+key).Bytes()
}

// isForeign reports whether a look-up failed because the value is not an answer:
// it is of another type or too large.
func isForeign(err error) bool {
	return redis.HasErrorPrefix(err, "WRONGTYPE") || errors.Is(err, errReplyTooLarge)
}

// guard turns a panic of the client library into an error. It is to be deferred.
func guard(err *error) {
	if panicked := recover(); panicked != nil {
		*err = fmt.Errorf("the Redis client panicked: %v", panicked)
	}
}

// over reports whether the caller has gone away or has no time left, which is no
// fault of Redis. Its deadline is the connection's too, which may notice first.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// damaged counts a value that is not an answer. The one that is made now will
// take its place.
func (s *shared) damaged(ctx context.Context, key string) {
	s.Recorder.RecordError(ctx, otelmetrics.ErrorCacheUnavailable)
	s.Logger.DebugContext(ctx, errDamaged.Error(), slog.String("key", keyPrefix+key))
}

// set stores the answer in the background: who has it waits for no Redis. Until
// that is done, look-ups find it here.
func (s *shared) set(ctx context.Context, key string, answer []byte, ttl time.Duration) {
	at, ok := s.away.enter()
	if !ok {
		return
	}
	framed := frame(key, answer)
	s.writes.start(key, framed[headerBytes:], func() {
		refusedAt, _ := s.refused.active()
		err := s.store(ctx, key, framed, ttl)
		switch {
		case err == nil:
			s.refused.work(ctx, refusedAt)
		case isReply(err):
			// Full, read-only, not permitted: what is there can still be read.
			s.Recorder.RecordError(ctx, otelmetrics.ErrorCacheUnavailable)
			s.refused.fail(ctx, refusedAt, s.reason(err))
		default:
			s.failed(ctx, at, err)
		}
	})
}

func (s *shared) store(ctx context.Context, key string, framed []byte, ttl time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	defer guard(&err)
	return s.client.Set(ctx, keyPrefix+key, framed, ttl).Err()
}

// failed reports that Redis could not be asked.
func (s *shared) failed(ctx context.Context, at turn, err error) {
	if s.watch.stopped() {
		return
	}
	s.Recorder.RecordError(ctx, otelmetrics.ErrorCacheUnavailable)
	if s.away.fail(ctx, at, s.reason(err)) {
		s.watch.wake()
	}
}

// isReply reports whether Redis answered, with an error.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// maxReason is how much of an error is logged.
const maxReason = 300

// reason returns what can be logged of an error. A server that does not know AUTH
// quotes its arguments, and the client library quotes what it cannot read.
func (s *shared) reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", with args beginning with")
	if s.password != "" {
		quoted := strconv.Quote(s.password)
		text = strings.NewReplacer(s.password, "…", quoted[1:len(quoted)-1], "…", url.QueryEscape(s.password), "…").Replace(text)
	}
	if isClusterRedirect(err) {
		text += "; a Redis Cluster is not supported: give a single server, or a proxy in front of the cluster"
	}
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// isClusterRedirect reports whether the server answered that another one has the
// key.
func isClusterRedirect(err error) bool {
	return redis.HasErrorPrefix(err, "MOVED") || redis.HasErrorPrefix(err, "ASK")
}

func (s *shared) close() error {
	s.writes.close()
	s.watch.stop()
	return s.client.Close()
}
