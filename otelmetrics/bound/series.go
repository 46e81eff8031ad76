package bound

import (
	"math"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// series is one attribute set of a stream and what collections have found in its cells: a sum, a gauge or a histogram.
type series interface {
	// header returns what all series have.
	header() *seriesHeader
	// share returns the cell that is to measure the series for the given one: itself, unless there can be only one.
	// The caller holds the lock of the stream.
	share(c cell) cell
}

// seriesHeader is what all series have.
type seriesHeader struct {
	attrs     attribute.Set
	exemplars atomic.Pointer[exemplars]
	// born is when the series began, and lastSeen when a collection last found a measurement, in Unix nanoseconds. In a
	// series that was finished, and not measured since, lastSeen is ended. Whoever collects may use lastSeen.
	born, lastSeen int64
	// fresh has a bit for each reader that has not yet reported the latest measurements, and finished one for each that
	// has not yet reported an ended series. Whoever collects may use them.
	fresh, finished uint32
	// cells is how many cells of the series are active. The lock of the stream guards it.
	cells int32
	// primed series are never forgotten.
	primed atomic.Bool
}

// ended is when a series that was finished was last seen.
const ended = math.MinInt64

// header implements [series].
func (h *seriesHeader) header() *seriesHeader { return h }

// share implements [series] for all but gauges: each handle measures in a cell of its own.
func (h *seriesHeader) share(c cell) cell { return c }

// touch notes that measurements were found. A finished series is revived by them.
func (h *seriesHeader) touch(readers uint32, now time.Time) {
	h.fresh, h.finished, h.lastSeen = readers, 0, now.UnixNano()
}

// finish makes each reader report the series once more.
func (h *seriesHeader) finish(readers uint32) {
	if h.lastSeen != ended {
		h.finished, h.lastSeen = readers, ended
	}
}

// reports reports whether a reader of totals or of intervals reports the series, and notes that it does.
func (h *seriesHeader) reports(reader int, delta bool) bool {
	bit := uint32(1) << reader
	fresh, finished := h.fresh&bit != 0, h.finished&bit != 0
	h.fresh &^= bit
	h.finished &^= bit
	switch {
	case delta:
		return fresh
	case h.lastSeen == ended:
		return finished
	}
	return true
}
