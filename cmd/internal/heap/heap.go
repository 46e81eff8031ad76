// Package heap lets a small heap grow before it is collected.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// doubled is the runtime's default: a heap may grow by as much as lives in it.
	doubled = 100
	// smallest is the heap that the runtime lets be with that default, whatever lives
	// in it; with a larger percentage it is larger by as much.
	smallest = 4 << 20
)

// Spare lets the heap have so many bytes before it is collected, or twice of what lives
// in it if that is more, which is the runtime's default. A program whose heap is small
// is collected after every few hundred requests otherwise, and looks through all that
// lives each time. It looks anew after each collection, for as long as the process
// lives, and must be called once. It replaces GOGC: call it where that is not set.
func Spare(bytes uint64) {
	s := &spare{bytes: bytes, percent: doubled, samples: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}}
	s.adjust()
}

// spare is used by one goroutine at a time, which is the runtime's.
type spare struct {
	bytes   uint64
	percent int // that is in force
	samples []metrics.Sample
}

// collected lives until the next collection.
type collected struct{ _ [2]uint64 }

// adjust sets the percentage for what lives now, and has itself called after the next
// collection.
func (s *spare) adjust() {
	metrics.Read(s.samples)
	live := s.samples[0].Value.Uint64()
	roots := s.samples[1].Value.Uint64() + s.samples[2].Value.Uint64()
	if percent := percentage(s.bytes, live, roots); percent != s.percent {
		debug.SetGCPercent(percent)
		s.percent = percent
	}
	runtime.AddCleanup(new(collected), func(s *spare) { s.adjust() }, s)
}

// percentage returns the one with which a heap is collected at so many bytes, of which
// some live. The runtime lets the heap grow by the percentage of what lives and of the
// roots, which are stacks and globals.
func percentage(bytes, live, roots uint64) int {
	if live >= bytes {
		return doubled
	}
	most := max(doubled, bytes*100/smallest)
	return int(min(most, max(doubled, (bytes-live)*100/max(1, live+roots)))) //nolint:gosec // a percentage of at most bytes in a process
}
