package exposition

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// The scales that Prometheus stores.
const minScale, maxScale = -4, 8

var errScale = errors.New("the scale of the histogram is below -4, which Prometheus cannot store")

// nativeMetric returns a point with exponential buckets as a native histogram. Prometheus numbers a bucket by its upper
// bound, OpenTelemetry by its lower one.
func nativeMetric[N int64 | float64](desc *prometheus.Desc, values []string, p metricdata.ExponentialHistogramDataPoint[N]) (prometheus.Metric, error) {
	if p.Scale < minScale {
		return nil, fmt.Errorf("%w: %d", errScale, p.Scale)
	}
	scale := min(p.Scale, maxScale)
	return prometheus.NewConstNativeHistogram(desc, p.Count, float64(p.Sum),
		buckets(p.PositiveBucket, p.Scale-scale), buckets(p.NegativeBucket, p.Scale-scale),
		p.ZeroCount, scale, p.ZeroThreshold, p.StartTime, values...)
}

// buckets returns the counts by Prometheus' numbers, at a scale that is lower by a difference.
func buckets(b metricdata.ExponentialBucket, lower int32) map[int]int64 {
	counts := make(map[int]int64, len(b.Counts))
	for i, n := range b.Counts {
		index := (int(b.Offset)+i)>>lower + 1
		counts[index] += int64(n) //nolint:gosec // A count of 2⁶³ takes longer than there is time.
	}
	return counts
}
