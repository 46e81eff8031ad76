package otelmetrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// retired are the label values of series that were forgotten since the last
// collection. Collections alone touch it, and there is one at a time.
type retired map[attribute.KeyValue]struct{}

func (r *retired) add(_ string, attributes attribute.Set) {
	if *r == nil {
		*r = make(retired)
	}
	for _, pair := range attributes.ToSlice() {
		(*r)[pair] = struct{}{}
	}
}

// settle frees the places of the values that no series has any more.
func (r *retired) settle(meter *bound.Meter, labels map[string]*label.Values) {
	if len(*r) == 0 {
		return
	}
	for series := range meter.Series() {
		for _, pair := range series.ToSlice() {
			delete(*r, pair)
		}
	}
	for pair := range *r {
		if values, ok := labels[string(pair.Key)]; ok {
			values.Forget(pair.Value.AsString())
		}
	}
	clear(*r)
}
