package bound

import (
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// series is one attribute set of a stream and what collections have found in its cells: a sum, a gauge or a histogram.
type series interface {
	// common returns what all series have.
	common() *head
	// adopt returns the cell that is to measure the series for the given one: itself, unless there can be only one.
	// The caller holds the lock of the stream.
	adopt(c cell) cell
}

// head is what all series have.
type head struct {
	attrs     attribute.Set
	exemplars atomic.Pointer[exemplars]
	// born is when the series began, in Unix nanoseconds, or 0 if it began with the stream.
	born int64
	// primed series are never forgotten.
	primed atomic.Bool
	// cells is how many cells of the series are listed. It is guarded by the lock of the stream.
	cells int

	// fresh has a bit for each reader that has not yet reported the latest measurements, and lastSeen is when a
	// collection found them, counted from the start of the stream. They are guarded by its collecting lock.
	fresh    uint64
	lastSeen time.Duration
}

func (h *head) common() *head { return h }

func (h *head) adopt(c cell) cell { return c }

// touch notes that measurements were found.
func (h *head) touch(readers uint64, now time.Duration) {
	h.fresh, h.lastSeen = readers, now
}

// take reports whether the reader has something to report, and that it does so now.
func (h *head) take(reader int) bool {
	bit := uint64(1) << reader
	fresh := h.fresh&bit != 0
	h.fresh &^= bit
	return fresh
}
