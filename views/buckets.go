package views

// DefaultPredictionBuckets are the default upper bounds, in seconds, of the
// prediction duration and the time to first token: 5 ms to 10 s.
func DefaultPredictionBuckets() []float64 {
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
