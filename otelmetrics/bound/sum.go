package bound

import (
	"math"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// sumCell is where a handle of a counter or an up-down counter adds. Small whole numbers are added up apart from the
// others, so that the common case is one integer addition for either type of number.
type sumCell struct {
	listing
	sumStripe
	stripes[paddedSum]
}

type sumStripe struct {
	// whole is the sum of the small whole numbers, which cannot overflow between two collections; see small.
	whole atomic.Int64
	// rest is the sum of all others: of an instrument of float64 the bits of a float64, of one of int64 an int64.
	rest atomic.Uint64
}

// paddedSum is a stripe on a cache line of its own.
type paddedSum struct {
	sumStripe
	_ [cacheLine - 16]byte
}

// small bounds the numbers that are added up without a look at the sum: an int64 holds 2³⁹ of them.
const small = 1 << 24

// isSmall reports whether n is from -small to below small.
func isSmall(n int64) bool { return uint64(n+small) < 2*small }

// probes is the mask of the values at which an addition looks whether other cores add too. It includes zero, at which
// it must look whether the cell is listed.
const probes = 63

// addInt adds a whole number.
func (c *sumCell) addInt(n int64) {
	if !isSmall(n) {
		c.addLarge(n)
	} else if c.mode.Load()&striped != 0 {
		c.addStriped(n)
	} else if before := c.whole.Add(n) - n; before&probes == 0 {
		c.probe(before)
	}
}

// probe does what most additions need not do.
func (c *sumCell) probe(before int64) {
	if before == 0 {
		c.note(c)
	}
	if now := c.whole.Load(); c.whole.CompareAndSwap(now, now) {
		c.calm(1)
	} else {
		c.clashed()
	}
}

func (c *sumCell) clashed() {
	if c.clash() >= patience {
		c.split(func(*paddedSum) {})
		c.mode.Or(striped)
	}
}

func (c *sumCell) addStriped(n int64) {
	if c.mine().whole.Add(n) == n {
		c.note(c)
	}
}

// addLarge adds a number that is not small to the cell of an instrument of int64.
func (c *sumCell) addLarge(n int64) {
	for {
		rest := c.restHere()
		before := rest.Load()
		if c.replace(rest, before, uint64(addSaturating(int64(before), n))) {
			return
		}
	}
}

// addFloat adds to the cell of an instrument of float64.
func (c *sumCell) addFloat(v float64) {
	if n := int64(v); float64(n) == v && isSmall(n) {
		c.addInt(n)
		return
	}
	for {
		rest := c.restHere()
		before := rest.Load()
		if c.replace(rest, before, math.Float64bits(addFinite(math.Float64frombits(before), v))) {
			return
		}
	}
}

// restHere returns the rest to which the calling goroutine adds.
func (c *sumCell) restHere() *atomic.Uint64 {
	if c.mode.Load()&striped != 0 {
		return &c.mine().rest
	}
	return &c.rest
}

// replace gives a rest another value, unless another goroutine changed it in the meantime.
func (c *sumCell) replace(rest *atomic.Uint64, before, after uint64) bool {
	if rest.CompareAndSwap(before, after) {
		if before == 0 {
			c.note(c)
		}
		return true
	}
	if rest == &c.rest {
		c.clashed()
	}
	return false
}

// take moves what was added to v. The numbers are those of an instrument of int64 or of float64.
func (s *sumStripe) take(v *sumValue, integers bool) {
	if s.whole.Load() != 0 {
		v.whole = addSaturating(v.whole, s.whole.Swap(0))
	}
	if s.rest.Load() == 0 {
		return
	}
	if rest := s.rest.Swap(0); integers {
		v.whole = addSaturating(v.whole, int64(rest))
	} else {
		v.frac = addFinite(v.frac, math.Float64frombits(rest))
	}
}

func (c *sumCell) drain(to series) bool {
	var v sumValue
	_, integers := c.stream.kind.(sumKind[int64])
	c.take(&v, integers)
	c.each(func(s *paddedSum) { s.take(&v, integers) })
	c.calm(math.MaxUint32)
	if v == (sumValue{}) {
		return false
	}
	if s, ok := to.(*sum); ok {
		s.total.add(v)
		for i := range s.intervals {
			s.intervals[i].add(v)
		}
	}
	return true
}

// sum is the series of a counter or an up-down counter.
type sum struct {
	head
	// Guarded by the collecting lock of the stream: the total, and the sum of each interval.
	total     sumValue
	intervals []sumValue
}

// value returns what a collection reports, and begins the next interval.
func (s *sum) value(c *collection) sumValue {
	if !c.delta() {
		return s.total
	}
	v := s.intervals[c.slot-1]
	s.intervals[c.slot-1] = sumValue{}
	return v
}

// sumValue is the sum of whole numbers and, of an instrument of float64, the sum of the others.
type sumValue struct {
	whole int64
	frac  float64
}

func (v *sumValue) add(o sumValue) {
	v.whole = addSaturating(v.whole, o.whole)
	v.frac = addFinite(v.frac, o.frac)
}

// sumOf returns v as a number of the type of the instrument.
func sumOf[N int64 | float64](v sumValue) N {
	if v.frac == 0 {
		return N(v.whole)
	}
	return N(addFinite(v.frac, float64(v.whole)))
}

// sumKind makes and reports the series of counters and up-down counters.
type sumKind[N int64 | float64] struct{ updown bool }

func (sumKind[N]) newSeries(st *stream) series {
	return &sum{intervals: make([]sumValue, st.intervals())}
}

// busy keeps an up-down counter that is not at zero: what it counts is still there.
func (k sumKind[N]) busy(x series) bool {
	s, ok := x.(*sum)
	return ok && k.updown && sumOf[N](s.total) != 0
}

func (k sumKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.DataPoint[N], 0, len(c.series))
	for _, x := range c.series {
		if s, ok := x.(*sum); ok {
			points = append(points, metricdata.DataPoint[N]{
				Attributes: s.attrs,
				StartTime:  c.start(&s.head),
				Time:       c.now,
				Value:      sumOf[N](s.value(c)),
				Exemplars:  collectExemplars[N](&s.head, c),
			})
		}
	}
	return []metricdata.Aggregation{metricdata.Sum[N]{DataPoints: points, Temporality: c.temporality(), IsMonotonic: !k.updown}}
}
