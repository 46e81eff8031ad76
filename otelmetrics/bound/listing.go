package bound

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// cell is where a handle measures. Nothing but the handle and the collections of its stream know it, so it goes away with
// the handle.
//
// A measurement first changes the value and then, if it finds nothing measured before it, sees to it that the cell is
// listed. A collection first takes the state back and then moves the value away. So a value that a collection misses
// belongs to a cell that is listed for the next one.
type cell interface {
	// place returns the listing of the cell.
	place() *listing
	// drain moves what was measured since the last call to the series, and reports whether it is more than nothing.
	// The caller holds the collecting lock of the stream.
	drain(to series) bool
}

// The states of a cell. Each collection that finds no measurement takes it one step down, until no collection visits it.
// Any measurement takes it up again. Several steps keep readers that collect in turn from unlisting a busy cell.
const (
	away = iota
	leaving
	resting
	listed
	measured
)

// The modes of a handle. In any but the first a measurement takes another path than the shortest, and so does one with
// options: the bits are so high that the number of options does not reach them.
const (
	direct        = uint32(0)
	exponentially = uint32(1) << 28 // the buckets are exponential
	sampled       = uint32(1) << 29 // an exemplar filter is to be asked
	striped       = uint32(1) << 30 // many cores measure at once
	several       = uint32(1) << 31 // the instrument has no stream, or more than one
)

// listing is what a collection knows of a cell.
type listing struct {
	state  atomic.Uint32
	mode   atomic.Uint32
	set    attribute.Set // with what the view drops
	stream *stream
	series series // while listed; guarded by the lock of the stream
}

func (l *listing) place() *listing { return l }

// tie ties an empty listing to a stream.
func (l *listing) tie(st *stream, set attribute.Set) {
	l.stream, l.set = st, set
	if st.sample != nil {
		l.mode.Store(sampled)
	}
}

// note makes known that a cell has been measured.
func (l *listing) note(c cell) {
	if !l.mark() {
		l.stream.list(c)
	}
}

// mark makes known that a listed cell has been measured, or returns false if no collection visits it.
func (l *listing) mark() bool {
	for {
		switch state := l.state.Load(); {
		case state == measured:
			return true
		case state == away:
			return false
		case l.state.CompareAndSwap(state, measured):
			return true
		}
	}
}

// attrs returns the attributes of the series: those that the view lets pass.
func (l *listing) attrs() attribute.Set {
	if l.stream.filter == nil {
		return l.set
	}
	kept, _ := l.set.Filter(l.stream.filter)
	return kept
}

// dropped returns the attributes that the view drops, in order.
func (l *listing) dropped() (dropped []attribute.KeyValue) {
	if l.stream.filter == nil {
		return nil
	}
	for _, kv := range l.set.ToSlice() {
		if !l.stream.filter(kv) {
			dropped = append(dropped, kv)
		}
	}
	return dropped
}

// list makes collections visit a measured cell. It returns the cell that measures the series, which is another one if
// the series can have only one.
func (st *stream) list(c cell) cell {
	c, n := st.enlist(c)
	// Handles that are bound for a single measurement must not add up until the next collection.
	if n > 2*len(st.snapshot())+spare && st.collecting.TryLock() {
		defer st.collecting.Unlock()
		st.unlist(func(*listing) bool { return true })
	}
	return c
}

// prime makes the series of a cell appear, for good.
func (st *stream) prime(c cell) {
	c.place().note(c)
	st.seriesOf(c).common().primed.Store(true)
}

// seriesOf returns the series of a cell that has just been measured.
func (st *stream) seriesOf(c cell) series {
	for {
		st.mu.RLock()
		s := c.place().series
		st.mu.RUnlock()
		if s != nil {
			return s
		}
		c = st.list(c)
	}
}

// spare is how many cells may be listed beyond what the number of series explains.
const spare = 256

func (st *stream) enlist(c cell) (_ cell, n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	l := c.place()
	if l.state.Load() == away {
		s := st.admit(l.attrs())
		c = s.adopt(c)
		l = c.place()
		if l.state.Load() == away {
			l.series = s
			s.common().cells++
			st.cells = append(st.cells, c)
		}
	}
	l.state.Store(measured)
	return c, len(st.cells)
}

// unlist stops visiting the chosen cells until they are measured again. The caller holds the collecting lock.
func (st *stream) unlist(choose func(*listing) bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := st.now().Sub(st.start)
	kept := st.cells[:0]
	for _, c := range st.cells {
		l := c.place()
		if !choose(l) {
			kept = append(kept, c)
			continue
		}
		wasMeasured := l.state.Swap(away) == measured
		if c.drain(l.series) || wasMeasured {
			l.series.common().touch(st.readers, now)
		}
		l.series.common().cells--
		l.series = nil
	}
	clear(st.cells[len(kept):])
	st.cells = kept
}
