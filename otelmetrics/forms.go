package otelmetrics

import (
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// nativeForm returns the native form of a histogram that has both.
func nativeForm(contract views.Contract) func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
	both := make(map[string]bool)
	for _, metric := range contract.Metrics.All() {
		both[metric.Instrument] = metric.Form == views.ClassicAndNative
	}
	return func(i sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
		return views.NativeBuckets(), i.Scope.Name == scope && both[i.Name]
	}
}
