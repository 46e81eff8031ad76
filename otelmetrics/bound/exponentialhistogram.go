package bound

import (
	"slices"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// exponentialHistogram is the series of a histogram with exponential buckets, and with explicit ones beside them if it has
// both forms.
type exponentialHistogram struct {
	head
	// Guarded by the collecting lock of the stream: the total, and the value of each interval.
	total     *exponential
	intervals []*exponential
}

func (h *exponentialHistogram) add(v *exponential) {
	h.total.add(v)
	for _, interval := range h.intervals {
		interval.add(v)
	}
}

// value returns what a collection reports.
func (h *exponentialHistogram) value(c *collection) *exponential {
	if c.delta() {
		return h.intervals[c.slot-1]
	}
	return h.total
}

// exponentialKind makes and reports the series of histograms with exponential buckets.
type exponentialKind struct {
	maxSize, maxScale int
	index             exponentialIndex // at the highest scale
	minMax            bool
	explicit          *histogramKind // the other form, nil if there is none

	// spare is an empty value for the next cell that is drained. It is guarded by the collecting lock of the stream.
	spare *exponential
}

func newExponentialKind(a sdkmetric.AggregationBase2ExponentialHistogram, explicit *histogramKind) *exponentialKind {
	k := &exponentialKind{
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

func (k *exponentialKind) newSeries(st *stream) series {
	h := &exponentialHistogram{total: newExponential(k)}
	for range st.intervals() {
		h.intervals = append(h.intervals, newExponential(k))
	}
	return h
}

func (*exponentialKind) busy(series) bool { return false }

func (k *exponentialKind) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.ExponentialHistogramDataPoint[float64], 0, len(c.series))
	var explicit []metricdata.HistogramDataPoint[float64]
	for _, x := range c.series {
		h, ok := x.(*exponentialHistogram)
		if !ok {
			continue
		}
		v := h.value(c)
		p := v.point()
		p.Attributes, p.StartTime, p.Time = h.attrs, c.start(&h.head), c.now
		p.Exemplars = collectExemplars[float64](&h.head, c)
		points = append(points, p)
		if k.explicit != nil {
			explicit = append(explicit, v.explicitPoint(p))
		}
		if c.delta() {
			v.reset()
		}
	}
	native := metricdata.ExponentialHistogram[float64]{DataPoints: points, Temporality: c.temporality()}
	if k.explicit == nil {
		return []metricdata.Aggregation{native}
	}
	return []metricdata.Aggregation{metricdata.Histogram[float64]{DataPoints: explicit, Temporality: c.temporality()}, native}
}

// point returns what v adds to a point.
func (e *exponential) point() metricdata.ExponentialHistogramDataPoint[float64] {
	p := metricdata.ExponentialHistogramDataPoint[float64]{
		Count:          e.count(),
		Sum:            e.sum,
		Scale:          int32(e.scale),
		ZeroCount:      e.zeros,
		PositiveBucket: e.positive.bucket(),
		NegativeBucket: e.negative.bucket(),
	}
	if e.kind.minMax && !e.empty() {
		p.Min, p.Max = metricdata.NewExtrema(e.min), metricdata.NewExtrema(e.max)
	}
	return p
}

// explicitPoint returns the other form of a point. The receiver may change what it gets, so they share nothing.
func (e *exponential) explicitPoint(p metricdata.ExponentialHistogramDataPoint[float64]) metricdata.HistogramDataPoint[float64] {
	q := metricdata.HistogramDataPoint[float64]{
		Attributes: p.Attributes, StartTime: p.StartTime, Time: p.Time, Count: p.Count, Sum: p.Sum,
		Bounds: slices.Clone(e.kind.explicit.bounds), BucketCounts: slices.Clone(e.bounded), Exemplars: slices.Clone(p.Exemplars),
	}
	if e.kind.explicit.minMax && !e.empty() {
		q.Min, q.Max = metricdata.NewExtrema(e.min), metricdata.NewExtrema(e.max)
	}
	return q
}

func (b *exponentialBuckets) bucket() metricdata.ExponentialBucket {
	return metricdata.ExponentialBucket{Offset: int32(b.start), Counts: slices.Clone(b.counts)}
}
