package bound

import (
	"math"
	"sync/atomic"
)

// distribution is the value of a histogram in the hands of a collection.
type distribution struct {
	sum, min, max float64
	nanFirst      bool
	buckets       []uint64
}

func newDistribution(bounds []float64) distribution {
	d := distribution{buckets: make([]uint64, len(bounds)+1)}
	d.reset()
	return d
}

func (d *distribution) count() (n uint64) {
	for _, b := range d.buckets {
		n += b
	}
	return n
}

// add adds what is in a buffer of a cell, whose buckets begin at first.
func (d *distribution) add(words []atomic.Uint64, first int) {
	float := func(i int) float64 { return math.Float64frombits(words[i].Load()) }
	if first > atNaN {
		d.extend(float(atMin), float(atMax), words[atNaN].Load() != 0)
	}
	d.sum = addFinite(d.sum, float(atSum))
	for i := range d.buckets {
		d.buckets[i] += words[first+i].Load()
	}
}

// reset empties d.
func (d *distribution) reset() {
	clear(d.buckets)
	*d = distribution{min: math.Inf(1), max: math.Inf(-1), buckets: d.buckets}
}

// extend widens the minimum and maximum, before anything else is added. Between handles of one series the order of values
// is that of their cells.
func (d *distribution) extend(minimum, maximum float64, nanFirst bool) {
	d.min, d.max = min(d.min, minimum), max(d.max, maximum)
	d.nanFirst = d.nanFirst || nanFirst && d.count() == 0
}

// extrema returns the minimum and maximum. As in the SDK, NaN is neither, unless it came first: then it is both.
func (d *distribution) extrema() (minimum, maximum float64) {
	if d.nanFirst {
		return math.NaN(), math.NaN()
	}
	return d.min, d.max
}
