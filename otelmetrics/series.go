package otelmetrics

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// bind makes the instrument of one series.
type bind[T any] func(attribute.Set) T

// newSeries declares a metric of the contract and returns its series by label
// values, in the order of the contract. With fixed given, they are the values of
// the first labels and not asked for again.
func newSeries[T any](p *pipeline, m views.Metric, declare func(metric.Meter, views.Metric) (bind[T], error), fixed ...string) (*label.Tree[T], error) {
	bound, err := declare(p.meter, m)
	if err != nil {
		return nil, fmt.Errorf("instrument %q: %w", m.Instrument, err)
	}
	return newTree(p, m, bound, fixed...), nil
}

func newTree[T any](p *pipeline, m views.Metric, bound bind[T], fixed ...string) *label.Tree[T] {
	create := func(values []string) T {
		return bound(attributes(m.Labels, append(slices.Clip(fixed), values...)))
	}
	var labels []*label.Values
	for _, key := range m.Labels[len(fixed):] {
		labels = append(labels, p.labels[key])
	}
	return label.NewTree(create, labels...)
}

func attributes(keys, values []string) attribute.Set {
	pairs := make([]attribute.KeyValue, len(values))
	for i, value := range values {
		pairs[i] = attribute.String(keys[i], value)
	}
	return attribute.NewSet(pairs...)
}

func int64Counter(meter metric.Meter, m views.Metric) (bind[metric.Int64Counter], error) {
	instrument, err := meter.Int64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(set attribute.Set) metric.Int64Counter {
		return int64CounterSeries{instrument, []metric.AddOption{metric.WithAttributeSet(set)}}
	}, err
}

type int64CounterSeries struct {
	metric.Int64Counter
	options []metric.AddOption
}

func (s int64CounterSeries) Add(ctx context.Context, n int64, _ ...metric.AddOption) {
	s.Int64Counter.Add(ctx, n, s.options...)
}

func float64Counter(meter metric.Meter, m views.Metric) (bind[metric.Float64Counter], error) {
	instrument, err := meter.Float64Counter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(set attribute.Set) metric.Float64Counter {
		return float64CounterSeries{instrument, []metric.AddOption{metric.WithAttributeSet(set)}}
	}, err
}

type float64CounterSeries struct {
	metric.Float64Counter
	options []metric.AddOption
}

func (s float64CounterSeries) Add(ctx context.Context, n float64, _ ...metric.AddOption) {
	s.Float64Counter.Add(ctx, n, s.options...)
}

func int64Gauge(meter metric.Meter, m views.Metric) (bind[metric.Int64Gauge], error) {
	instrument, err := meter.Int64Gauge(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	return func(set attribute.Set) metric.Int64Gauge {
		return int64GaugeSeries{instrument, []metric.RecordOption{metric.WithAttributeSet(set)}}
	}, err
}

type int64GaugeSeries struct {
	metric.Int64Gauge
	options []metric.RecordOption
}

func (s int64GaugeSeries) Record(ctx context.Context, n int64, _ ...metric.RecordOption) {
	s.Int64Gauge.Record(ctx, n, s.options...)
}

func float64Histogram(meter metric.Meter, m views.Metric) (bind[metric.Float64Histogram], error) {
	instrument, err := meter.Float64Histogram(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description),
		metric.WithExplicitBucketBoundaries(m.Buckets...))
	return func(set attribute.Set) metric.Float64Histogram {
		return float64HistogramSeries{instrument, []metric.RecordOption{metric.WithAttributeSet(set)}}
	}, err
}

type float64HistogramSeries struct {
	metric.Float64Histogram
	options []metric.RecordOption
}

func (s float64HistogramSeries) Record(ctx context.Context, n float64, _ ...metric.RecordOption) {
	s.Float64Histogram.Record(ctx, n, s.options...)
}
