package otelmetrics

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// bind makes the instrument of one series.
type bind[T any] func(...attribute.KeyValue) T

// declare declares a metric of the contract.
func declare[T any](p *pipeline, m views.Metric, kind func(*bound.Meter, views.Metric) (bind[T], error)) (bind[T], error) {
	instrument, err := kind(p.meter, m)
	if err != nil {
		return nil, instrumentError(m, err)
	}
	return instrument, nil
}

func instrumentError(m views.Metric, err error) error {
	return fmt.Errorf("instrument %q: %w", m.Instrument, err)
}

// newSeries declares a metric of the contract and returns its series by label
// values, in the order of the contract. With fixed given, they are the values of
// the first labels and not asked for again.
func newSeries[T any](p *pipeline, m views.Metric, kind func(*bound.Meter, views.Metric) (bind[T], error), fixed ...string) (*label.Tree[T], error) {
	instrument, err := declare(p, m, kind)
	if err != nil {
		return nil, err
	}
	return newTree(p, m, instrument, fixed...), nil
}

func newTree[T any](p *pipeline, m views.Metric, instrument bind[T], fixed ...string) *label.Tree[T] {
	create := func(values []string) T {
		return instrument(attributes(m.Labels, append(slices.Clip(fixed), values...))...)
	}
	var labels []*label.Values
	for _, key := range m.Labels[len(fixed):] {
		labels = append(labels, p.labels[key])
	}
	return label.NewTree(create, labels...)
}

func attributes(keys, values []string) []attribute.KeyValue {
	pairs := make([]attribute.KeyValue, len(values))
	for i, value := range values {
		pairs[i] = attribute.String(keys[i], value)
	}
	return pairs
}

func int64Counter(meter *bound.Meter, m views.Metric) (bind[metric.Int64Counter], error) {
	instrument, err := meter.Int64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return instrument.Bind, err
}

func float64Counter(meter *bound.Meter, m views.Metric) (bind[metric.Float64Counter], error) {
	instrument, err := meter.Float64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return instrument.Bind, err
}

func int64UpDownCounter(meter *bound.Meter, m views.Metric) (bind[metric.Int64UpDownCounter], error) {
	instrument, err := meter.Int64UpDownCounter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return instrument.Bind, err
}

func int64Gauge(meter *bound.Meter, m views.Metric) (bind[metric.Int64Gauge], error) {
	instrument, err := meter.Int64Gauge(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return instrument.Bind, err
}

func float64Histogram(meter *bound.Meter, m views.Metric) (bind[metric.Float64Histogram], error) {
	instrument, err := meter.Float64Histogram(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description),
		metric.WithExplicitBucketBoundaries(m.Buckets...))
	return instrument.Bind, err
}
