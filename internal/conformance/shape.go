package conformance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// take keeps what the shape of a histogram needs.
func (g *group) take(f *Family, s sample, suffix string) {
	if !f.bucketed() {
		return
	}
	switch suffix {
	case "_bucket":
		le, _ := s.label("le") // judge.labels has seen it
		value, _ := strconv.ParseFloat(le.value, 64)
		g.buckets = append(g.buckets, bound{le: value, value: s.value, at: s.at})
	case "_count", "_gcount":
		g.count = &total{s.value, s.at}
	case "_sum", "_gsum":
		g.sum = &total{s.value, s.at}
	}
}

// shape checks the samples of one histogram against one another.
func (j *judge) shape(f *Family, g *group) {
	if !f.bucketed() {
		return
	}
	wrong := func(rule Rule, at position, remedy, format string, args ...any) {
		j.wrong(rule, f, g.first, at, remedy, fmt.Sprintf(format, args...))
	}
	buckets := g.buckets
	if j.om() && !slices.IsSortedFunc(buckets, func(a, b bound) int { return cmp.Compare(a.le, b.le) }) {
		wrong(Grouping, buckets[0].at, "", "the buckets are not in the order of their bounds")
	}
	slices.SortStableFunc(buckets, func(a, b bound) int { return cmp.Compare(a.le, b.le) })
	for i, b := range buckets {
		switch {
		case i > 0 && b.le == buckets[i-1].le:
			wrong(DuplicateSeries, b.at, "", "the bucket of %v occurs twice", b.le)
		case i > 0 && b.value < buckets[i-1].value:
			wrong(NotCumulative, b.at, "a bucket counts all observations up to its bound",
				"the bucket of %v has %v, less than the %v of the one below it", b.le, b.value, buckets[i-1].value)
		}
	}
	f.keepBounds(buckets)
	n := len(buckets)
	if n == 0 || !math.IsInf(buckets[n-1].le, 1) {
		wrong(MissingBucket, g.first.at, "the bucket of +Inf counts all observations", "no bucket of +Inf")
	} else if g.count != nil && g.count.value != buckets[n-1].value {
		wrong(WrongCount, g.count.at, "", "the count is %v, the bucket of +Inf has %v", g.count.value, buckets[n-1].value)
	}
	j.totals(f, g, n > 0 && buckets[0].le < 0, wrong)
}

// totals checks the sum and the count. OpenMetrics allows a histogram without
// both, but not one without one; it has no sum of what can be negative. A gauge
// histogram of the text format has both elsewhere.
func (j *judge) totals(f *Family, g *group, negative bool, wrong func(rule Rule, at position, remedy, format string, args ...any)) {
	gauge := ""
	if f.kind == "gaugehistogram" {
		gauge = "g"
	}
	if g.count != nil || g.sum != nil || !j.om() && !f.apart {
		if g.count == nil {
			wrong(WrongCount, g.first.at, "", "there is no %s_%scount", short(f.name), gauge)
		}
		if g.sum == nil {
			wrong(WrongCount, g.first.at, "", "there is no %s_%ssum", short(f.name), gauge)
		}
	}
	if g.sum == nil {
		return
	}
	switch {
	case j.om() && gauge == "" && negative:
		wrong(WrongCount, g.sum.at, "leave the sum and the count out", "there is a sum, but also a bucket for negative values")
	case j.om() && gauge != "" && !negative && g.sum.value < 0:
		wrong(WrongCount, g.sum.at, "", "the sum is %v, but no bucket is for negative values", g.sum.value)
	case g.count != nil && g.count.value == 0 && g.sum.value != 0 && !math.IsNaN(g.sum.value):
		wrong(WrongCount, g.sum.at, "", "the sum is %v of no observations", g.sum.value)
	}
}

// keepBounds remembers the buckets of the family, without +Inf.
func (f *Family) keepBounds(buckets []bound) {
	bounds := make([]float64, 0, len(buckets))
	for _, b := range buckets {
		if !math.IsInf(b.le, 1) {
			bounds = append(bounds, b.le)
		}
	}
	if f.bounds == nil {
		f.bounds = bounds
	}
	f.mixed = f.mixed || !slices.Equal(f.bounds, bounds)
}
