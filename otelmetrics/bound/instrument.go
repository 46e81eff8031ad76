package bound

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/x"
)

// The instruments of a [Meter]. Each is the API's own, and can be bound to attributes. What Bind returns measures one
// series; attributes given to it with a measurement are added to the bound ones, at the price of looking up the series.
// All are safe for concurrent use.
type (
	// Int64Counter is a counter of whole numbers.
	Int64Counter interface {
		metric.Int64Counter
		x.Int64CounterBinder
	}
	// Float64Counter is a counter.
	Float64Counter interface {
		metric.Float64Counter
		x.Float64CounterBinder
	}
	// Int64UpDownCounter is an up-down counter of whole numbers.
	Int64UpDownCounter interface {
		metric.Int64UpDownCounter
		x.Int64UpDownCounterBinder
	}
	// Float64UpDownCounter is an up-down counter.
	Float64UpDownCounter interface {
		metric.Float64UpDownCounter
		x.Float64UpDownCounterBinder
	}
	// Int64Gauge is a gauge of whole numbers.
	Int64Gauge interface {
		metric.Int64Gauge
		x.Int64GaugeBinder
	}
	// Float64Gauge is a gauge.
	Float64Gauge interface {
		metric.Float64Gauge
		x.Float64GaugeBinder
	}
	// Float64Histogram is a histogram.
	Float64Histogram interface {
		metric.Float64Histogram
		x.Float64HistogramBinder
	}
)

// Primer is implemented by the bound counters, up-down counters and histograms, save a histogram that the SDK measures.
// Prime makes the series appear without a measurement, with the value zero, so that its first increase is seen. It is
// then never retired.
type Primer interface {
	Prime()
}

// api marks a type as an implementation of the API. Its methods are never called, so it is embedded as a nil pointer.
type api struct {
	embedded.Int64Counter
	embedded.Float64Counter
	embedded.Int64UpDownCounter
	embedded.Float64UpDownCounter
	embedded.Int64Gauge
	embedded.Float64Gauge
	embedded.Float64Histogram
}
