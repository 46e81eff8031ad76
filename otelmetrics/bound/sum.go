package bound

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// sum is the series of a counter or an up-down counter.
type sum struct {
	seriesHeader
	// Whoever collects may use these: the total, and the sum of each interval, if any reader wants intervals.
	total     sumValue
	intervals *[]sumValue
}

// value returns what a collection reports: the total, or the sum of the interval, which begins anew.
func (s *sum) value(c *collection) sumValue {
	if !c.delta() {
		return s.total
	}
	interval := &(*s.intervals)[c.slot-1]
	v := *interval
	*interval = sumValue{}
	return v
}

// add adds what was taken from a cell.
func (s *sum) add(v sumValue) {
	s.total.add(v)
	if s.intervals != nil {
		for i := range *s.intervals {
			(*s.intervals)[i].add(v)
		}
	}
}

// sumValue is the sum of whole numbers and, of an instrument of float64, the sum of the others.
type sumValue struct {
	whole int64
	frac  float64
}

// add adds another value. What the type of the instrument cannot hold becomes the nearest number that it can.
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

// newSeries implements [kind].
func (sumKind[N]) newSeries(st *stream) series {
	s := new(sum)
	if n := st.intervals(); n > 0 {
		intervals := make([]sumValue, n)
		s.intervals = &intervals
	}
	return s
}

// busy keeps an up-down counter that is not at zero: what it counts is still there.
func (k sumKind[N]) busy(x series) bool {
	s, ok := x.(*sum)
	return ok && k.updown && sumOf[N](s.total) != 0
}

// derived implements [kind]: what an ending counter ends is known when that was visited.
func (k sumKind[N]) derived() bool { return k.updown }

// report implements [kind].
func (k sumKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.DataPoint[N], 0, len(c.series))
	for _, x := range c.series {
		if s, ok := x.(*sum); ok {
			points = append(points, metricdata.DataPoint[N]{
				Attributes: s.attrs,
				StartTime:  c.start(&s.seriesHeader),
				Time:       c.now,
				Value:      sumOf[N](s.value(c)),
				Exemplars:  collectExemplars[N](&s.seriesHeader, c),
			})
		}
	}
	return []metricdata.Aggregation{metricdata.Sum[N]{DataPoints: points, Temporality: c.temporality(), IsMonotonic: !k.updown}}
}
