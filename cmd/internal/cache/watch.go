package cache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

const (
	// An outage is probed after shortest, then after twice that, and so on up to
	// longest. It starts over after it was not needed for calm: a Redis that comes
	// and goes is left alone for longest.
	shortest = 50 * time.Millisecond
	longest  = time.Second
	calm     = 10 * time.Second
)

// watch follows Redis in the background: its size, its evictions and, in an
// outage, whether it is back.
type watch struct {
	shared *shared
	woken  chan struct{}
	ctx    context.Context // ends with stop
	cancel context.CancelFunc
	ended  chan struct{}

	unknown outage // INFO is refused or without what is looked for

	counted   int64 // evictions, of what Redis has counted since it started
	known     bool  // whether counted is set
	delay     time.Duration
	recovered time.Time
}

func (w *watch) start(ctx context.Context, s *shared) {
	w.shared = s
	w.woken = make(chan struct{}, 1)
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.ended = make(chan struct{})
	w.unknown = s.outage("redis does not report its size and evictions", "redis reports its size and evictions again")
	go w.run()
}

// wake reports the begin of an outage to the watch.
func (w *watch) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

func (w *watch) stopped() bool { return w.ctx.Err() != nil }

func (w *watch) stop() {
	w.cancel()
	<-w.ended
}

func (w *watch) run() {
	defer close(w.ended)
	for !w.stopped() {
		w.poll()
		if _, away := w.shared.away.active(); !away {
			w.wait(w.shared.PollInterval, w.woken)
		}
		w.recover()
	}
}

// wait ends early if it is stopped or something comes from early, which may be
// nil.
func (w *watch) wait(d time.Duration, early <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-w.ctx.Done():
	}
}

// recover returns at once if there is no outage, else when there is none any
// more.
func (w *watch) recover() {
	if time.Since(w.recovered) > calm {
		w.delay = shortest
	}
	for !w.stopped() {
		if _, away := w.shared.away.active(); !away {
			return
		}
		w.wait(w.delay, nil)
		w.delay = min(2*w.delay, longest)
		if w.probe() {
			w.recovered = time.Now()
		}
	}
}

// probe makes a look-up, for that is what has to work, and reports whether it
// did.
func (w *watch) probe() bool {
	at, _ := w.shared.away.active()
	var key string
	if lost := w.shared.lost.Load(); lost != nil {
		key = *lost
	}
	_, err := w.shared.lookUp(w.ctx, key)
	if err != nil && !errors.Is(err, redis.Nil) && !isForeign(err) {
		w.shared.failed(w.ctx, at, err)
		return false
	}
	w.shared.away.work(w.ctx, at)
	return true
}

// poll sets the size and counts the evictions, which are those of the whole
// server: Redis knows no others.
func (w *watch) poll() {
	// If look-ups fail too, a second warning about INFO adds nothing.
	if !w.probe() {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, w.shared.Timeout)
	defer cancel()
	away, _ := w.shared.away.active()
	unknown, _ := w.unknown.active()
	text, err := w.info(ctx)
	if err != nil && !isReply(err) {
		w.shared.failed(w.ctx, away, err)
		return
	}
	var now usage
	if err == nil {
		now, err = parseUsage(text)
	}
	if err != nil {
		w.unknown.fail(w.ctx, unknown, w.shared.reason(err))
		return
	}
	w.unknown.work(w.ctx, unknown)
	w.record(now)
}

func (w *watch) info(ctx context.Context) (text string, err error) {
	defer guard(&err)
	return w.shared.client.Info(ctx).Result()
}

func (w *watch) record(now usage) {
	w.shared.Recorder.SetCacheSize(w.ctx, otelmetrics.CacheRedis, now.bytes)
	switch {
	case !w.known: // What was evicted before was not on our watch.
		w.counted, w.known = now.evictions, true
	case now.evictions < w.counted: // Redis has started over.
		w.counted = 0
	}
	w.shared.Recorder.RecordCacheEvictions(w.ctx, otelmetrics.CacheRedis, now.evictions-w.counted)
	w.counted = now.evictions
}
