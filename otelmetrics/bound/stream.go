package bound

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// stream is what one view makes of one instrument: a metric with its series.
type stream struct {
	name, description, unit string

	filter    attribute.Filter
	limit     int
	readers   uint64 // a bit for each
	slots     []int  // of each reader: 0 if it wants totals, else the number of its intervals, from 1
	start     time.Time
	now       func() time.Time
	sample    exemplar.Filter
	reservoir exemplar.ReservoirProvider
	idle      time.Duration
	kind      kind

	// mu guards which series there are and which cells are listed. Measurements take it only when they are the first of
	// their cell for a while.
	mu      sync.RWMutex
	byAttrs map[attribute.Distinct]series
	all     []series
	cells   []cell
	reborn  bool // a series was retired, so a new one may continue it

	// collecting guards the values of the series. It is taken before mu.
	collecting sync.Mutex
	last       []time.Time // each reader's last collection
}

// kind is how a stream makes and reports its series.
type kind interface {
	// newSeries returns a series without values.
	newSeries(st *stream) series
	// busy reports whether the value of a series forbids that it is forgotten.
	busy(s series) bool
	// report returns the points of the series for a reader, in each form that the stream has.
	report(c *collection) []metricdata.Aggregation
}

// overflow returns the attributes of the series that receives what is beyond the cardinality limit.
func overflow() attribute.Set {
	return attribute.NewSet(attribute.Bool("otel.metric.overflow", true))
}

// init completes a stream for readers, some of which want intervals.
func (st *stream) init(deltas []bool) {
	st.start = st.now()
	st.byAttrs = map[attribute.Distinct]series{}
	st.last = make([]time.Time, len(deltas))
	st.slots = make([]int, len(deltas))
	n := 0
	for i, delta := range deltas {
		st.readers |= 1 << i
		if delta {
			n++
			st.slots[i] = n
		}
	}
}

// intervals returns for how many readers each series keeps a value beside its total.
func (st *stream) intervals() int { return slices.Max(st.slots) }

// snapshot returns the series there are.
func (st *stream) snapshot() []series {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.all
}

// admit returns the series of attrs or, if it is new and there is no room, the one of the overflow.
// The caller holds the lock.
func (st *stream) admit(attrs attribute.Set) series {
	if s, ok := st.byAttrs[attrs.Equivalent()]; ok {
		return s
	}
	over := overflow()
	overflowing, ok := st.byAttrs[over.Equivalent()]
	n := len(st.all)
	if ok {
		n--
	}
	if st.limit <= 0 || n < st.limit-1 {
		return st.add(attrs)
	}
	if ok {
		return overflowing
	}
	return st.add(over)
}

// add makes a new series of attrs. The caller holds the lock.
func (st *stream) add(attrs attribute.Set) series {
	s := st.kind.newSeries(st)
	h := s.common()
	h.attrs = attrs
	if st.idle > 0 {
		now := st.now()
		h.lastSeen = now.Sub(st.start)
		if st.reborn {
			h.born = now.UnixNano()
		}
	}
	st.byAttrs[attrs.Equivalent()] = s
	st.all = append(st.all, s)
	return s
}

// collect appends the metric for a reader, unless there is nothing to report, and returns what it retired.
func (st *stream) collect(reader int, to *[]metricdata.Metrics) (retired []attribute.Set) {
	st.collecting.Lock()
	defer st.collecting.Unlock()

	st.mu.RLock()
	all, cells := st.all, st.cells
	st.mu.RUnlock()

	c := &collection{stream: st, reader: reader, slot: st.slots[reader], since: st.last[reader], now: st.now()}
	if c.since.IsZero() {
		c.since = st.start
	}
	st.last[reader] = c.now
	st.visit(cells, c.now.Sub(st.start))

	c.series = make([]series, 0, len(all))
	for _, s := range all {
		if s.common().take(reader) || !c.delta() {
			c.series = append(c.series, s)
		}
	}
	if len(c.series) > 0 {
		for _, data := range st.kind.report(c) {
			*to = append(*to, metricdata.Metrics{Name: st.name, Description: st.description, Unit: st.unit, Data: data})
		}
	}
	return st.retire(c.now)
}

// visit moves what was measured to the series. A cell in which it finds nothing again and again is visited no more.
func (st *stream) visit(cells []cell, now time.Duration) {
	idle := false
	for _, c := range cells {
		l := c.place()
		state := l.state.Load()
		if state > leaving {
			l.state.CompareAndSwap(state, state-1)
		}
		if c.drain(l.series) || state == measured {
			l.series.common().touch(st.readers, now)
		}
		idle = idle || state <= resting
	}
	if idle {
		st.unlist(func(l *listing) bool { return l.state.Load() == leaving })
	}
}

// retire forgets the series that have not been measured for the idle time. A reader that has not collected since then,
// and so has not seen the last value, has gone away and holds nothing back. The caller holds the collecting lock.
func (st *stream) retire(now time.Time) []attribute.Set {
	if st.idle <= 0 {
		return nil
	}
	expired := func(s series) bool {
		return now.Sub(st.start)-s.common().lastSeen >= st.idle && !s.common().primed.Load() && !st.kind.busy(s)
	}
	if !slices.ContainsFunc(st.snapshot(), expired) {
		return nil
	}
	// Only a measurement in this moment can list their cells again, and takes hold of the series by that.
	st.unlist(func(l *listing) bool { return expired(l.series) })
	retired, overflowing := st.forget(func(s series) bool { return expired(s) && s.common().cells == 0 })
	if len(retired) > 0 && overflowing != nil {
		// There is room now for what went to the overflow: its handles look again.
		st.unlist(func(l *listing) bool { return l.series == overflowing })
	}
	return retired
}

// forget removes the chosen series, and returns their attributes and the series of the overflow, if any.
func (st *stream) forget(choose func(series) bool) (retired []attribute.Set, overflowing series) {
	st.mu.Lock()
	defer st.mu.Unlock()
	kept := make([]series, 0, len(st.all))
	for _, s := range st.all {
		if !choose(s) {
			kept = append(kept, s)
			continue
		}
		attrs := s.common().attrs
		delete(st.byAttrs, attrs.Equivalent())
		retired = append(retired, attrs)
	}
	st.all, st.reborn = kept, st.reborn || len(retired) > 0
	over := overflow()
	return retired, st.byAttrs[over.Equivalent()]
}

// collection is one reader's view of a stream at one time.
type collection struct {
	stream       *stream
	reader, slot int
	since, now   time.Time
	series       []series
}

func (c *collection) delta() bool { return c.slot > 0 }

func (c *collection) temporality() metricdata.Temporality {
	if c.delta() {
		return metricdata.DeltaTemporality
	}
	return metricdata.CumulativeTemporality
}

// start returns the time from which the value of a series counts.
func (c *collection) start(h *head) time.Time {
	switch {
	case c.delta():
		return c.since
	case h.born != 0:
		return time.Unix(0, h.born)
	}
	return c.stream.start
}
