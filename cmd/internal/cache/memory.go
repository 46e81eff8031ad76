package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// memory holds answers in the process. Otter chooses what to evict and finds what
// has expired, within about two seconds and without being asked.
type memory struct {
	answers  *otter.Cache[string, entry]
	maxBytes int64
	recorder *otelmetrics.Recorder
	closed   atomic.Bool

	// bytes is the total weight of the entries. It is counted here because otter's own
	// sum is updated late.
	bytes atomic.Int64
	// publishing is held from reading bytes to setting the metric, so that the
	// last to set it has read the last change.
	publishing sync.Mutex
}

// entry is an answer in memory.
type entry struct {
	answer []byte
	ttl    time.Duration
}

func openMemory(ctx context.Context, c Config) (*memory, error) {
	m := &memory{maxBytes: c.MaxBytes, recorder: c.Recorder}
	answers, err := otter.New(&otter.Options[string, entry]{
		MaximumWeight: uint64(c.MaxBytes), //nolint:gosec // Checked to be positive.
		Weigher: func(key string, e entry) uint32 {
			return uint32(weight(key, e.answer)) //nolint:gosec // At most largestEntryBytes.
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration { return e.Value.ttl }),
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

const (
	// entryBytes is the memory of an entry beside its key and its answer: otter's node,
	// its slot in the hash table, and the free slots of the table.
	entryBytes = 192
	// collectorFactor is how much memory a process takes for each byte that it
	// holds: by default (GOGC=100) Go's garbage collector runs when there is as
	// much garbage as there is data.
	collectorFactor = 2
)

// weight returns the memory that an entry takes of the process. The answer's
// capacity is the size that was allocated for it.
func weight(key string, answer []byte) int64 {
	return collectorFactor * (entryBytes + int64(len(key)) + int64(cap(answer)))
}

func (m *memory) get(_ context.Context, key string) ([]byte, bool) {
	found, ok := m.answers.GetIfPresent(key)
	return found.answer, ok
}

func (m *memory) set(ctx context.Context, key string, answer []byte, ttl time.Duration) {
	if m.closed.Load() {
		return
	}
	if weight(key, answer) > m.maxBytes {
		return // What was there stays.
	}
	// Added first, for the entry may be gone before Set has returned.
	m.bytes.Add(weight(key, answer))
	m.answers.Set(key, entry{answer, ttl})
	// Set leaves the eviction to a Set that is at it already.
	m.answers.CleanUp()
	m.publish(ctx)
}

// deleted is called once for each value that leaves the cache, under otter's
// locks.
func (m *memory) deleted(e otter.DeletionEvent[string, entry]) {
	ctx := context.Background()
	m.bytes.Add(-weight(e.Key, e.Value.answer))
	if e.Cause.IsEviction() {
		m.recorder.RecordCacheEvictions(ctx, otelmetrics.CacheMemory, 1)
	}
	if e.Cause != otter.CauseReplacement { // Of which set publishes the outcome.
		m.publish(ctx)
	}
}

func (m *memory) publish(ctx context.Context) {
	m.publishing.Lock()
	defer m.publishing.Unlock()
	m.recorder.SetCacheSize(ctx, otelmetrics.CacheMemory, m.bytes.Load())
}

func (m *memory) close() error {
	m.closed.Store(true)
	m.answers.StopAllGoroutines()
	m.answers.InvalidateAll()
	return nil
}
