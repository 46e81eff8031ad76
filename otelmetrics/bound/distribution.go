package bound

import (
	"math"
	"sync/atomic"
)

// distribution is the value of a histogram with explicit buckets in the hands of a collection.
type distribution[N int64 | float64] struct {
	sum      N
	extremes extremes[N]
	nanFirst bool
	buckets  []uint64
}

// newDistribution returns an empty value with a bucket for each bound, and one above all of them.
func newDistribution[N int64 | float64](bounds []float64) distribution[N] {
	return distribution[N]{extremes: noExtremes[N](), buckets: make([]uint64, len(bounds)+1)}
}

// count returns the number of values.
func (d *distribution[N]) count() (n uint64) {
	for _, b := range d.buckets {
		n += b
	}
	return n
}

// add adds what is in a buffer of a cell, whose buckets begin at first.
func (d *distribution[N]) add(words []atomic.Uint64, first int) {
	if first > atNaN {
		// Before anything else is added. Between handles of one series the order of values is that of their cells.
		d.nanFirst = d.nanFirst || words[atNaN].Load() != 0 && d.count() == 0
		d.extremes.widen(fromBits[N](words[atMin].Load()), fromBits[N](words[atMax].Load()))
	}
	d.sum = addNumbers(d.sum, fromBits[N](words[atSum].Load()))
	for i := range d.buckets {
		d.buckets[i] += words[first+i].Load()
	}
}

// reset empties d for the next interval, and keeps the memory of its buckets.
func (d *distribution[N]) reset() {
	clear(d.buckets)
	*d = distribution[N]{extremes: noExtremes[N](), buckets: d.buckets}
}

// minMax returns the minimum and maximum. As in the SDK, NaN is neither, unless it came first: then it is both.
func (d *distribution[N]) minMax() (minimum, maximum N) {
	if d.nanFirst {
		nan := fromBits[N](math.Float64bits(math.NaN()))
		return nan, nan
	}
	return d.extremes.min, d.extremes.max
}

// extremes are the minimum and maximum of no, one or more numbers.
type extremes[N int64 | float64] struct{ min, max N }

// noExtremes returns those of no numbers: the minimum is above the maximum.
func noExtremes[N int64 | float64]() extremes[N] {
	if isInteger[N]() {
		return extremes[N]{fromBits[N](math.MaxInt64), fromBits[N](1 << 63)}
	}
	return extremes[N]{fromBits[N](math.Float64bits(math.Inf(1))), fromBits[N](math.Float64bits(math.Inf(-1)))}
}

// widen makes the extremes hold others, which may be those of no numbers.
func (e *extremes[N]) widen(minimum, maximum N) {
	e.min, e.max = min(e.min, minimum), max(e.max, maximum)
}
