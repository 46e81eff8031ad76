package bound

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// stream is what one view makes of one instrument: a metric with its series.
type stream struct {
	api

	name, description, unit string

	filter    attribute.Filter
	limit     int
	readers   uint32 // a bit for each
	slots     []int  // of each reader: 0 if it wants totals, else the number of its intervals, from 1
	now       func() time.Time
	sample    exemplar.Filter
	reservoir exemplar.ReservoirProvider
	timeout   time.Duration
	kind      kind

	// handles are those of measurements whose attributes came with the call, by these attributes. They are in it while
	// they are active.
	handles sync.Map // attribute.Distinct to a handle

	// collecting is the provider's. Whoever collects holds it. It guards the values of the series, and is taken before mu.
	collecting *sync.Mutex
	last       []time.Time // each reader's last collection

	// mu guards which series there are and which cells are active. A measurement takes it only to activate its cell. The slice
	// of series is replaced and not changed when series are removed, and the one of cells changes only while one collects, so
	// a collection may read copies of both without the lock.
	mu      sync.RWMutex
	all     []series
	byAttrs map[attribute.Distinct]int32 // the place in all
	cells   []cell
}

// kind is how a stream makes and reports its series.
type kind interface {
	// newSeries returns a series without values.
	newSeries(st *stream) series
	// busy reports whether the value of a series forbids that it is forgotten.
	busy(s series) bool
	// derived reports whether the values may depend on those of other streams, see [Ending].
	derived() bool
	// report returns the points of the series for a reader, in each form that the reader wants.
	report(c *collection) []metricdata.Aggregation
}

// overflow returns the attributes of the series that receives what is beyond the cardinality limit.
func overflow() attribute.Set {
	return attribute.NewSet(attribute.Bool("otel.metric.overflow", true))
}

// init completes a stream for readers, some of which want intervals.
func (st *stream) init(deltas []bool) {
	st.byAttrs = make(map[attribute.Distinct]int32)
	st.last = slices.Repeat([]time.Time{st.now()}, len(deltas))
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

// intervals returns for how many readers each series keeps a value beside its total. That is what a reader of intervals costs.
func (st *stream) intervals() int { return slices.Max(st.slots) }

// Enabled reports that measurements are reported.
func (st *stream) Enabled(context.Context) bool { return true }

// snapshot returns the series there are.
func (st *stream) snapshot() []series {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.all
}

// seriesBy returns the series of the attributes, or nil. The caller holds the lock.
func (st *stream) seriesBy(attrs attribute.Set) series {
	if i, ok := st.byAttrs[attrs.Equivalent()]; ok {
		return st.all[i]
	}
	return nil
}

// admit returns the series of attrs or, if it is new and there is no room, the one of the overflow.
// The caller holds the lock.
func (st *stream) admit(attrs attribute.Set) series {
	if s := st.seriesBy(attrs); s != nil {
		return s
	}
	overflowing := st.seriesBy(overflow())
	n := len(st.all)
	if overflowing != nil {
		n--
	}
	switch {
	case st.limit <= 0 || n < st.limit-1:
		return st.add(attrs)
	case overflowing != nil:
		return overflowing
	}
	return st.add(overflow())
}

// add makes a new series of attrs. The caller holds the lock.
func (st *stream) add(attrs attribute.Set) series {
	s := st.kind.newSeries(st)
	h := s.header()
	h.attrs = attrs
	h.born = st.now().UnixNano()
	h.lastSeen = h.born
	st.byAttrs[attrs.Equivalent()] = int32(len(st.all))
	st.all = append(st.all, s)
	return s
}

// visit moves what was measured to the series. A cell in which visits find nothing again and again becomes idle. It takes several,
// so that readers that collect in turn do not make a cell idle that is measured between them. The caller collects.
func (st *stream) visit(now time.Time) {
	st.mu.RLock()
	cells := st.cells
	st.mu.RUnlock()
	resting := false
	for _, c := range cells {
		state := c.header().countDown()
		if c.drain() || state == measured {
			c.home().touch(st.readers, now)
		}
		resting = resting || state == 1
	}
	if resting {
		st.retire(func(c cell) bool { return c.header().state.Load() == 1 })
	}
}

// report appends the metric for a reader, unless there is nothing to report. A reader of totals gets every series, one of
// intervals those that were measured since it last collected. The caller collects.
func (st *stream) report(reader int, native bool, now time.Time, to []metricdata.Metrics) []metricdata.Metrics {
	all := st.snapshot()
	c := &collection{stream: st, reader: reader, slot: st.slots[reader], native: native, since: st.last[reader], now: now}
	st.last[reader] = now
	c.series = make([]series, 0, len(all))
	for _, s := range all {
		if s.header().reports(reader, c.delta()) {
			c.series = append(c.series, s)
		}
	}
	if len(c.series) == 0 {
		return to
	}
	for _, data := range st.kind.report(c) {
		to = append(to, metricdata.Metrics{Name: st.name, Description: st.description, Unit: st.unit, Data: data})
	}
	return to
}

// collection is one reader's view of a stream at one time. What it reports must share no memory with the series, as the reader
// may change what it gets and the series go on.
type collection struct {
	stream       *stream
	reader, slot int
	native       bool // the reader wants the native form of a histogram that has both
	since, now   time.Time
	series       []series
}

// delta reports whether the reader wants intervals.
func (c *collection) delta() bool { return c.slot > 0 }

// temporality returns what the points of the reader are.
func (c *collection) temporality() metricdata.Temporality {
	if c.delta() {
		return metricdata.DeltaTemporality
	}
	return metricdata.CumulativeTemporality
}

// start returns the time from which the value of a series counts.
func (c *collection) start(h *seriesHeader) time.Time {
	if c.delta() {
		return c.since
	}
	return time.Unix(0, h.born)
}
