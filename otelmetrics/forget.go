package otelmetrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// forget frees the places of the label values that no series has any more.
func (p *pipeline) forget(retired []bound.Retired) {
	unused := make(map[attribute.KeyValue]struct{})
	for _, series := range retired {
		for _, pair := range series.Attributes.ToSlice() {
			unused[pair] = struct{}{}
		}
	}
	for series := range p.meter.Series() {
		for _, pair := range series.ToSlice() {
			delete(unused, pair)
		}
	}
	for pair := range unused {
		if values, ok := p.labels[string(pair.Key)]; ok {
			values.Forget(pair.Value.AsString())
		}
	}
}
