package otelmetrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// forget frees the places of the label values that no series has any more.
func (p *pipeline) forget(forgotten []bound.Series) {
	unused := make(map[attribute.KeyValue]struct{})
	for _, series := range forgotten {
		for _, pair := range series.Attributes.ToSlice() {
			unused[pair] = struct{}{}
		}
	}
	for series := range p.own.Series() {
		if series.Scope.Name != scope {
			continue
		}
		for _, pair := range series.Attributes.ToSlice() {
			delete(unused, pair)
		}
	}
	for pair := range unused {
		if values, ok := p.labels[string(pair.Key)]; ok {
			values.Forget(pair.Value.AsString())
		}
	}
}
