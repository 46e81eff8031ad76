package bound_test

import (
	"context"
	"fmt"
	"os"

	promclient "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// A service counts its requests. The registry is read by Prometheus.
func Example() {
	registry := promclient.NewRegistry()
	producer := bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)
	exporter, err := prometheus.New(prometheus.WithRegisterer(registry), prometheus.WithProducer(producer),
		prometheus.WithoutScopeInfo(), prometheus.WithoutTargetInfo())
	if err != nil {
		fmt.Println(err)
		return
	}
	provider, err := bound.NewMeterProvider(bound.WithReader(exporter))
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	requests, err := provider.Meter("example.com/shop").Int64Counter("requests", metric.WithDescription("Requests that came"))
	if err != nil {
		fmt.Println(err)
		return
	}
	hits := bound.BindInt64Counter(requests, attribute.String("cache", "hit"))
	hits.Add(ctx, 2)
	requests.Add(ctx, 1, metric.WithAttributes(attribute.String("cache", "miss")))

	show(registry)
	// Output:
	// # HELP requests_total Requests that came
	// # TYPE requests_total counter
	// requests_total{cache="hit"} 2
	// requests_total{cache="miss"} 1
}

// A request is in progress until it has succeeded or failed: whenever the three are read, they agree.
func ExampleEnding() {
	registry, provider := newProvider()
	meter := provider.Meter("example.com/shop")
	inProgress, _ := meter.Int64UpDownCounter("active", metric.WithDescription("Requests in progress"))
	requests, _ := meter.Int64Counter("requests", metric.WithDescription("Requests that ended"))

	active := bound.BindInt64UpDownCounter(inProgress)
	succeeded := bound.Ending(bound.BindInt64Counter(requests, attribute.String("status", "success")), active)
	failed := bound.Ending(bound.BindInt64Counter(requests, attribute.String("status", "failure")), active)

	ctx := context.Background()
	active.Add(ctx, 3)
	succeeded.Add(ctx, 1)
	failed.Add(ctx, 1)
	show(registry)
	// Output:
	// # HELP active Requests in progress
	// # TYPE active gauge
	// active 1
	// # HELP requests_total Requests that ended
	// # TYPE requests_total counter
	// requests_total{status="failure"} 1
	// requests_total{status="success"} 1
}

// A client that has gone is reported once more, and then no longer.
func ExampleFinisher() {
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)))
	provider, err := bound.NewMeterProvider(bound.WithReader(reader))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	sent, _ := provider.Meter("example.com/chat").Int64Counter("messages")
	client := attribute.String("client", "7")
	sent.Add(ctx, 4, metric.WithAttributes(client))

	if f, ok := sent.(bound.Finisher); ok {
		f.Finish(ctx, client)
	}
	for range 2 {
		var rm metricdata.ResourceMetrics
		if err := reader.Collect(ctx, &rm); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(rm.ScopeMetrics), "scope with metrics")
	}
	// Output:
	// 1 scope with metrics
	// 0 scope with metrics
}

// A series that exists from the start shows its first increase.
func ExamplePrime() {
	registry, provider := newProvider()
	errors, _ := provider.Meter("example.com/shop").Int64Counter("errors", metric.WithDescription("Requests that failed"))
	timeouts := bound.BindInt64Counter(errors, attribute.String("type", "timeout"))
	bound.Prime(timeouts)
	show(registry)
	// Output:
	// # HELP errors_total Requests that failed
	// # TYPE errors_total counter
	// errors_total{type="timeout"} 0
}

func newProvider() (*promclient.Registry, *bound.MeterProvider) {
	registry := promclient.NewRegistry()
	exporter, err := prometheus.New(prometheus.WithRegisterer(registry), prometheus.WithProducer(bound.NewProducer(nil)),
		prometheus.WithoutScopeInfo(), prometheus.WithoutTargetInfo())
	if err != nil {
		fmt.Println(err)
	}
	provider, err := bound.NewMeterProvider(bound.WithReader(exporter))
	if err != nil {
		fmt.Println(err)
	}
	return registry, provider
}

// show prints what Prometheus would read.
func show(registry *promclient.Registry) {
	families, err := registry.Gather()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(os.Stdout, family); err != nil {
			fmt.Println(err)
			return
		}
	}
}
