package bound

import (
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// histogram is the series of a histogram with explicit buckets.
type histogram[N int64 | float64] struct {
	seriesHeader
	// Whoever collects may use these: the total, and the value of each interval, if any reader wants intervals.
	total     distribution[N]
	intervals *[]distribution[N]
}

// add adds what is in a buffer of a cell, whose buckets begin at first: to the total, and to the interval of each reader that
// wants intervals, so that no reader has to subtract what another has seen.
func (h *histogram[N]) add(words []atomic.Uint64, first int) {
	h.total.add(words, first)
	if h.intervals != nil {
		for i := range *h.intervals {
			(*h.intervals)[i].add(words, first)
		}
	}
}

// value returns what a collection reports. The caller may reset an interval, and must not keep the pointer.
func (h *histogram[N]) value(c *collection) *distribution[N] {
	if c.delta() {
		return &(*h.intervals)[c.slot-1]
	}
	return &h.total
}

// histogramKind makes and reports the series of histograms with explicit buckets.
type histogramKind[N int64 | float64] struct {
	bounds []float64
	minMax bool
}

// newSeries implements [kind].
func (k *histogramKind[N]) newSeries(st *stream) series {
	h := &histogram[N]{total: newDistribution[N](k.bounds)}
	if n := st.intervals(); n > 0 {
		intervals := make([]distribution[N], n)
		for i := range intervals {
			intervals[i] = newDistribution[N](k.bounds)
		}
		h.intervals = &intervals
	}
	return h
}

// busy implements [kind]: any histogram may be forgotten.
func (*histogramKind[N]) busy(series) bool { return false }

// derived implements [kind]: no histogram depends on another stream.
func (*histogramKind[N]) derived() bool { return false }

// report implements [kind]. The count of a point is the sum of its buckets, so that the two always agree. All points share
// the memory of one allocation for their buckets, each with a part of its own.
func (k *histogramKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.HistogramDataPoint[N], 0, len(c.series))
	buckets := make([]uint64, 0, len(c.series)*(len(k.bounds)+1))
	bounds := slices.Clone(k.bounds) // The receiver may change what it gets.
	for _, x := range c.series {
		h, ok := x.(*histogram[N])
		if !ok {
			continue
		}
		d := h.value(c)
		at := len(buckets)
		buckets = append(buckets, d.buckets...)
		p := metricdata.HistogramDataPoint[N]{
			Attributes:   h.attrs,
			StartTime:    c.start(&h.seriesHeader),
			Time:         c.now,
			Count:        d.count(),
			Sum:          d.sum,
			Bounds:       bounds,
			BucketCounts: buckets[at:len(buckets):len(buckets)],
			Exemplars:    collectExemplars[N](&h.seriesHeader, c),
		}
		if k.minMax && p.Count > 0 {
			minimum, maximum := d.minMax()
			p.Min, p.Max = metricdata.NewExtrema(minimum), metricdata.NewExtrema(maximum)
		}
		points = append(points, p)
		if c.delta() {
			d.reset()
		}
	}
	return []metricdata.Aggregation{metricdata.Histogram[N]{DataPoints: points, Temporality: c.temporality()}}
}
