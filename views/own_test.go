package views_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/views"
)

func retrieval() views.Metric {
	return views.Metric{
		Name: "rag_retrieval_duration_seconds", Instrument: "rag.retrieval.duration",
		Kind: views.Histogram, Float: true, Unit: "s",
		Description: "Duration of retrievals", Labels: []string{"service", "tenant"}, Buckets: views.Buckets(views.Fast),
	}
}

func extended() views.Contract {
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme", "initech"))
	contract.Metrics.Own = append(contract.Metrics.Own, retrieval())
	return contract
}

func TestAddLabel(t *testing.T) {
	t.Parallel()
	before, after := views.Default(), extended()
	if err := after.Validate(); err != nil {
		t.Fatal(err)
	}
	for i, want := range before.Metrics.All() {
		got := after.Metrics.All()[i]
		if slices.Contains(want.Labels, "service") {
			want.Labels = append(want.Labels, "tenant")
		}
		if diff := difference.Of(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
	if !slices.Contains(after.Labels.Overflowed.Values, "tenant") {
		t.Error("an overflow of the label has no value of its own")
	}
	only := views.Default()
	only.AddLabel(views.Label{Key: "tier", Description: "Which tier", Budget: 4}, &only.Metrics.Tokens)
	for _, m := range only.Metrics.All() {
		if got, want := slices.Contains(m.Labels, "tier"), m.Name == only.Metrics.Tokens.Name; got != want {
			t.Errorf("%s has the label: got %t, want %t", m.Name, got, want)
		}
	}
}

func TestCloneCopiesWhatIsOwn(t *testing.T) {
	t.Parallel()
	contract := extended()
	clone := contract.Clone()
	contract.Labels.Own[0].Values[0], contract.Metrics.Own[0].Buckets[0] = "changed", 99
	contract.Labels.Own[0].Key, contract.Metrics.Own[0].Name = "changed", "changed"
	if diff := difference.Of(extended(), clone); diff != "" {
		t.Errorf("the clone changed (-want +got):\n%s", diff)
	}
}

func TestLeftOut(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	instrument := contract.Metrics.Cost.Instrument
	contract.Metrics.Cost = views.Metric{}
	if err := contract.Validate(); err != nil {
		t.Fatal(err)
	}
	if got, want := len(contract.Metrics.All()), len(views.Default().Metrics.All())-1; got != want {
		t.Errorf("got %d metrics, want %d", got, want)
	}
	got := collect(t, func(provider metric.MeterProvider) {
		counter, err := provider.Meter(scope).Float64Counter(instrument)
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 1)
	}, sdkmetric.WithView(contract.View(scope)))
	if len(got) != 0 {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestViewShapesOwnMetrics(t *testing.T) {
	t.Parallel()
	contract := extended()
	want := retrieval()
	record := func(provider metric.MeterProvider) {
		histogram, err := provider.Meter("example.com/any").Float64Histogram(want.Instrument, metric.WithUnit("s"))
		if err != nil {
			t.Fatal(err)
		}
		histogram.Record(t.Context(), 0.3, metric.WithAttributes(attribute.String("tenant", "acme"), attribute.String("user", "secret")))
	}
	got := collect(t, record, sdkmetric.WithView(contract.View(scope)))
	data, ok := got[want.Name].Data.(metricdata.Histogram[float64])
	if !ok || len(got) != 1 {
		t.Fatalf("got %v, want only %s", got, want.Name)
	}
	if diff := difference.Of(want.Buckets, data.DataPoints[0].Bounds); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
	if attrs := attribute.NewSet(attribute.String("tenant", "acme")); !data.DataPoints[0].Attributes.Equals(&attrs) {
		t.Errorf("got attributes %v, want %v", data.DataPoints[0].Attributes.ToSlice(), attrs.ToSlice())
	}
	contract.Metrics.Own[0].Form = views.Native
	native := collect(t, record, sdkmetric.WithView(contract.View(scope)))
	if _, ok := native[want.Name].Data.(metricdata.ExponentialHistogram[float64]); !ok || contract.Validate() != nil {
		t.Errorf("got %v, %v, want exponential buckets", native, contract.Validate())
	}
	// Another kind under that name is none of ours, and is left alone.
	contract.Metrics.Own[0].Kind, contract.Metrics.Own[0].Buckets, contract.Metrics.Own[0].Form = views.Gauge, nil, views.Classic
	if got := collect(t, record, sdkmetric.WithView(contract.View(scope))); got[want.Instrument].Name == "" {
		t.Errorf("got %v, want %s as it was declared", got, want.Instrument)
	}
}

func TestValidateOwn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*views.Metric)
		want   string
	}{
		"under dspy":      {func(m *views.Metric) { m.Name = "dspy_retrieval_duration_seconds" }, "is under dspy"},
		"instrument":      {func(m *views.Metric) { m.Instrument = "dspy.retrieval" }, "is under dspy"},
		"one word":        {func(m *views.Metric) { m.Name = "retrieval" }, "prefix_lower_case_words"},
		"upper case":      {func(m *views.Metric) { m.Instrument = "Rag.retrieval" }, "prefix.lower_case.words"},
		"form":            {func(m *views.Metric) { m.Form = "exponential" }, `form "exponential"`},
		"both forms":      {func(m *views.Metric) { m.Form = views.ClassicAndNative }, "choose classic or native"},
		"documented name": {func(m *views.Metric) { *m = views.Default().Metrics.Errors }, `name "dspy_errors_total" occurs twice`},
		"native counter": {func(m *views.Metric) {
			m.Kind, m.Name, m.Buckets, m.Form = views.Counter, "rag_seconds_total", nil, views.Native
		}, "a counter has no buckets"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract := extended()
			test.change(&contract.Metrics.Own[0])
			if err := contract.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	contract := extended()
	for _, want := range contract.Metrics.All() {
		if got := contract.Metrics.Named(want.Name); got == nil || got.Instrument != want.Instrument {
			t.Errorf("%s: got %v", want.Name, got)
		}
	}
	for _, want := range contract.Labels.All() {
		if got := contract.Labels.Named(want.Key); got == nil || got.Description != want.Description {
			t.Errorf("%s: got %v", want.Key, got)
		}
	}
	contract.Metrics.Named("dspy_cost_usd_total").Description = "Changed"
	contract.Labels.Named("tenant").Budget = 7
	if contract.Metrics.Cost.Description != "Changed" || contract.Labels.Own[0].Budget != 7 {
		t.Error("what was changed is not the contract's")
	}
	contract.Metrics.Cost = views.Metric{}
	if contract.Metrics.Named("") != nil || contract.Metrics.Named("dspy_cost_usd_total") != nil || contract.Labels.Named("nonesuch") != nil {
		t.Error("found what is not there")
	}
}
