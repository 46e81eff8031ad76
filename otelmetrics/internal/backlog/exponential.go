package backlog

import (
	"slices"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// maxBuckets is how many buckets either side of the sum of two exponential histograms has at most: the default of the
// specification.
const maxBuckets = 160

// addExponential adds exponential histograms, at the scale of the coarser one or at a lower one at which the buckets of
// both are few enough. A bucket of a lower scale has those of the higher one whole.
func addExponential[N int64 | float64](older, newer metricdata.ExponentialHistogramDataPoint[N]) metricdata.ExponentialHistogramDataPoint[N] {
	newer.StartTime = older.StartTime
	newer.Count += older.Count
	newer.Sum = add(older.Sum, newer.Sum)
	newer.Min = extremum(older.Min, newer.Min, func(a, b N) N { return min(a, b) })
	newer.Max = extremum(older.Max, newer.Max, func(a, b N) N { return max(a, b) })
	newer.ZeroCount += older.ZeroCount
	newer.ZeroThreshold = max(older.ZeroThreshold, newer.ZeroThreshold)
	newer.Exemplars = exemplars(older.Exemplars, newer.Exemplars)

	scale := min(older.Scale, newer.Scale)
	for ; ; scale-- {
		positive := addBuckets(older.PositiveBucket, older.Scale-scale, newer.PositiveBucket, newer.Scale-scale)
		negative := addBuckets(older.NegativeBucket, older.Scale-scale, newer.NegativeBucket, newer.Scale-scale)
		if len(positive.Counts) <= maxBuckets && len(negative.Counts) <= maxBuckets {
			newer.Scale, newer.PositiveBucket, newer.NegativeBucket = scale, positive, negative
			return newer
		}
	}
}

// addBuckets adds buckets after each was made coarser by a number of scales.
func addBuckets(a metricdata.ExponentialBucket, coarserA int32, b metricdata.ExponentialBucket, coarserB int32) metricdata.ExponentialBucket {
	a, b = coarsen(a, coarserA), coarsen(b, coarserB)
	switch {
	case len(a.Counts) == 0:
		return b
	case len(b.Counts) == 0:
		return a
	}
	start := min(a.Offset, b.Offset)
	end := max(int(a.Offset)+len(a.Counts), int(b.Offset)+len(b.Counts))
	if end-int(start) > maxBuckets { // The caller tries a lower scale.
		return metricdata.ExponentialBucket{Offset: start, Counts: make([]uint64, maxBuckets+1)}
	}
	sum := metricdata.ExponentialBucket{Offset: start, Counts: make([]uint64, end-int(start))}
	for _, x := range []metricdata.ExponentialBucket{a, b} {
		for i, n := range x.Counts {
			sum.Counts[int(x.Offset-start)+i] += n
		}
	}
	return sum
}

// coarsen returns the buckets at a scale that is lower by a number.
func coarsen(b metricdata.ExponentialBucket, by int32) metricdata.ExponentialBucket {
	if by == 0 || len(b.Counts) == 0 {
		return metricdata.ExponentialBucket{Offset: b.Offset, Counts: slices.Clone(b.Counts)}
	}
	out := metricdata.ExponentialBucket{Offset: b.Offset >> by}
	for i, n := range b.Counts {
		at := int((b.Offset+int32(i))>>by - out.Offset)
		for len(out.Counts) <= at {
			out.Counts = append(out.Counts, 0)
		}
		out.Counts[at] += n
	}
	return out
}
