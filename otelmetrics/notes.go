package otelmetrics

import (
	"runtime"
	"sync/atomic"
)

// notes are whether a prediction has ended, and what few predictions have: a span, a model of their own, a bill. The model
// and the bill belong to whoever holds the notes, for as long as it takes to read or change them. A mutex or an atomic
// pointer in place of the state would move every prediction to the heap.
type notes struct {
	ended  atomic.Bool
	state  atomic.Uint32
	name   string       // of the label of the model
	series *modelSeries // of the model
	bill   *bill        // nil while nothing is on it
}

// The bits of the state of notes.
const (
	noteHeld  = 1 << iota // one goroutine reads or writes the model or the bill
	noteModel             // there is a model
	noteSpan              // the context of the prediction has a span of its own
)

func (n *notes) has(bit uint32) bool { return n.state.Load()&bit != 0 }

func (n *notes) add(bit uint32) { n.state.Or(bit) }

// hold waits until nobody holds the notes, and holds them.
func (n *notes) hold() {
	for {
		before := n.state.Load()
		if before&noteHeld == 0 && n.state.CompareAndSwap(before, before|noteHeld) {
			return
		}
		runtime.Gosched()
	}
}

func (n *notes) release() { n.state.And(^uint32(noteHeld)) }

func (n *notes) setModel(name string, series *modelSeries) {
	n.hold()
	n.name, n.series = name, series
	n.add(noteModel)
	n.release()
}

// model returns the model, or ok false if there is none.
func (n *notes) model() (name string, series *modelSeries, ok bool) {
	if !n.has(noteModel) {
		return "", nil, false
	}
	n.hold()
	name, series = n.name, n.series
	n.release()
	return name, series, true
}
