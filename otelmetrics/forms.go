package otelmetrics

import (
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// nativeForm returns the native form of a histogram that has both: the one that the view gives it when it has no other.
func nativeForm(contract views.Contract) func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
	native := contract.Clone()
	both := make(map[string]bool)
	for _, metric := range contract.Metrics.All() {
		if metric.Form == views.ClassicAndNative {
			both[metric.Instrument] = true
			native.Metrics.Named(metric.Name).Form = views.Native
		}
	}
	view := native.View(scope)
	return func(i sdkmetric.Instrument) (form sdkmetric.AggregationBase2ExponentialHistogram, ok bool) {
		if i.Scope.Name != scope || !both[i.Name] {
			return form, false
		}
		stream, _ := view(i)
		form, ok = stream.Aggregation.(sdkmetric.AggregationBase2ExponentialHistogram)
		return form, ok
	}
}
