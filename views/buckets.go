package views

import sdkmetric "go.opentelemetry.io/otel/sdk/metric"

// predictionBuckets are the default upper bounds, in seconds, of the prediction
// duration and the time to first token: 5 ms to 10 s.
func predictionBuckets() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
}

// FastBuckets are upper bounds, in seconds, for what takes less than 1 s; the
// default of the API latency.
func FastBuckets() []float64 {
	return []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1}
}

// SlowBuckets are upper bounds, in seconds, for what takes 1 to 10 s.
func SlowBuckets() []float64 {
	return []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15}
}

// VerySlowBuckets are upper bounds, in seconds, for what takes more than 10 s.
func VerySlowBuckets() []float64 {
	return []float64{1, 5, 10, 30, 60, 120, 300}
}

// nativeBuckets are those of the form [Native]: up to 160 for each sign, the
// default of OpenTelemetry's specification, and at most 2⁸ in each power of two,
// the finest that Prometheus stores; a finer scale would make an OTLP push differ
// from a scrape. Durations from 5 ms to 5 minutes fit at 8 in each power of two,
// an error of less than 5 %. There are no minimum and maximum, as with explicit
// buckets.
func nativeBuckets() sdkmetric.AggregationBase2ExponentialHistogram {
	return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8, NoMinMax: true}
}
