package bound

import (
	"math"
	"sync"
)

// exponentialCell is what a cell has of a histogram with exponential buckets. A measurement may have to change all of the
// buckets, so it is made under a lock. It is held for a few instructions: a collection exchanges the value for an empty one
// and reads it afterwards. Who finds it taken goes to another stripe, once there are some.
type exponentialCell struct {
	kind *exponentialKind
	exponentialStripe
	stripes[paddedExponential]
}

type exponentialStripe struct {
	mu    sync.Mutex
	value *exponential
}

// paddedExponential is a stripe on a cache line of its own.
type paddedExponential struct {
	exponentialStripe
	_ [cacheLine - 16]byte
}

func newExponentialCell(k *exponentialKind) *exponentialCell {
	c := &exponentialCell{kind: k}
	c.value = newExponential(k)
	return c
}

// recordExponential records a measurement, and returns how many its bucket has got. As in the SDK, what is not finite is no
// measurement.
func (c *histogramCell) recordExponential(v float64) (n uint64) {
	if v-v != 0 {
		return 0
	}
	e := c.exponential
	index, bounded := e.kind.index.of(v), 0
	if e.kind.explicit != nil {
		bounded = bucket(e.kind.explicit.bounds, v)
	}
	s := &e.exponentialStripe
	if e.list.Load() != nil || !s.mu.TryLock() {
		s = e.another()
	}
	first := s.value.empty()
	n = s.value.record(v, index, bounded)
	s.mu.Unlock()
	if first {
		c.note(c)
	}
	return n
}

// another returns a stripe that it locked.
func (e *exponentialCell) another() *exponentialStripe {
	if e.list.Load() == nil && e.clash() >= patience {
		e.split(func(s *paddedExponential) { s.value = newExponential(e.kind) })
	}
	if list := e.list.Load(); list != nil {
		first := here()
		for i := range *list {
			if s := &(*list)[(first+uint64(i))&uint64(len(*list)-1)].exponentialStripe; s.mu.TryLock() {
				return s
			}
		}
	}
	e.mu.Lock()
	return &e.exponentialStripe
}

// drain moves what was measured to the series, and reports whether it is more than nothing.
func (e *exponentialCell) drain(h *exponentialHistogram) (moved bool) {
	take := func(s *exponentialStripe) {
		s.mu.Lock()
		if s.value.empty() {
			s.mu.Unlock()
			return
		}
		value := s.value
		s.value = e.kind.spare
		s.mu.Unlock()

		h.add(value)
		value.reset()
		e.kind.spare = value
		moved = true
	}
	take(&e.exponentialStripe)
	e.each(func(s *paddedExponential) { take(&s.exponentialStripe) })
	e.calm(math.MaxUint32)
	return moved
}
