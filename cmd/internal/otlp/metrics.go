package otlp

import (
	"fmt"
	"iter"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Metrics returns the metrics of one resource. Nothing is copied before it is asked for.
func Metrics(resource *metricspb.ResourceMetrics) iter.Seq[conformance.Metric] {
	return func(yield func(conformance.Metric) bool) {
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				if !yield(metricOf(metric)) {
					return
				}
			}
		}
	}
}

func metricOf(m *metricspb.Metric) conformance.Metric {
	out := conformance.Metric{Name: m.GetName(), Unit: m.GetUnit(), Help: m.GetDescription()}
	switch data := m.GetData().(type) {
	case *metricspb.Metric_Sum:
		out.Kind = string(contract.UpDownCounter)
		if data.Sum.GetIsMonotonic() {
			out.Kind = string(contract.Counter)
		}
		out.Temporality = temporality(data.Sum.GetAggregationTemporality())
		out.Points = points(data.Sum.GetDataPoints(), number)
	case *metricspb.Metric_Gauge:
		out.Kind = string(contract.Gauge)
		out.Points = points(data.Gauge.GetDataPoints(), number)
	case *metricspb.Metric_Histogram:
		out.Kind = string(contract.Histogram)
		out.Temporality = temporality(data.Histogram.GetAggregationTemporality())
		out.Points = points(data.Histogram.GetDataPoints(), histogram)
	case *metricspb.Metric_ExponentialHistogram:
		out.Kind = conformance.ExponentialHistogram
		out.Temporality = temporality(data.ExponentialHistogram.GetAggregationTemporality())
		out.Points = points(data.ExponentialHistogram.GetDataPoints(), exponentialHistogram)
	case *metricspb.Metric_Summary:
		out.Kind = string(contract.Summary)
	}
	return out
}

func temporality(t metricspb.AggregationTemporality) string {
	switch t {
	case metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE:
		return conformance.Cumulative
	case metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA:
		return "delta"
	default:
		return "unspecified"
	}
}

// points returns the points that have a value: a client marks those that it has lost.
func points[P interface{ GetFlags() uint32 }](all []P, convert func(P) conformance.Point) iter.Seq[conformance.Point] {
	return func(yield func(conformance.Point) bool) {
		for _, point := range all {
			if point.GetFlags()&uint32(metricspb.DataPointFlags_DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK) != 0 {
				continue
			}
			if !yield(convert(point)) {
				return
			}
		}
	}
}

func number(point *metricspb.NumberDataPoint) conformance.Point {
	value := point.GetAsDouble()
	if _, ok := point.GetValue().(*metricspb.NumberDataPoint_AsInt); ok {
		value = float64(point.GetAsInt())
	}
	return conformance.Point{Attributes: attributes(point.GetAttributes()), Start: point.GetStartTimeUnixNano(), Value: value}
}

func histogram(point *metricspb.HistogramDataPoint) conformance.Point {
	return conformance.Point{
		Attributes: attributes(point.GetAttributes()), Start: point.GetStartTimeUnixNano(),
		Count: point.GetCount(), Sum: point.Sum, Bounds: point.GetExplicitBounds(), BucketCounts: point.GetBucketCounts(),
	}
}

func exponentialHistogram(point *metricspb.ExponentialHistogramDataPoint) conformance.Point {
	return conformance.Point{Attributes: attributes(point.GetAttributes()), Start: point.GetStartTimeUnixNano(), Count: point.GetCount()}
}

func attributes(all []*commonpb.KeyValue) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, attribute := range all {
			if !yield(attribute.GetKey(), text(attribute.GetValue())) {
				return
			}
		}
	}
}

// text is a value as a label shows it.
func text(value *commonpb.AnyValue) string {
	switch v := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *commonpb.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *commonpb.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case nil:
		return ""
	default:
		const most = 200 // bytes that are written out
		if size := proto.Size(value); size > most {
			return fmt.Sprintf("a list of %d bytes", size)
		}
		return value.String()
	}
}
