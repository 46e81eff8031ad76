package otlp_test

import (
	"slices"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/otlp"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func checker() conformance.Checker {
	return conformance.Checker{Contract: contract.Of(views.Default())}
}

func rules(findings []conformance.Finding) map[conformance.Rule]int {
	n := make(map[conformance.Rule]int)
	for _, f := range findings {
		n[f.Rule]++
	}
	return n
}

// conforming is an export of every metric of the contract with all well-known
// series.
func conforming(t testing.TB) *collectorpb.ExportMetricsServiceRequest {
	t.Helper()
	contract := views.Default()
	scope := &metricspb.ScopeMetrics{}
	for _, metric := range contract.Metrics.All() {
		m := &metricspb.Metric{Name: metric.Name, Description: metric.Description, Unit: metric.Unit}
		series := combinations(contract, metric)
		switch metric.Kind {
		case views.Histogram:
			data := &metricspb.Histogram{AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}
			for _, attributes := range series {
				data.DataPoints = append(data.DataPoints, &metricspb.HistogramDataPoint{
					Attributes: attributes, StartTimeUnixNano: 1, Count: 2, Sum: new(0.5),
					ExplicitBounds: metric.Buckets, BucketCounts: append([]uint64{2}, make([]uint64, len(metric.Buckets))...),
				})
			}
			m.Data = &metricspb.Metric_Histogram{Histogram: data}
		case views.Gauge:
			m.Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: points(series)}}
		default:
			m.Data = &metricspb.Metric_Sum{Sum: &metricspb.Sum{
				AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
				IsMonotonic:            metric.Kind == views.Counter, DataPoints: points(series),
			}}
		}
		scope.Metrics = append(scope.Metrics, m)
	}
	return &collectorpb.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{ScopeMetrics: []*metricspb.ScopeMetrics{scope}}}}
}

func points(series [][]*commonpb.KeyValue) []*metricspb.NumberDataPoint {
	var points []*metricspb.NumberDataPoint
	for _, attributes := range series {
		points = append(points, &metricspb.NumberDataPoint{Attributes: attributes, StartTimeUnixNano: 1, Value: &metricspb.NumberDataPoint_AsInt{AsInt: 3}})
	}
	return points
}

func combinations(contract views.Contract, metric views.Metric) [][]*commonpb.KeyValue {
	series := [][]*commonpb.KeyValue{nil}
	for _, key := range metric.Labels {
		values := []string{"qa"}
		if label := contract.Labels.Named(key); len(label.Values) > 0 {
			values = label.Values
		}
		var longer [][]*commonpb.KeyValue
		for _, attributes := range series {
			for _, value := range values {
				longer = append(longer, append(slices.Clone(attributes), pair(key, value)))
			}
		}
		series = longer
	}
	return series
}

