package otlp_test

import (
	"fmt"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// formed checks a contract whose API latency has the form.
func formed(form views.Form) conformance.Checker {
	documented := views.Default()
	documented.Metrics.APILatency.Form = form
	return conformance.Checker{Contract: contract.Of(documented)}
}

// exportOf is an export with the API latency in the form.
func exportOf(t testing.TB, form views.Form) *collectorpb.ExportMetricsServiceRequest {
	t.Helper()
	export := conforming(t)
	scope := export.ResourceMetrics[0].ScopeMetrics[0]
	for i, m := range scope.Metrics {
		if m.GetName() != "dspy_api_latency_seconds" || form == views.Classic {
			continue
		}
		native := exponential()
		for _, point := range m.GetHistogram().GetDataPoints() {
			native.ExponentialHistogram.DataPoints = append(native.ExponentialHistogram.DataPoints, &metricspb.ExponentialHistogramDataPoint{
				Attributes: point.GetAttributes(), StartTimeUnixNano: 1, Count: point.GetCount(), Sum: point.Sum,
			})
		}
		twin := &metricspb.Metric{Name: m.GetName(), Description: m.GetDescription(), Unit: m.GetUnit(), Data: native}
		if scope.Metrics[i] = twin; form == views.ClassicAndNative {
			scope.Metrics = append(scope.Metrics, m)
		}
	}
	return export
}

// TestForms finds a form that is not the contract's.
func TestForms(t *testing.T) {
	t.Parallel()
	forms := []views.Form{views.Classic, views.Native, views.ClassicAndNative}
	want := map[string]conformance.Rule{ // classic is the empty form
		`"" as "native"`:               conformance.WrongType,
		`"native" as ""`:               conformance.WrongType,
		`"native" as "classic+native"`: conformance.MissingMetric,
		`"classic+native" as ""`:       conformance.WrongType,
		`"classic+native" as "native"`: conformance.WrongType,
	}
	for _, shown := range forms {
		for _, promised := range forms {
			c := formed(promised)
			found := c.Check(exported(c, exportOf(t, shown)).Exposition)
			name := fmt.Sprintf("%q as %q", shown, promised)
			rule, wrong := want[name]
			if wrong != (len(found) > 0) {
				t.Errorf("%s: got %+v, want %q", name, found, rule)
			}
			for _, f := range found {
				if f.Rule != rule || f.Severity != conformance.Error {
					t.Errorf("%s: got %+v, want %q", name, f, rule)
				}
			}
		}
	}
}
