package otelmetrics

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// bind makes the instrument of one series.
type bind[T any] func(...attribute.KeyValue) T

// declare declares a metric of the contract. One that is left out is measured by
// nothing.
func declare[T any](p *pipeline, m views.Metric, kind func(metric.Meter, views.Metric) (bind[T], error)) (bind[T], error) {
	meter := p.meter
	if m.Name == "" {
		meter = noop.Meter{}
	}
	instrument, err := kind(meter, m)
	if err != nil {
		return nil, instrumentError(m, err)
	}
	return instrument, nil
}

func instrumentError(m views.Metric, err error) error {
	return fmt.Errorf("instrument %q: %w", m.Instrument, err)
}

// newSeries declares a metric of the contract and returns its series by the
// values of the labels. The fixed attributes, those of the recorder, are on all
// of them.
func newSeries[T any](p *pipeline, m views.Metric, kind func(metric.Meter, views.Metric) (bind[T], error), fixed []attribute.KeyValue, labels ...views.Label) (*label.Tree[T], error) {
	instrument, err := declare(p, m, kind)
	if err != nil {
		return nil, err
	}
	create := func(values []string) T {
		return instrument(attributes(m, fixed, pairs(labels, values)...)...)
	}
	return label.NewTree(create, p.valuesOf(labels...)...), nil
}

// valuesOf returns the values of labels.
func (p *pipeline) valuesOf(labels ...views.Label) []*label.Values {
	values := make([]*label.Values, len(labels))
	for i, l := range labels {
		values[i] = p.labels[l.Key]
	}
	return values
}

// attributes returns those of the attributes that are labels of the metric.
func attributes(m views.Metric, fixed []attribute.KeyValue, more ...attribute.KeyValue) []attribute.KeyValue {
	return slices.DeleteFunc(slices.Concat(fixed, more), func(pair attribute.KeyValue) bool {
		return !slices.Contains(m.Labels, string(pair.Key))
	})
}

func pairs(labels []views.Label, values []string) []attribute.KeyValue {
	out := make([]attribute.KeyValue, len(values))
	for i, value := range values {
		out[i] = attribute.String(labels[i].Key, value)
	}
	return out
}

func int64Counter(meter metric.Meter, m views.Metric) (bind[metric.Int64Counter], error) {
	instrument, err := meter.Int64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(attrs ...attribute.KeyValue) metric.Int64Counter {
		return bound.BindInt64Counter(instrument, attrs...)
	}, err
}

func float64Counter(meter metric.Meter, m views.Metric) (bind[metric.Float64Counter], error) {
	instrument, err := meter.Float64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(attrs ...attribute.KeyValue) metric.Float64Counter {
		return bound.BindFloat64Counter(instrument, attrs...)
	}, err
}

func int64UpDownCounter(meter metric.Meter, m views.Metric) (bind[metric.Int64UpDownCounter], error) {
	instrument, err := meter.Int64UpDownCounter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(attrs ...attribute.KeyValue) metric.Int64UpDownCounter {
		return bound.BindInt64UpDownCounter(instrument, attrs...)
	}, err
}

func int64Gauge(meter metric.Meter, m views.Metric) (bind[metric.Int64Gauge], error) {
	instrument, err := meter.Int64Gauge(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(attrs ...attribute.KeyValue) metric.Int64Gauge { return bound.BindInt64Gauge(instrument, attrs...) }, err
}

func float64Histogram(meter metric.Meter, m views.Metric) (bind[metric.Float64Histogram], error) {
	instrument, err := meter.Float64Histogram(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description),
		metric.WithExplicitBucketBoundaries(m.Buckets...))
	return func(attrs ...attribute.KeyValue) metric.Float64Histogram {
		return bound.BindFloat64Histogram(instrument, attrs...)
	}, err
}
