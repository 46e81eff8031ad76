package views_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/views"
)

const scope = "example.com/ours"

// collect returns what a provider with the views reports after record.
func collect(t *testing.T, record func(metric.MeterProvider), opts ...sdkmetric.Option) map[string]metricdata.Metrics {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(append(opts, sdkmetric.WithReader(reader))...)
	record(provider)
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]metricdata.Metrics)
	for _, scopeMetrics := range data.ScopeMetrics {
		for _, m := range scopeMetrics.Metrics {
			got[m.Name] = m
		}
	}
	return got
}

func TestViewRenamesFiltersAndSetsBuckets(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	want := contract.Metrics.PredictionDuration
	got := collect(t, func(provider metric.MeterProvider) {
		histogram, err := provider.Meter(scope).Float64Histogram(want.Instrument, metric.WithUnit(want.Unit))
		if err != nil {
			t.Fatal(err)
		}
		histogram.Record(t.Context(), 0.3, metric.WithAttributes(
			attribute.String("service", "qa"), attribute.String("prediction_type", "cot"), attribute.String("user", "secret")))
	}, sdkmetric.WithView(contract.View(scope)))

	m, ok := got[want.Name]
	if !ok || len(got) != 1 {
		t.Fatalf("got %v, want only %s", got, want.Name)
	}
	point := m.Data.(metricdata.Histogram[float64]).DataPoints[0]
	if m.Unit != "s" || m.Description != want.Description {
		t.Errorf("got unit %q, description %q", m.Unit, m.Description)
	}
	if diff := difference.Of(want.Buckets, point.Bounds); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
	attrs := attribute.NewSet(attribute.String("service", "qa"), attribute.String("prediction_type", "cot"))
	if !point.Attributes.Equals(&attrs) {
		t.Errorf("got attributes %v, want %v", point.Attributes.ToSlice(), attrs.ToSlice())
	}
	if _, ok := point.Min.Value(); ok {
		t.Error("min is recorded; no path to Prometheus has a place for it")
	}
}

func TestViewDropsWhatLooksLikeOurs(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	got := collect(t, func(provider metric.MeterProvider) {
		for _, name := range []string{"dspy.unknown", "DSPy.Unknown", "dspy_mine", "dspy-mine", "dspy/mine", "dspy", "dspyx.mine", "mine"} {
			counter, err := provider.Meter(scope).Int64Counter(name)
			if err != nil {
				t.Fatal(err)
			}
			counter.Add(t.Context(), 1)
		}
		// The name of the contract under another kind, and in another scope.
		gauge, err := provider.Meter(scope).Int64Gauge(contract.Metrics.Errors.Instrument)
		if err != nil {
			t.Fatal(err)
		}
		gauge.Record(t.Context(), 1)
		counter, err := provider.Meter("example.com/other").Int64Counter(contract.Metrics.Predictions.Instrument)
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 1)
	}, sdkmetric.WithView(contract.View(scope)))
	var names []string
	for name := range got {
		names = append(names, name)
	}
	if len(got) != 2 || got["mine"].Name == "" || got["dspyx.mine"].Name == "" {
		t.Errorf("got %v, want only mine and dspyx.mine", names)
	}
}

func TestViewWithoutScopesTakesAnyScope(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	got := collect(t, func(provider metric.MeterProvider) {
		counter, err := provider.Meter("anyone").Int64Counter(contract.Metrics.Errors.Instrument)
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 1)
	}, sdkmetric.WithView(contract.View()))
	if _, ok := got[contract.Metrics.Errors.Name]; !ok {
		t.Errorf("got %v", got)
	}
}

// A user's own drop-all or filtering view, put after ours, must not silence or
// change what the contract promises.
func TestLaterViewsCannotChangeTheContract(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	want := contract.Metrics.APILatency
	got := collect(t, func(provider metric.MeterProvider) {
		histogram, err := provider.Meter(scope).Float64Histogram(want.Instrument, metric.WithUnit(want.Unit))
		if err != nil {
			t.Fatal(err)
		}
		histogram.Record(t.Context(), 1, metric.WithAttributes(attribute.String("service", "qa")))
	}, sdkmetric.WithView(
		contract.View(scope),
		sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}),
	))
	m, ok := got[want.Name]
	if !ok {
		t.Fatal("the metric was silenced")
	}
	if diff := difference.Of(want.Buckets, m.Data.(metricdata.Histogram[float64]).DataPoints[0].Bounds); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
}

func TestViewDoesNotFollowLaterChanges(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	view := contract.View()
	contract.Metrics.APILatency.Buckets[0] = 99
	stream, ok := view(sdkmetric.Instrument{Name: contract.Metrics.APILatency.Instrument, Kind: sdkmetric.InstrumentKindHistogram})
	if !ok {
		t.Fatal("no match")
	}
	if got := stream.Aggregation.(sdkmetric.AggregationExplicitBucketHistogram).Boundaries[0]; got == 99 {
		t.Error("the view changed with the contract")
	}
}

// Whatever Prometheus would show under dspy_ must be the contract's or dropped.
func FuzzViewGuardsTheNamespace(f *testing.F) {
	for _, name := range []string{"dspy.predictions", "dspy_x", "dspy/x", "DSPY-x", "dspyx", "http.server.duration", ""} {
		f.Add(name)
	}
	contract := views.Default()
	view := contract.View()
	namer := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)
	f.Fuzz(func(t *testing.T, name string) {
		exposed, err := namer.Build(otlptranslator.Metric{Name: name, Type: otlptranslator.MetricTypeMonotonicCounter})
		if err != nil || !strings.HasPrefix(exposed, "dspy_") || !legalInstrument(name) {
			return
		}
		stream, ok := view(sdkmetric.Instrument{Name: name, Kind: sdkmetric.InstrumentKindCounter})
		if !ok {
			t.Fatalf("%q shows as %q and is not matched", name, exposed)
		}
		if _, dropped := stream.Aggregation.(sdkmetric.AggregationDrop); dropped {
			return
		}
		for _, m := range contract.Metrics.All() {
			if m.Name == stream.Name {
				return
			}
		}
		t.Fatalf("%q shows as %q, which is not in the contract", name, stream.Name)
	})
}

// legalInstrument is the rule of the metrics API; the SDK refuses other names.
func legalInstrument(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789_.-/", r)) {
			return false
		}
	}
	return name != "" && len(name) <= 255
}
