package otlp_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
)

// every is an export with each kind of metric and of value.
func every(t testing.TB) *collectorpb.ExportMetricsServiceRequest {
	t.Helper()
	export := conforming(t)
	metrics := export.ResourceMetrics[0]
	value := func(key string, v *commonpb.AnyValue) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: v}
	}
	metrics.Resource = &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
		pair("service.name", "qa"),
		value("truth", &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}}),
		value("int", &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: -7}}),
		value("double", &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: 0.5}}),
		value("nothing", nil),
	}}
	metrics.ScopeMetrics = append(metrics.ScopeMetrics, &metricspb.ScopeMetrics{Metrics: []*metricspb.Metric{
		{Name: "negative", Data: &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: []*metricspb.NumberDataPoint{
			{TimeUnixNano: 2, Value: &metricspb.NumberDataPoint_AsInt{AsInt: -3}}, {Value: &metricspb.NumberDataPoint_AsDouble{AsDouble: -0.25}},
		}}}},
		{Name: "exponential", Data: &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
			AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA,
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{
				Attributes: []*commonpb.KeyValue{pair("a", "b")}, StartTimeUnixNano: 1, TimeUnixNano: 2, Count: 900, Sum: new(1e9), Scale: -3,
				Positive: &metricspb.ExponentialHistogramDataPoint_Buckets{Offset: -129, BucketCounts: []uint64{0, 1, 899}},
			}},
		}}},
	}})
	return export
}

// TestDecodeOfOTLPTest compares what the library's tests read of an export with what protobuf reads. It stands here
// because the library's module does not require protobuf.
func TestDecodeOfOTLPTest(t *testing.T) {
	t.Parallel()
	export := every(t)
	raw, err := proto.Marshal(export)
	if err != nil {
		t.Fatal(err)
	}
	got, err := otlptest.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read(export), got); diff != "" {
		t.Errorf("decoded (-protobuf +otlptest):\n%s", diff)
	}
}

// FuzzDecodeOfOTLPTest decodes exports of every content.
func FuzzDecodeOfOTLPTest(f *testing.F) {
	raw, err := proto.Marshal(every(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = otlptest.Decode(raw) // it must end, and not panic
	})
}

func read(export *collectorpb.ExportMetricsServiceRequest) []otlptest.Resource {
	var all []otlptest.Resource
	for _, resource := range export.GetResourceMetrics() {
		out := otlptest.Resource{Attributes: labels(resource.GetResource().GetAttributes())}
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				out.Metrics = append(out.Metrics, readMetric(metric))
			}
		}
		all = append(all, out)
	}
	return all
}

func readMetric(m *metricspb.Metric) otlptest.Metric {
	out := otlptest.Metric{Name: m.GetName(), Description: m.GetDescription(), Unit: m.GetUnit()}
	numbers := func(points []*metricspb.NumberDataPoint) {
		for _, p := range points {
			out.Points = append(out.Points, otlptest.Point{
				Attributes: labels(p.GetAttributes()), Start: p.GetStartTimeUnixNano(), Time: p.GetTimeUnixNano(), Value: p.GetAsDouble() + float64(p.GetAsInt()),
			})
		}
	}
	switch {
	case m.GetGauge() != nil:
		out.Kind = otlptest.Gauge
		numbers(m.GetGauge().GetDataPoints())
	case m.GetSum() != nil:
		out.Kind, out.Monotonic, out.Temporality = otlptest.Sum, m.GetSum().GetIsMonotonic(), otlptest.Temporality(m.GetSum().GetAggregationTemporality())
		numbers(m.GetSum().GetDataPoints())
	case m.GetHistogram() != nil:
		out.Kind, out.Temporality = otlptest.Histogram, otlptest.Temporality(m.GetHistogram().GetAggregationTemporality())
		for _, p := range m.GetHistogram().GetDataPoints() {
			out.Points = append(out.Points, otlptest.Point{
				Attributes: labels(p.GetAttributes()), Start: p.GetStartTimeUnixNano(), Time: p.GetTimeUnixNano(),
				Count: p.GetCount(), Sum: p.GetSum(), Bounds: p.GetExplicitBounds(), Counts: p.GetBucketCounts(),
			})
		}
	case m.GetExponentialHistogram() != nil:
		out.Kind = otlptest.ExponentialHistogram
		out.Temporality = otlptest.Temporality(m.GetExponentialHistogram().GetAggregationTemporality())
		for _, p := range m.GetExponentialHistogram().GetDataPoints() {
			out.Points = append(out.Points, otlptest.Point{
				Attributes: labels(p.GetAttributes()), Start: p.GetStartTimeUnixNano(), Time: p.GetTimeUnixNano(), Count: p.GetCount(), Sum: p.GetSum(),
				Scale: int(p.GetScale()), Offset: int(p.GetPositive().GetOffset()), Counts: p.GetPositive().GetBucketCounts(),
			})
		}
	}
	return out
}

func labels(attributes []*commonpb.KeyValue) map[string]string {
	out := make(map[string]string)
	for _, attribute := range attributes {
		switch v := attribute.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			out[attribute.GetKey()] = v.StringValue
		case *commonpb.AnyValue_BoolValue:
			out[attribute.GetKey()] = strconv.FormatBool(v.BoolValue)
		case *commonpb.AnyValue_IntValue:
			out[attribute.GetKey()] = strconv.FormatInt(v.IntValue, 10)
		case *commonpb.AnyValue_DoubleValue:
			out[attribute.GetKey()] = strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		default:
			out[attribute.GetKey()] = ""
		}
	}
	return out
}
