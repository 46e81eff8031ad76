package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// form tells the families of OTLP apart: a histogram may have both forms under one name.
type form struct {
	name        string
	exponential bool
}

// decode turns the metrics of one resource into an exposition. A histogram
// point becomes the samples that a page would have for it.
func (c Checker) decode(resource *metricspb.ResourceMetrics) *Exposition {
	keeps := c.scope().wanted
	e := &Exposition{Format: OTLP}
	families := make(map[form]*Family)
	room := int64(maxKept)
	for _, scope := range resource.GetScopeMetrics() {
		for _, metric := range scope.GetMetrics() {
			name := cut(metric.GetName())
			if c.OnlyContract && !keeps(name) {
				continue
			}
			key := form{name, metric.GetExponentialHistogram() != nil}
			family, ok := families[key]
			if !ok {
				if len(families) == maxFamilies {
					e.problems.add(Finding{Severity: Error, Rule: TooLarge, Message: fmt.Sprintf("more than %d metrics: the rest was not checked", maxFamilies)})
					return e
				}
				family = &Family{name: name, kept: keeps(name)}
				families[key] = family
				e.Families = append(e.Families, family)
			}
			d := decoder{exposition: e, family: family, room: room, names: make(map[string]string)}
			d.metric(metric)
			room = d.room - familySize
			if room <= 0 {
				e.problems.add(tooMuch("", maxKept))
				return e
			}
		}
	}
	return e
}

type decoder struct {
	exposition *Exposition
	family     *Family
	room       int64             // bytes that samples may still take
	names      map[string]string // of samples, by their suffix
}

func (d *decoder) metric(m *metricspb.Metric) {
	f := d.family
	f.seen, f.unit, f.help, f.hasHelp = true, cut(m.GetUnit()), cut(m.GetDescription()), m.GetDescription() != ""
	switch data := m.GetData().(type) {
	case *metricspb.Metric_Sum:
		f.kind, f.temporality = upDownCounter, temporality(data.Sum.GetAggregationTemporality())
		if data.Sum.GetIsMonotonic() {
			f.kind = "counter"
		}
		d.numbers(data.Sum.GetDataPoints())
	case *metricspb.Metric_Gauge:
		f.kind = "gauge"
		d.numbers(data.Gauge.GetDataPoints())
	case *metricspb.Metric_Histogram:
		f.kind, f.temporality = "histogram", temporality(data.Histogram.GetAggregationTemporality())
		for _, point := range data.Histogram.GetDataPoints() {
			d.histogram(point)
		}
	case *metricspb.Metric_ExponentialHistogram:
		f.kind, f.temporality = exponentialHistogram, temporality(data.ExponentialHistogram.GetAggregationTemporality())
		for _, point := range data.ExponentialHistogram.GetDataPoints() {
			if d.room <= 0 {
				return
			}
			labels := labelsOf(point.GetAttributes())
			d.add("_count", labels, float64(point.GetCount()), point.GetStartTimeUnixNano())
		}
	case *metricspb.Metric_Summary:
		f.kind = "summary"
	}
}

func temporality(t metricspb.AggregationTemporality) string {
	switch t {
	case metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE:
		return cumulative
	case metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA:
		return "delta"
	default:
		return "unspecified"
	}
}

func (d *decoder) add(suffix string, labels []label, value float64, start uint64) {
	name, ok := d.names[suffix]
	if !ok {
		name = d.family.name + suffix
		d.names[suffix] = name
	}
	s := sample{name: name, labels: labels, value: value, start: start}
	if d.room -= s.size(); d.room >= 0 {
		d.family.samples = append(d.family.samples, s)
	}
}

func (d *decoder) numbers(points []*metricspb.NumberDataPoint) {
	for _, point := range points {
		if d.room <= 0 {
			return
		}
		if unrecorded(point.GetFlags()) {
			continue
		}
		value := point.GetAsDouble()
		if _, ok := point.GetValue().(*metricspb.NumberDataPoint_AsInt); ok {
			value = float64(point.GetAsInt())
		}
		d.add("", labelsOf(point.GetAttributes()), value, point.GetStartTimeUnixNano())
	}
}

func unrecorded(flags uint32) bool {
	return flags&uint32(metricspb.DataPointFlags_DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK) != 0
}

func (d *decoder) histogram(point *metricspb.HistogramDataPoint) {
	if d.room <= 0 || unrecorded(point.GetFlags()) {
		return
	}
	labels, start := labelsOf(point.GetAttributes()), point.GetStartTimeUnixNano()
	bounds, counts := point.GetExplicitBounds(), point.GetBucketCounts()
	if len(counts) != len(bounds)+1 {
		d.exposition.problems.add(Finding{
			Severity: Error, Rule: Syntax, Metric: short(d.family.name), Labels: short(sample{labels: labels}.series()),
			Message: fmt.Sprintf("a point has %d bucket counts for %d bounds, want one more than bounds", len(counts), len(bounds)),
		})
		return
	}
	total := uint64(0)
	for i, count := range counts {
		total += count
		le := "+Inf"
		if i < len(bounds) {
			le = strconv.FormatFloat(bounds[i], 'g', -1, 64)
		}
		if d.room <= 0 {
			return
		}
		d.add("_bucket", sorted(append(slices.Clip(labels), label{name: "le", value: le})), float64(total), start)
	}
	d.add("_count", labels, float64(point.GetCount()), start)
	if point.Sum != nil {
		d.add("_sum", labels, point.GetSum(), start)
	}
}

func labelsOf(attributes []*commonpb.KeyValue) []label {
	labels := make([]label, 0, min(len(attributes), maxLabels))
	for _, attribute := range attributes[:min(len(attributes), maxLabels)] {
		labels = append(labels, label{name: attribute.GetKey(), value: text(attribute.GetValue())})
	}
	return sorted(labels)
}

func sorted(labels []label) []label {
	slices.SortFunc(labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return labels
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
		if size := proto.Size(value); size > maxText {
			return fmt.Sprintf("a list of %d bytes", size)
		}
		return short(value.String())
	}
}
