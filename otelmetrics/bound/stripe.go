package bound

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

const (
	// cacheLine is the distance at which cores do not disturb one another.
	cacheLine = 64
	// patience is how many clashes turn a cell into a striped one: a chance meeting costs a retry and no memory.
	patience = 32
	// seldomClash is of how many attempts one clash counts for nothing.
	seldomClash = 8
	// stripesPerCore keeps two running goroutines from choosing the same stripe too often.
	stripesPerCore = 4
)

// stripes spreads the values of a cell that many cores measure at once, in the spirit of a LongAdder. A cell begins without
// them, which is all that most series ever need. They stay for the life of the cell.
type stripes[S any] struct{ list atomic.Pointer[[]S] }

// clash notes that another core changed the cell in the middle of a measurement, and returns how often that was so.
func (h *cellHeader) clash() uint32 { return h.clashes.Add(seldomClash) / seldomClash }

// calm forgets some of that. It need not be exact.
func (h *cellHeader) calm(by uint32) {
	if n := h.clashes.Load(); n > 0 {
		h.clashes.Store(n - min(n, by))
	}
}

// split makes the stripes, once. Where two goroutines do so at the same time, the first wins.
func (s *stripes[S]) split(init func(*S)) {
	list := make([]S, 1<<bits.Len(uint(stripesPerCore*runtime.GOMAXPROCS(0)-1)))
	for i := range list {
		init(&list[i])
	}
	s.list.CompareAndSwap(nil, &list)
}

// mine returns the stripe of the calling goroutine.
func (s *stripes[S]) mine() *S {
	list := *s.list.Load()
	return &list[here()&uint64(len(list)-1)]
}

// each calls f with every stripe.
func (s *stripes[S]) each(f func(*S)) {
	if list := s.list.Load(); list != nil {
		for i := range *list {
			f(&(*list)[i])
		}
	}
}

// here returns a number that differs between goroutines and seldom changes within one: a hash of where its stack is.
func here() uint64 {
	var onStack byte
	page := uint64(uintptr(unsafe.Pointer(&onStack))) >> 11
	return page * 0x9E3779B97F4A7C15 >> 32
}
