package bound

import (
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// histogram is the series of a histogram with explicit buckets.
type histogram struct {
	head
	// Guarded by the collecting lock of the stream: the total, and the value of each interval.
	total     distribution
	intervals []distribution
}

// add adds what is in a buffer of a cell, whose buckets begin at first.
func (h *histogram) add(words []atomic.Uint64, first int) {
	h.total.add(words, first)
	for i := range h.intervals {
		h.intervals[i].add(words, first)
	}
}

// value returns what a collection reports.
func (h *histogram) value(c *collection) *distribution {
	if c.delta() {
		return &h.intervals[c.slot-1]
	}
	return &h.total
}

// histogramKind makes and reports the series of histograms.
type histogramKind struct {
	bounds []float64
	minMax bool
}

func (k histogramKind) newSeries(st *stream) series {
	h := &histogram{total: newDistribution(k.bounds)}
	if n := st.intervals(); n > 0 {
		h.intervals = make([]distribution, n)
	}
	for i := range h.intervals {
		h.intervals[i] = newDistribution(k.bounds)
	}
	return h
}

func (histogramKind) busy(series) bool { return false }

func (k histogramKind) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.HistogramDataPoint[float64], 0, len(c.series))
	buckets := make([]uint64, 0, len(c.series)*(len(k.bounds)+1))
	bounds := slices.Clone(k.bounds) // The receiver may change what it gets.
	for _, x := range c.series {
		h, ok := x.(*histogram)
		if !ok {
			continue
		}
		d := h.value(c)
		at := len(buckets)
		buckets = append(buckets, d.buckets...)
		p := metricdata.HistogramDataPoint[float64]{
			Attributes:   h.attrs,
			StartTime:    c.start(&h.head),
			Time:         c.now,
			Count:        d.count(),
			Sum:          d.sum,
			Bounds:       bounds,
			BucketCounts: buckets[at:len(buckets):len(buckets)],
			Exemplars:    collectExemplars[float64](&h.head, c),
		}
		if k.minMax && p.Count > 0 {
			minimum, maximum := d.extrema()
			p.Min, p.Max = metricdata.NewExtrema(minimum), metricdata.NewExtrema(maximum)
		}
		points = append(points, p)
		if c.delta() {
			d.reset()
		}
	}
	return []metricdata.Aggregation{metricdata.Histogram[float64]{DataPoints: points, Temporality: c.temporality()}}
}
