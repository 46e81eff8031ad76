package bound

import (
	"math"
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// exponentialCell is where a handle of a histogram with exponential buckets records. A measurement may have to change all
// of the buckets, so it is made under a lock. The lock is held for a few instructions: a collection exchanges the value for
// an empty one and reads it afterwards. A measurement that finds the lock taken goes to another stripe, once there are some.
type exponentialCell[N int64 | float64] struct {
	cellHeader
	series *exponentialHistogram[N]
	kind   *exponentialKind[N]
	exponentialStripe[N]
	stripes[paddedExponential[N]]
}

type exponentialStripe[N int64 | float64] struct {
	mu    sync.Mutex
	value *exponential[N]
}

// paddedExponential is a stripe on a cache line of its own.
type paddedExponential[N int64 | float64] struct {
	exponentialStripe[N]
	_ [cacheLine - 16]byte
}

// init ties an empty cell to a stream of exponential histograms.
func (c *exponentialCell[N]) init(st *stream, set attribute.Set) {
	c.cellHeader.init(st, set)
	c.kind, _ = st.kind.(*exponentialKind[N])
	c.value = newExponential(c.kind)
}

// attach implements [cell].
func (c *exponentialCell[N]) attach(s series) { c.series, _ = s.(*exponentialHistogram[N]) }

// home implements [cell].
func (c *exponentialCell[N]) home() *seriesHeader { return &c.series.seriesHeader }

// wake implements [cell]: only the state says whether the cell is idle, as a measurement reads it after the lock anyway.
func (c *exponentialCell[N]) wake() {}

// record records a finite number, and returns how many measurements its bucket has had since the last collection.
func (c *exponentialCell[N]) record(v N) (n uint64) {
	index, bounded := c.kind.index.of(float64(v)), 0
	if c.kind.explicit != nil {
		bounded = bucket(c.kind.explicit.bounds, float64(v))
	}
	// The bucket is found before the lock is taken, as that takes longer than to count.
	s := &c.exponentialStripe
	if c.list.Load() != nil || !s.mu.TryLock() {
		s = c.another()
	}
	first := s.value.empty()
	n = s.value.record(v, index, bounded)
	s.mu.Unlock()
	if first || c.state.Load() == idle {
		c.note(c)
	}
	return n
}

// another returns a stripe that it locked: one of the goroutine's own if it is free, else the next free one. It waits only if
// none is free, and then for a few instructions.
func (c *exponentialCell[N]) another() *exponentialStripe[N] {
	if c.list.Load() == nil && c.clash() >= patience {
		c.split(func(s *paddedExponential[N]) { s.value = newExponential(c.kind) })
	}
	if list := c.list.Load(); list != nil {
		first := here()
		for i := range *list {
			if s := &(*list)[(first+uint64(i))&uint64(len(*list)-1)].exponentialStripe; s.mu.TryLock() {
				return s
			}
		}
	}
	c.mu.Lock()
	return &c.exponentialStripe
}

// drain exchanges the value of each stripe under its lock, and adds up what it took when the lock is free again. One spare value
// goes around, so that a collection allocates nothing.
func (c *exponentialCell[N]) drain() (moved bool) {
	take := func(s *exponentialStripe[N]) {
		s.mu.Lock()
		if s.value.empty() {
			s.mu.Unlock()
			return
		}
		value := s.value
		s.value = c.kind.spare
		s.mu.Unlock()

		c.series.add(value)
		value.reset()
		c.kind.spare = value
		moved = true
	}
	take(&c.exponentialStripe)
	c.each(func(s *paddedExponential[N]) { take(&s.exponentialStripe) })
	c.calm(math.MaxUint32)
	return moved
}
