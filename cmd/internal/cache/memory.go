package cache

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// memory holds answers in the process. Otter chooses what to evict and finds what
// has expired, within about two seconds and without being asked.
type memory struct {
	answers *otter.Cache[string, []byte]
	metrics *otelmetrics.Cache
	closed  atomic.Bool

	// bytes is what the entries weigh. It is kept here because otter's own sum
	// lags behind what is stored.
	bytes atomic.Int64
	// publishing is held from reading bytes to setting the metric, so that the
	// last to set it has read the last change.
	publishing sync.Mutex
}

func openMemory(ctx context.Context, c Config, metrics *otelmetrics.Cache) (*memory, error) {
	m := &memory{metrics: metrics}
	answers, err := otter.New(&otter.Options[string, []byte]{
		MaximumWeight: uint64(c.MaxBytes), //nolint:gosec // Checked to be positive.
		Weigher: func(key string, answer []byte) uint32 {
			return uint32(weight(key, answer)) //nolint:gosec // At most largestEntryBytes.
		},
		ExpiryCalculator: otter.ExpiryWriting[string, []byte](c.TTL),
		OnAtomicDeletion: m.deleted,
		// Eviction is done in Set, not some time later.
		Executor: func(task func()) { task() },
		// There is nothing that it could report: no loader, no refresh.
		Logger: &otter.NoopLogger{},
	})
	if err != nil {
		return nil, err
	}
	m.answers = answers
	m.publish(ctx)
	return m, nil
}

func weight(key string, answer []byte) int64 { return int64(len(key)) + int64(len(answer)) }

func (m *memory) get(_ context.Context, key string) ([]byte, bool) {
	return m.answers.GetIfPresent(key)
}

func (m *memory) set(ctx context.Context, key string, answer []byte) {
	if m.closed.Load() {
		return
	}
	// Added first, for the entry may be gone before Set has returned.
	m.bytes.Add(weight(key, answer))
	m.answers.Set(key, bytes.Clone(answer))
	// Set leaves the eviction to a Set that is at it already.
	m.answers.CleanUp()
	m.publish(ctx)
}

// deleted is called once for each value that leaves the cache, under otter's
// locks.
func (m *memory) deleted(e otter.DeletionEvent[string, []byte]) {
	ctx := context.Background()
	m.bytes.Add(-weight(e.Key, e.Value))
	if e.Cause.IsEviction() {
		m.metrics.Evict(ctx)
	}
	if e.Cause != otter.CauseReplacement { // Of which set publishes the outcome.
		m.publish(ctx)
	}
}

func (m *memory) publish(ctx context.Context) {
	m.publishing.Lock()
	defer m.publishing.Unlock()
	m.metrics.SetSize(ctx, m.bytes.Load())
}

func (m *memory) close() error {
	m.closed.Store(true)
	m.answers.StopAllGoroutines()
	m.answers.InvalidateAll()
	return nil
}
