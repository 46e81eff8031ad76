package backlog

import (
	"fmt"
	"math"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// form distinguishes the aggregations that one metric may have.
func form(data metricdata.Aggregation) string { return fmt.Sprintf("%T", data) }

func isGauge(data metricdata.Aggregation) bool {
	switch data.(type) {
	case metricdata.Gauge[int64], metricdata.Gauge[float64]:
		return true
	}
	return false
}

func isDelta(data metricdata.Aggregation) bool {
	const delta = metricdata.DeltaTemporality
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		return data.Temporality == delta
	case metricdata.Sum[float64]:
		return data.Temporality == delta
	case metricdata.Histogram[int64]:
		return data.Temporality == delta
	case metricdata.Histogram[float64]:
		return data.Temporality == delta
	case metricdata.ExponentialHistogram[int64]:
		return data.Temporality == delta
	case metricdata.ExponentialHistogram[float64]:
		return data.Temporality == delta
	}
	return false
}

// join returns newer with what older has in it. They are of the same form.
func join(older, newer metricdata.Aggregation) metricdata.Aggregation {
	switch newer := newer.(type) {
	case metricdata.Sum[int64]:
		newer.DataPoints = points(older.(metricdata.Sum[int64]).DataPoints, newer.DataPoints, ofPoint, addPoint)
		return newer
	case metricdata.Sum[float64]:
		newer.DataPoints = points(older.(metricdata.Sum[float64]).DataPoints, newer.DataPoints, ofPoint, addPoint)
		return newer
	case metricdata.Gauge[int64]:
		newer.DataPoints = points(older.(metricdata.Gauge[int64]).DataPoints, newer.DataPoints, ofPoint, lastPoint)
		return newer
	case metricdata.Gauge[float64]:
		newer.DataPoints = points(older.(metricdata.Gauge[float64]).DataPoints, newer.DataPoints, ofPoint, lastPoint)
		return newer
	case metricdata.Histogram[int64]:
		newer.DataPoints = points(older.(metricdata.Histogram[int64]).DataPoints, newer.DataPoints, ofHistogram, addHistogram)
		return newer
	case metricdata.Histogram[float64]:
		newer.DataPoints = points(older.(metricdata.Histogram[float64]).DataPoints, newer.DataPoints, ofHistogram, addHistogram)
		return newer
	case metricdata.ExponentialHistogram[int64]:
		newer.DataPoints = points(older.(metricdata.ExponentialHistogram[int64]).DataPoints, newer.DataPoints, ofExponential, addExponential)
		return newer
	case metricdata.ExponentialHistogram[float64]:
		newer.DataPoints = points(older.(metricdata.ExponentialHistogram[float64]).DataPoints, newer.DataPoints, ofExponential, addExponential)
		return newer
	}
	return newer
}

// size returns how many points there are.
func size(data metricdata.Aggregation) int {
	n := 0
	cut(data, func(points int) int { n = points; return points })
	return n
}

// first returns the data with its first points, up to a number.
func first(data metricdata.Aggregation, room int) metricdata.Aggregation {
	return cut(data, func(points int) int { return min(points, room) })
}

// cut returns the data with as many points as choose says.
func cut(data metricdata.Aggregation, choose func(points int) int) metricdata.Aggregation {
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.Sum[float64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.Gauge[int64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.Gauge[float64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.Histogram[int64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.Histogram[float64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.ExponentialHistogram[int64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	case metricdata.ExponentialHistogram[float64]:
		data.DataPoints = data.DataPoints[:choose(len(data.DataPoints))]
		return data
	}
	return data
}

// points returns the newer points, to each of which add adds the older one of the same attributes, and the older ones that
// have no newer.
func points[P any](older, newer []P, of func(*P) attribute.Distinct, add func(older, newer P) P) []P {
	left := make(map[attribute.Distinct]int, len(older))
	for i := range older {
		left[of(&older[i])] = i
	}
	out := make([]P, len(newer), len(newer)+len(older))
	for i := range newer {
		out[i] = newer[i]
		if j, ok := left[of(&newer[i])]; ok {
			out[i] = add(older[j], newer[i])
			delete(left, of(&newer[i]))
		}
	}
	for i := range older {
		if _, ok := left[of(&older[i])]; ok {
			out = append(out, older[i])
		}
	}
	return out
}

func ofPoint[N int64 | float64](p *metricdata.DataPoint[N]) attribute.Distinct {
	return p.Attributes.Equivalent()
}

func ofHistogram[N int64 | float64](p *metricdata.HistogramDataPoint[N]) attribute.Distinct {
	return p.Attributes.Equivalent()
}

func ofExponential[N int64 | float64](p *metricdata.ExponentialHistogramDataPoint[N]) attribute.Distinct {
	return p.Attributes.Equivalent()
}

func lastPoint[N int64 | float64](_, newer metricdata.DataPoint[N]) metricdata.DataPoint[N] {
	return newer
}

func addPoint[N int64 | float64](older, newer metricdata.DataPoint[N]) metricdata.DataPoint[N] {
	newer.StartTime = older.StartTime
	newer.Value = add(older.Value, newer.Value)
	newer.Exemplars = exemplars(older.Exemplars, newer.Exemplars)
	return newer
}

// addHistogram adds histograms of the same buckets, which those of one instrument have. Of others the newer one stays.
func addHistogram[N int64 | float64](older, newer metricdata.HistogramDataPoint[N]) metricdata.HistogramDataPoint[N] {
	if !slices.Equal(older.Bounds, newer.Bounds) || len(older.BucketCounts) != len(newer.BucketCounts) {
		return newer
	}
	newer.StartTime = older.StartTime
	newer.Count += older.Count
	newer.Sum = add(older.Sum, newer.Sum)
	newer.Min = extremum(older.Min, newer.Min, func(a, b N) N { return min(a, b) })
	newer.Max = extremum(older.Max, newer.Max, func(a, b N) N { return max(a, b) })
	newer.BucketCounts = slices.Clone(newer.BucketCounts)
	for i, n := range older.BucketCounts {
		newer.BucketCounts[i] += n
	}
	newer.Exemplars = exemplars(older.Exemplars, newer.Exemplars)
	return newer
}

// extremum returns the lower or higher of two, of which either may not be there.
func extremum[N int64 | float64](a, b metricdata.Extrema[N], choose func(a, b N) N) metricdata.Extrema[N] {
	x, okA := a.Value()
	y, okB := b.Value()
	switch {
	case !okA:
		return b
	case !okB:
		return a
	}
	return metricdata.NewExtrema(choose(x, y))
}

// exemplars returns the newer ones, or the older ones if there are none.
func exemplars[N int64 | float64](older, newer []metricdata.Exemplar[N]) []metricdata.Exemplar[N] {
	if len(newer) > 0 {
		return newer
	}
	return older
}

// add adds numbers; the sum stops at the largest of the type.
func add[N int64 | float64](a, b N) N {
	sum := a + b
	switch {
	case a > 0 && b > 0 && (sum < 0 || math.IsInf(float64(sum), 1)):
		return largest[N]()
	case a < 0 && b < 0 && (sum >= 0 || math.IsInf(float64(sum), -1)):
		return -largest[N]()
	}
	return sum
}

func largest[N int64 | float64]() N {
	var n any = N(0)
	if _, ok := n.(int64); ok {
		n = int64(math.MaxInt64)
	} else {
		n = math.MaxFloat64
	}
	return n.(N)
}
