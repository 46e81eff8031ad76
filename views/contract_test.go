package views_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/prometheus/otlptranslator"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// A difference here is a change of the API: it belongs in the changelog under
// "Metric contract".
func TestContractGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	contract := views.Default()
	for _, m := range contract.Metrics.All() {
		number := "int64"
		if m.Float {
			number = "float64"
		}
		fmt.Fprintf(&b, "metric %s\n  instrument %s (%s %s, unit %s)\n  %s\n  labels %s\n", m.Name, m.Instrument, m.Kind, number, m.Unit, m.Description, strings.Join(m.Labels, ", "))
		if m.Buckets != nil {
			fmt.Fprintf(&b, "  buckets %v\n", m.Buckets)
		}
	}
	for _, l := range contract.Labels.All() {
		fmt.Fprintf(&b, "label %s\n  %s\n  values %s (closed %t, budget %d)\n", l.Key, l.Description, strings.Join(l.Values, ", "), l.Closed, l.Budget)
	}
	golden.Check(t, "testdata/contract.golden", b.String())
}

func TestAllCoversEveryField(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	for _, m := range contract.Metrics.All() {
		if m.Name == "" {
			t.Error("a metric of the struct is not filled in")
		}
		for _, key := range m.Labels {
			if contract.Labels.Named(key) == nil {
				t.Errorf("%s: label %q is not defined", m.Name, key)
			}
		}
	}
}

// The names must not depend on how a backend translates OpenTelemetry names.
func TestNamesAreStableUnderEveryTranslation(t *testing.T) {
	t.Parallel()
	kinds := map[views.Kind]otlptranslator.MetricType{
		views.Counter:       otlptranslator.MetricTypeMonotonicCounter,
		views.UpDownCounter: otlptranslator.MetricTypeNonMonotonicCounter,
		views.Gauge:         otlptranslator.MetricTypeGauge,
		views.Histogram:     otlptranslator.MetricTypeHistogram,
	}
	for _, strategy := range []otlptranslator.TranslationStrategyOption{
		otlptranslator.UnderscoreEscapingWithSuffixes,
		otlptranslator.UnderscoreEscapingWithoutSuffixes,
		otlptranslator.NoUTF8EscapingWithSuffixes,
		otlptranslator.NoTranslation,
	} {
		for _, m := range views.Default().Metrics.All() {
			namer := otlptranslator.NewMetricNamer("", strategy)
			got, err := namer.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: kinds[m.Kind]})
			if err != nil || got != m.Name {
				t.Errorf("%s under %s: got %q, %v", m.Name, strategy, got, err)
			}
		}
	}
}

func TestDefaultReturnsIndependentValues(t *testing.T) {
	t.Parallel()
	first := views.Default()
	clone := first.Clone()
	first.Metrics.PredictionDuration.Buckets[0] = 99
	first.Metrics.Predictions.Labels[0] = "changed"
	first.Labels.PredictionType.Values[0] = "changed"
	for name, other := range map[string]views.Contract{"clone": clone, "default": views.Default()} {
		if other.Metrics.PredictionDuration.Buckets[0] == 99 || other.Metrics.Predictions.Labels[0] == "changed" || other.Labels.PredictionType.Values[0] == "changed" {
			t.Errorf("%s shares memory with a contract that was changed", name)
		}
	}
}

func TestLabelWithAndOnly(t *testing.T) {
	t.Parallel()
	label := views.Default().Labels.PredictionType
	more := label.With("summarize", "predict", "summarize")
	if got, want := len(more.Values), len(label.Values)+1; got != want || more.Budget != label.Budget {
		t.Errorf("With: got %d values, budget %d; want %d, %d", got, more.Budget, want, label.Budget)
	}
	only := label.Only("a", "b", "a")
	if diff := difference.Of([]string{"a", "b"}, only.Values); diff != "" || !only.Closed || only.Budget != 2 {
		t.Errorf("Only: got %+v\n%s", only, diff)
	}
	if grown := only.With("c"); grown.Budget != 3 {
		t.Errorf("a closed label with one value more has budget %d, want 3", grown.Budget)
	}
}
