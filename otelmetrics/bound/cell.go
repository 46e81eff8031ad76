package bound

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// cell is where a handle measures. Only the handle and its stream know the cell, so the cell goes away with the handle.
//
// # The idle protocol
//
// A collection visits a cell only while the cell is not idle, so a series that nobody measures costs a collection nothing
// but its point. The state of a cell says how many more collections visit it:
//
//	state      meaning                                            a collection          a measurement
//	idle       no collection visits the cell                      never sees it         activates the cell, under a lock
//	1 to 3     visited, nothing measured for a while              counts down, 1: idle  sets measured
//	measured   visited, measured since the last collection        counts down           leaves it
//
// A measurement first changes the value and then looks whether the cell is idle. A collection that makes a cell idle first
// says so and then takes the value. So either the collection takes the value, or the measurement sees that the cell is
// idle and activates it before it returns. No measurement that has returned is missed by a later collection.
//
// For a sum and for explicit buckets, the look costs nothing: idle is a bit of the very word that a measurement adds to,
// so it is in the result of the addition.
type cell interface {
	// header returns what all cells have.
	header() *cellHeader
	// attach makes s the series of the cell. The caller holds the lock of the stream.
	attach(s series)
	// home returns the series of the cell. The caller holds the lock of the stream, or collects.
	home() *seriesHeader
	// wake takes the idle bit from the words of the cell. The caller holds the lock of the stream.
	wake()
	// drain moves what was measured since the last call to the series, and reports whether it is more than nothing.
	// In a cell whose state is idle it sets the idle bit. The caller collects.
	drain() bool
}

// The states of a cell.
const (
	idle     = 0
	measured = 4
)

// The modes of a handle. In any but direct, a measurement takes another path than the shortest. So does a measurement with
// options: the bits are so high that the number of options does not reach them.
const (
	direct  = uint32(0)
	sampled = uint32(1) << 29 // of a gauge: the exemplar filter is asked each time
	striped = uint32(1) << 30 // many cores measure at once
)

// cellHeader is what all cells have. It makes the handle that embeds it an instrument of the API.
type cellHeader struct {
	*stream
	set     attribute.Set // including what the view drops
	state   atomic.Uint32
	mode    atomic.Uint32
	clashes atomic.Uint32
	// few is below which count each measurement takes the longer path, and mask which multiples of the count do later.
	few, mask uint8
}

func (h *cellHeader) header() *cellHeader { return h }

// init ties an empty cell to a stream.
func (h *cellHeader) init(st *stream, set attribute.Set) {
	h.stream, h.set = st, set
	h.few, h.mask = 1, probes
	if st.sample != nil {
		h.few, h.mask = thinnedFrom, thinning-1
	}
}

// note makes known that a cell was measured, and activates it if it is idle.
func (h *cellHeader) note(c cell) {
	if !h.mark() {
		h.activate(c)
	}
}

// mark makes known that an active cell was measured. It returns false if the cell is idle.
func (h *cellHeader) mark() bool {
	for {
		switch state := h.state.Load(); {
		case state == measured:
			return true
		case state == idle:
			return false
		case h.state.CompareAndSwap(state, measured):
			return true
		}
	}
}

// countDown counts a collection that found nothing, and returns the state that it found.
func (h *cellHeader) countDown() uint32 {
	state := h.state.Load()
	if state > 1 {
		h.state.CompareAndSwap(state, state-1)
	}
	return state
}

// kept returns the attributes of the series: those that the view lets pass.
func (h *cellHeader) kept() attribute.Set {
	if h.filter == nil {
		return h.set
	}
	kept, _ := h.set.Filter(h.filter)
	return kept
}

// dropped returns the attributes that the view drops, in order.
func (h *cellHeader) dropped() (dropped []attribute.KeyValue) {
	if h.filter == nil {
		return nil
	}
	for _, kv := range h.set.ToSlice() {
		if !h.filter(kv) {
			dropped = append(dropped, kv)
		}
	}
	return dropped
}

// activate makes collections visit a measured cell. It returns the cell that measures the series: another one if all
// handles of the series share one.
func (st *stream) activate(c cell) cell {
	c, n := st.enlist(c)
	// Handles of single measurements must not add up until the next collection.
	if n > 2*len(st.snapshot())+spare && st.collecting.TryLock() {
		defer st.collecting.Unlock()
		st.retire(func(cell) bool { return true })
	}
	return c
}

// spare is how many cells may be active beyond what the number of series explains.
const spare = 256

// enlist activates a cell and returns it, or the one that it shares, and how many cells are active.
func (st *stream) enlist(c cell) (_ cell, n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if c.header().state.Load() == idle {
		s := st.admit(c.header().kept())
		c = s.share(c)
		if c.header().state.Load() == idle {
			c.attach(s)
			s.header().cells++
			st.cells = append(st.cells, c)
			c.wake()
		}
	}
	c.header().state.Store(measured)
	return c, len(st.cells)
}

// retire makes the chosen cells idle, after what they measured was moved to their series. The caller collects.
func (st *stream) retire(choose func(cell) bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := st.now()
	kept := st.cells[:0]
	for _, c := range st.cells {
		if !choose(c) {
			kept = append(kept, c)
			continue
		}
		h := c.header()
		wasMeasured := h.state.Swap(idle) == measured
		if c.drain() || wasMeasured {
			c.home().touch(st.readers, now)
		}
		c.home().cells--
		st.handles.Delete(h.set.Equivalent())
	}
	clear(st.cells[len(kept):])
	st.cells = kept
}

// seriesOf returns the series of a cell that was just measured.
func (st *stream) seriesOf(c cell) *seriesHeader {
	for {
		st.mu.RLock()
		var s *seriesHeader
		if c.header().state.Load() != idle {
			s = c.home()
		}
		st.mu.RUnlock()
		if s != nil {
			return s
		}
		c = st.activate(c)
	}
}

// prime makes the series of a cell appear. The series is never forgotten.
func (st *stream) prime(c cell) {
	c.header().note(c)
	st.seriesOf(c).primed.Store(true)
}
