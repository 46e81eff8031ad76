package exposition

import (
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// kind is what a metric is to Prometheus.
type kind string

const (
	counter   kind = "counter"
	sum       kind = "up-down counter" // a gauge on the page
	gauge     kind = "gauge"
	histogram kind = "histogram"
	other     kind = "metric that cannot be exposed"
)

func kindOf(data metricdata.Aggregation) kind {
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		return kindOfSum(d.IsMonotonic)
	case metricdata.Sum[float64]:
		return kindOfSum(d.IsMonotonic)
	case metricdata.Gauge[int64], metricdata.Gauge[float64]:
		return gauge
	case metricdata.Histogram[int64], metricdata.Histogram[float64],
		metricdata.ExponentialHistogram[int64], metricdata.ExponentialHistogram[float64]:
		return histogram
	}
	return other
}

func kindOfSum(monotonic bool) kind {
	if monotonic {
		return counter
	}
	return sum
}

// exposed returns the kind on the page.
func (k kind) exposed() kind {
	if k == sum {
		return gauge
	}
	return k
}

// named returns the type that the name of a metric depends on.
func (k kind) named() otlptranslator.MetricType {
	switch k {
	case counter:
		return otlptranslator.MetricTypeMonotonicCounter
	case sum:
		return otlptranslator.MetricTypeNonMonotonicCounter
	case gauge:
		return otlptranslator.MetricTypeGauge
	case histogram:
		return otlptranslator.MetricTypeHistogram
	default:
		return otlptranslator.MetricTypeUnknown
	}
}
