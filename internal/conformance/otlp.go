package conformance

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Metric is one metric that an OTLP client has sent. It is made of plain values, so that this package needs no protobuf.
type Metric struct {
	Name, Unit, Help string
	// Kind is a kind of a contract, or [ExponentialHistogram].
	Kind string
	// Temporality is empty for a metric that has none.
	Temporality string
	// Points are read once, and only as far as there is room for them.
	Points iter.Seq[Point]
}

// Point is one series of a metric. A number has a value; a histogram has the rest.
type Point struct {
	// Attributes are names and values in any order. Those over the limit are not read.
	Attributes iter.Seq2[string, string]
	// Start is when the series started to count, in nanoseconds since the epoch.
	Start uint64
	Value float64

	Count        uint64
	Sum          *float64 // nil if the client sent none
	Bounds       []float64
	BucketCounts []uint64 // one more than Bounds
}

// form identifies a family of OTLP: a histogram may have both forms under one name.
type form struct {
	name        string
	exponential bool
}

// decode makes an exposition of the metrics of one client. A histogram point
// becomes the samples that a page would have for it.
func (c Checker) decode(metrics iter.Seq[Metric]) *Exposition {
	keeps := c.scope().wanted
	e := &Exposition{Format: OTLP}
	families := make(map[form]*Family)
	room := int64(maxKept)
	for metric := range metrics {
		name := cut(metric.Name)
		if c.OnlyContract && !keeps(name) {
			continue
		}
		key := form{name, metric.Kind == ExponentialHistogram}
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
	return e
}

type decoder struct {
	exposition *Exposition
	family     *Family
	room       int64             // bytes that samples may still take
	names      map[string]string // of samples, by their suffix
}

func (d *decoder) metric(m Metric) {
	f := d.family
	f.seen, f.unit, f.help, f.hasHelp = true, cut(m.Unit), cut(m.Help), m.Help != ""
	f.kind, f.temporality = m.Kind, m.Temporality
	if m.Points == nil {
		return
	}
	for point := range m.Points {
		if d.room <= 0 {
			return
		}
		labels := labelsOf(point.Attributes)
		switch m.Kind {
		case string(contract.Histogram):
			d.histogram(point, labels)
		case ExponentialHistogram:
			d.add("_count", labels, float64(point.Count), point.Start)
		default:
			d.add("", labels, point.Value, point.Start)
		}
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

func (d *decoder) histogram(point Point, labels []label) {
	bounds, counts := point.Bounds, point.BucketCounts
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
		d.add("_bucket", sorted(append(slices.Clip(labels), label{name: "le", value: le})), float64(total), point.Start)
	}
	d.add("_count", labels, float64(point.Count), point.Start)
	if point.Sum != nil {
		d.add("_sum", labels, *point.Sum, point.Start)
	}
}

func labelsOf(attributes iter.Seq2[string, string]) []label {
	var labels []label
	if attributes == nil {
		return nil
	}
	for name, value := range attributes {
		if len(labels) == maxLabels {
			break
		}
		labels = append(labels, label{name: name, value: value})
	}
	return sorted(labels)
}

func sorted(labels []label) []label {
	slices.SortFunc(labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return labels
}
