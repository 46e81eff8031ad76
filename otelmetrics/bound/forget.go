package bound

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
)

// Series says which series one is.
type Series struct {
	// Scope is that of the meter.
	Scope instrumentation.Scope
	// Metric is the name of the metric, as the view gives it.
	Metric string
	// Attributes are those that the view lets pass.
	Attributes attribute.Set
}

// forget forgets the series that were idle for the timeout and those that every reader has reported as finished, and
// returns their attributes. A reader that did not collect during the whole timeout has gone away and holds nothing back.
// The caller collects.
func (st *stream) forget(now time.Time) []attribute.Set {
	expired := func(s series) bool {
		h := s.header()
		if h.lastSeen == ended {
			return h.finished == 0
		}
		return st.timeout > 0 && now.UnixNano()-h.lastSeen >= int64(st.timeout) && !h.primed.Load() && !st.kind.busy(s)
	}
	if !slices.ContainsFunc(st.snapshot(), expired) {
		return nil
	}
	// A measurement that comes now activates its cell again, and holds the series by that.
	st.retire(func(c cell) bool { return expired(st.seriesBy(c.home().attrs)) })
	forgotten, overflowing := st.remove(func(s series) bool { return s.header().cells == 0 && expired(s) })
	if len(forgotten) > 0 && overflowing != nil {
		// There is room now for what went to the overflow: its handles look again.
		st.retire(func(c cell) bool { return c.home() == overflowing.header() })
	}
	return forgotten
}

// remove removes the chosen series. It returns their attributes, and the series of the overflow, or nil.
func (st *stream) remove(choose func(series) bool) (removed []attribute.Set, overflowing series) {
	st.mu.Lock()
	defer st.mu.Unlock()
	kept := make([]series, 0, len(st.all)) // and not in place: collections hold the other
	for _, s := range st.all {
		attrs := s.header().attrs
		if choose(s) {
			delete(st.byAttrs, attrs.Equivalent())
			removed = append(removed, attrs)
			continue
		}
		st.byAttrs[attrs.Equivalent()] = int32(len(kept))
		kept = append(kept, s)
	}
	st.all = kept
	return removed, st.seriesBy(overflow())
}

// finish finishes the series of the attributes, as given with a measurement. See [Finisher]. It takes the place of a collection,
// so it waits for one that is in progress.
func (st *stream) finish(set attribute.Set) {
	if st.filter != nil {
		set, _ = set.Filter(st.filter)
	}
	st.collecting.Lock()
	defer st.collecting.Unlock()
	st.mu.RLock()
	s := st.seriesBy(set)
	st.mu.RUnlock()
	over := overflow()
	if s == nil || set.Equivalent() == over.Equivalent() {
		return
	}
	// What was measured until now belongs to the last report. What comes later activates its cell again, which the next visit
	// finds measured, and so revives the series.
	st.retire(func(c cell) bool { return c.home() == s.header() })
	s.header().finish(st.readers)
}
