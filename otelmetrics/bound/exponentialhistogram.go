package bound

import (
	"slices"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// exponentialHistogram is the series of a histogram with exponential buckets, and with explicit ones beside them if it has
// both forms.
type exponentialHistogram[N int64 | float64] struct {
	seriesHeader
	// Whoever collects may use these: the total, and the value of each interval.
	total     *exponential[N]
	intervals []*exponential[N]
}

// add adds a value of a cell to the total, and to the interval of each reader that wants intervals.
func (h *exponentialHistogram[N]) add(v *exponential[N]) {
	h.total.add(v)
	for _, interval := range h.intervals {
		interval.add(v)
	}
}

// value returns what a collection reports. The caller may reset an interval, and must not keep the pointer.
func (h *exponentialHistogram[N]) value(c *collection) *exponential[N] {
	if c.delta() {
		return h.intervals[c.slot-1]
	}
	return h.total
}

// exponentialKind makes and reports the series of histograms with exponential buckets.
type exponentialKind[N int64 | float64] struct {
	maxSize, maxScale int
	index             exponentialIndex // at the highest scale
	minMax            bool
	explicit          *histogramKind[N] // the other form, nil if there is none

	// spare is an empty value for the next cell that is drained. Whoever collects may use it.
	spare *exponential[N]
}

// newExponentialKind returns the kind of an aggregation that is measurable, with the explicit form beside it or nil.
func newExponentialKind[N int64 | float64](a sdkmetric.AggregationBase2ExponentialHistogram, explicit *histogramKind[N]) *exponentialKind[N] {
	k := &exponentialKind[N]{
		maxSize: int(a.MaxSize), maxScale: int(a.MaxScale), index: newExponentialIndex(int(a.MaxScale)),
		minMax: !a.NoMinMax, explicit: explicit,
	}
	k.spare = newExponential(k)
	return k
}

// measurable reports whether an exponential histogram can be measured here: that none of its measurements can fail. Three
// buckets of the lowest scale hold any number.
func measurable(a sdkmetric.AggregationBase2ExponentialHistogram) bool {
	const minScale, maxScale, minSize = -10, 20, 3
	return minScale <= a.MaxScale && a.MaxScale <= maxScale && a.MaxSize >= minSize
}

// newSeries implements [kind].
func (k *exponentialKind[N]) newSeries(st *stream) series {
	h := &exponentialHistogram[N]{total: newExponential(k)}
	for range st.intervals() {
		h.intervals = append(h.intervals, newExponential(k))
	}
	return h
}

// busy implements [kind]: any histogram may be forgotten.
func (*exponentialKind[N]) busy(series) bool { return false }

// derived implements [kind]: no histogram depends on another stream.
func (*exponentialKind[N]) derived() bool { return false }

// report implements [kind]. Of both forms, the explicit one comes first.
func (k *exponentialKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.ExponentialHistogramDataPoint[N], 0, len(c.series))
	var explicit []metricdata.HistogramDataPoint[N]
	for _, x := range c.series {
		h, ok := x.(*exponentialHistogram[N])
		if !ok {
			continue
		}
		v := h.value(c)
		p := v.point()
		p.Attributes, p.StartTime, p.Time = h.attrs, c.start(&h.seriesHeader), c.now
		p.Exemplars = collectExemplars[N](&h.seriesHeader, c)
		points = append(points, p)
		if k.explicit != nil {
			explicit = append(explicit, v.explicitPoint(p))
		}
		if c.delta() {
			v.reset()
		}
	}
	native := metricdata.ExponentialHistogram[N]{DataPoints: points, Temporality: c.temporality()}
	if k.explicit == nil {
		return []metricdata.Aggregation{native}
	}
	forms := []metricdata.Aggregation{metricdata.Histogram[N]{DataPoints: explicit, Temporality: c.temporality()}}
	if c.native {
		forms = append(forms, native)
	}
	return forms
}

// point returns what v adds to a point.
func (e *exponential[N]) point() metricdata.ExponentialHistogramDataPoint[N] {
	p := metricdata.ExponentialHistogramDataPoint[N]{
		Count:          e.count(),
		Sum:            e.sum,
		Scale:          int32(e.scale),
		ZeroCount:      e.zeros,
		PositiveBucket: e.positive.bucket(),
		NegativeBucket: e.negative.bucket(),
	}
	if e.kind.minMax && !e.empty() {
		p.Min, p.Max = metricdata.NewExtrema(e.extremes.min), metricdata.NewExtrema(e.extremes.max)
	}
	return p
}

// explicitPoint returns the other form of a point. The receiver may change what it gets, so they share nothing.
func (e *exponential[N]) explicitPoint(p metricdata.ExponentialHistogramDataPoint[N]) metricdata.HistogramDataPoint[N] {
	q := metricdata.HistogramDataPoint[N]{
		Attributes: p.Attributes, StartTime: p.StartTime, Time: p.Time, Count: p.Count, Sum: p.Sum,
		Bounds: slices.Clone(e.kind.explicit.bounds), BucketCounts: slices.Clone(e.bounded), Exemplars: slices.Clone(p.Exemplars),
	}
	if e.kind.explicit.minMax && !e.empty() {
		q.Min, q.Max = metricdata.NewExtrema(e.extremes.min), metricdata.NewExtrema(e.extremes.max)
	}
	return q
}

// bucket returns the buckets as a point has them, in memory of its own.
func (b *exponentialBuckets) bucket() metricdata.ExponentialBucket {
	return metricdata.ExponentialBucket{Offset: int32(b.start), Counts: slices.Clone(b.counts)}
}
