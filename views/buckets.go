package views

import sdkmetric "go.opentelemetry.io/otel/sdk/metric"

// predictionBuckets are the default upper bounds, in seconds, of the prediction
// duration and the time to first token: 5 ms to 10 s.
func predictionBuckets() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
}

// The presets of buckets, by how long something takes.
const (
	// Fast is for what takes less than 1 s; the default of the API latency.
	Fast = "fast"
	// Slow is for what takes 1 to 10 s.
	Slow = "slow"
	// VerySlow is for what takes more than 10 s: agents, long answers.
	VerySlow = "very_slow"
)

// Buckets returns the upper bounds, in seconds, of a preset: [Fast], [Slow] or
// [VerySlow]. There are none, which no histogram may have, of any other.
func Buckets(preset string) []float64 {
	switch preset {
	case Fast:
		return []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1}
	case Slow:
		return []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15}
	case VerySlow:
		return []float64{1, 5, 10, 30, 60, 120, 300}
	default:
		return nil
	}
}

// tokenBuckets are upper bounds, in seconds, of the time per output token: 1 ms
// to 2.5 s.
func tokenBuckets() []float64 {
	return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5}
}

// overheadBuckets are upper bounds, in seconds, of the overhead: 50 µs to 1 s.
func overheadBuckets() []float64 {
	return []float64{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1}
}

// scoreBuckets are upper bounds of scores: the tenths from 0 to 1.
func scoreBuckets() []float64 {
	return []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}
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
