package otlptest

// Resource contains the data of one client in one request: its resource and its
// metrics of all scopes.
type Resource struct {
	Attributes map[string]string
	Metrics    []Metric
}

// Metric is one metric with its series.
type Metric struct {
	Name, Description, Unit string
	Kind                    Kind
	Temporality             Temporality // zero for a gauge
	Monotonic               bool        // whether a sum only rises
	Points                  []Point
}

// Kind is the type of a metric's points.
type Kind string

// The kinds.
const (
	Gauge                Kind = "gauge"
	Sum                  Kind = "sum"
	Histogram            Kind = "histogram"
	ExponentialHistogram Kind = "exponential histogram"
)

// Temporality is the number that OTLP has for it.
type Temporality uint64

// The temporalities.
const (
	Delta      Temporality = 1
	Cumulative Temporality = 2
)

// Point is one series. A gauge and a sum have a value, histograms have the rest.
type Point struct {
	Attributes  map[string]string
	Start, Time uint64 // nanoseconds since the epoch
	Value       float64

	Count  uint64
	Sum    float64
	Bounds []float64 // of explicit buckets
	Counts []uint64  // of the buckets; the positive ones of an exponential histogram
	// Scale and Offset place the buckets of an exponential histogram.
	Scale, Offset int
}