func pair(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

// exported returns the client that sent these exports.
func exported(checker conformance.Checker, exports ...*collectorpb.ExportMetricsServiceRequest) *conformance.Client {
	client := otlp.NewClient(nil)
	for _, export := range exports {
		for _, metrics := range export.GetResourceMetrics() {
			client.Add(checker, otlp.Metrics(metrics))
		}
	}
	return client
}

func TestOTLPMutations(t *testing.T) {
	t.Parallel()
	metric := func(e *collectorpb.ExportMetricsServiceRequest, name string) *metricspb.Metric {
		for _, m := range e.ResourceMetrics[0].ScopeMetrics[0].Metrics {
			if m.Name == name {
				return m
			}
		}
		return nil
	}
	const counter, histogram, active = "dspy_errors_total", "dspy_api_latency_seconds", "dspy_active_predictions"
	tests := map[string]struct {
		change  func(*collectorpb.ExportMetricsServiceRequest)
		rule    conformance.Rule // of an error; empty for none
		message string
		also    []conformance.Rule
	}{
		"none":              {func(*collectorpb.ExportMetricsServiceRequest) {}, "", "", nil},
		"instrument's name": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, counter).Name = "dspy.errors" }, conformance.UnknownMetric, "dspy.errors", []conformance.Rule{conformance.NotPrimed}},
		"unit":              {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, histogram).Unit = "ms" }, conformance.WrongUnit, `"ms", want "s"`, nil},
		"delta sum": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, counter).GetSum().AggregationTemporality = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
		}, conformance.WrongTemporality, "delta", nil},
		"delta histogram": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().AggregationTemporality = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
		}, conformance.WrongTemporality, "delta", nil},
		"not monotonic": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, counter).GetSum().IsMonotonic = false }, conformance.WrongType, "updowncounter, want counter", nil},
		"monotonic":     {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, active).GetSum().IsMonotonic = true }, conformance.WrongType, "counter, want updowncounter", nil},
		"gauge": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, active).Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{}}
		}, conformance.WrongType, "gauge, want updowncounter", nil},
		"exponential": {func(e *collectorpb.ExportMetricsServiceRequest) { metric(e, histogram).Data = exponential() }, conformance.WrongType, "exponential histogram", nil},
		"bound": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].ExplicitBounds = []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
		}, conformance.ExtraBucket, "2, 3", []conformance.Rule{conformance.MissingBucket}},
		"bucket counts": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].BucketCounts = []uint64{2}
		}, conformance.Syntax, "1 bucket counts for 9 bounds", nil},
		"count": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].Count = 7
		}, conformance.WrongCount, "count is 7", nil},
		"no sum": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, histogram).GetHistogram().DataPoints[0].Sum = nil
		}, conformance.WrongCount, "_sum", nil},
		"point twice": {func(e *collectorpb.ExportMetricsServiceRequest) {
			s := metric(e, active).GetSum()
			s.DataPoints = append(s.DataPoints, s.DataPoints[0])
		}, conformance.DuplicateSeries, "twice", nil},
		"attribute": {func(e *collectorpb.ExportMetricsServiceRequest) {
			p := metric(e, active).GetSum().DataPoints[0]
			p.Attributes = append(slices.Clone(p.Attributes), pair("user.id", "7"))
		}, conformance.ExtraLabel, "user.id", nil},
		"overflow of the SDK": {func(e *collectorpb.ExportMetricsServiceRequest) {
			metric(e, active).GetSum().DataPoints[0].Attributes = []*commonpb.KeyValue{pair("otel_metric_overflow", "true")}
		}, conformance.ExtraLabel, "otel_metric_overflow", []conformance.Rule{conformance.MissingLabel}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			export := conforming(t)
			test.change(export)
			hit := test.rule == ""
			for _, f := range checker().Check(exported(checker(), export).Exposition) {
				if f.Severity == conformance.Error && f.Rule != test.rule && !slices.Contains(test.also, f.Rule) || test.rule == "" {
					t.Errorf("a finding that the change does not explain: %+v", f)
				}
				hit = hit || f.Rule == test.rule && f.Severity == conformance.Error && strings.Contains(f.Message, test.message)
			}
			if !hit {
				t.Errorf("no %s with %q", test.rule, test.message)
			}
		})
	}
}

func exponential() *metricspb.Metric_ExponentialHistogram {
	return &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
		AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
	}}
}

func TestNativeHistogramsAllowed(t *testing.T) {
	t.Parallel()
	export := conforming(t)
	for _, m := range export.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		if m.GetHistogram() != nil {
			m.Data = exponential()
		}
	}
	c := checker()
	c.NativeHistograms = true
	if findings := c.Check(exported(c, export).Exposition); len(findings) > 0 {
		t.Errorf("got %+v", findings)
	}
}

func TestOTLPDecreases(t *testing.T) {
	t.Parallel()
	first, second := conforming(t), conforming(t)
	point := second.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetSum().DataPoints[0]
	point.Value = &metricspb.NumberDataPoint_AsInt{AsInt: 2}
	decreased := func() int {
		return rules(checker().Check(exported(checker(), first, second).Exposition))[conformance.Decreased]
	}
	if got := decreased(); got != 1 {
		t.Errorf("got %d findings, want 1", got)
	}
	point.StartTimeUnixNano = 2 // it started anew
	if got := decreased(); got != 0 {
		t.Errorf("after a reset: got %d findings, want none", got)
	}
}
