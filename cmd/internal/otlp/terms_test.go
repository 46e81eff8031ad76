package otlp_test

import (
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// conventions are one metric as semantic conventions have it: OpenTelemetry's names and levels.
func conventions() contract.Contract {
	return contract.Contract{Namespaces: []string{"app"}, Metrics: []contract.Metric{{
		Stream: "app.jobs", Kind: contract.Counter, Unit: "{job}", Help: "Jobs", Whole: true,
		Terms: contract.Terms{Level: contract.Required, Stability: "stable"},
		Labels: []contract.Label{
			{ID: "app.kind", Enumerated: true, Values: []contract.Value{{Text: "batch", Terms: contract.Terms{Level: contract.Required}}}},
			{ID: "app.zone", Terms: contract.Terms{Level: contract.Recommended}},
			{ID: "app.header.", Template: true, Terms: contract.Terms{Level: contract.Optional}},
		},
	}}}
}

// TestConventionsByOTLP has OpenTelemetry's names where there is no page.
func TestConventionsByOTLP(t *testing.T) {
	t.Parallel()
	point := &metricspb.NumberDataPoint{Value: &metricspb.NumberDataPoint_AsInt{AsInt: 1}}
	for key, value := range map[string]string{"app.kind": "batch", "app.zone": "a", "app.header.x": "y"} {
		point.Attributes = append(point.Attributes, &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}})
	}
	export := func(name string) *collectorpb.ExportMetricsServiceRequest {
		return &collectorpb.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{ScopeMetrics: []*metricspb.ScopeMetrics{{Metrics: []*metricspb.Metric{{
			Name: name, Description: "Jobs", Unit: "{job}", Data: &metricspb.Metric_Sum{Sum: &metricspb.Sum{
				IsMonotonic: true, AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, DataPoints: []*metricspb.NumberDataPoint{point},
			}},
		}}}}}}}
	}
	c := conformance.Checker{Contract: conventions()}
	if got := c.Check(exported(c, export("app.jobs")).Exposition); len(got) > 0 {
		t.Errorf("findings on a clean stream: %+v", got)
	}
	if got := rules(c.Check(exported(c, export("app_jobs_total")).Exposition)); got[conformance.UnknownMetric] != 1 || got[conformance.MissingMetric] != 1 {
		t.Errorf("got %v for the name of a page", got)
	}
	inferred := conformance.Infer(exported(c, export("app.jobs")).Exposition)
	own := conformance.Checker{Contract: inferred.Contract}
	if got := own.Check(exported(own, export("app.jobs")).Exposition); len(got) > 0 {
		t.Errorf("findings on the stream that the contract was inferred from: %+v", got)
	}
	if m := inferred.Metrics[0]; m.Stream != "app.jobs" || m.Unit != "{job}" || m.Kind != contract.Counter || len(m.Labels) != 3 {
		t.Errorf("inferred %+v", m)
	}
}
