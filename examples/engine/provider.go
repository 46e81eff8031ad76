package main

import (
	"context"

	promclient "github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// provider is what the service needs of the SDK's MeterProvider, and of this one.
type provider interface {
	metric.MeterProvider
	Shutdown(context.Context) error
}

// newProvider returns a provider that the registry reads. Three lines differ from newSDKProvider: the producer, the option
// that gives it to the exporter, and whose NewMeterProvider it is.
func newProvider(registry *promclient.Registry) (provider, error) {
	producer := bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)
	exporter, err := prometheus.New(prometheus.WithRegisterer(registry), prometheus.WithProducer(producer))
	if err != nil {
		return nil, err
	}
	return bound.NewMeterProvider(bound.WithReader(exporter), bound.WithView(buckets()))
}

// newSDKProvider is how it was before.
func newSDKProvider(registry *promclient.Registry) (provider, error) {
	exporter, err := prometheus.New(prometheus.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(buckets())), nil
}

// buckets is a view like any other.
func buckets() sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: "shop.order.value"}, sdkmetric.Stream{
		Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: []float64{10, 20, 50, 100}},
	})
}
