package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Shapes contains, for every metric, what the instances of one service must agree on:
// type, unit, help text and buckets.
type Shapes struct {
	Name   string
	format Format
	shapes map[string]shape
}

type shape struct{ kind, unit, help, buckets string }

// Shapes returns those of an exposition, which need not be kept any longer.
func (e *Exposition) Shapes(name string) Shapes {
	s := Shapes{Name: name, format: e.Format, shapes: make(map[string]shape, len(e.Families))}
	for _, family := range e.Families {
		if !family.seen {
			continue
		}
		s.shapes[family.documented(e.Format)] = shape{kind: family.kind, unit: family.unit, help: family.help, buckets: bounds(family.bounds)}
	}
	return s
}

func bounds(all []float64) string {
	texts := make([]string, len(all))
	for i, bound := range all {
		texts[i] = number(bound)
	}
	return strings.Join(texts, ", ")
}

// Disagreements finds metrics that are not the same on all targets, which
// Prometheus would add up nevertheless. Only expositions of one format are
// compared, as the formats have other types.
func Disagreements(targets []Shapes) []Finding {
	var found findings
	for _, format := range []Format{Text, OpenMetrics, OTLP} {
		names := make(map[string]struct{})
		var same []Shapes
		for _, target := range targets {
			if target.format == format {
				same = append(same, target)
				for name := range target.shapes {
					names[name] = struct{}{}
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			disagree(&found, same, name)
		}
	}
	return found.all()
}

// disagree compares one metric of all targets.
func disagree(found *findings, targets []Shapes, name string) {
	for _, aspect := range []struct {
		what     string
		severity Severity
		of       func(shape) string
	}{
		{"type", Error, func(s shape) string { return cmp.Or(s.kind, "not stated") }},
		{"unit", Error, func(s shape) string { return s.unit }},
		{"list of buckets", Error, func(s shape) string { return s.buckets }},
		{"help text", Warning, func(s shape) string { return s.help }},
	} {
		having := make(map[string][]string) // targets by what they have
		for _, target := range targets {
			if one, ok := target.shapes[name]; ok {
				having[aspect.of(one)] = append(having[aspect.of(one)], target.Name)
			}
		}
		if len(having) < 2 {
			continue
		}
		// The most usual first.
		values := slices.SortedFunc(maps.Keys(having), func(a, b string) int {
			return cmp.Or(-cmp.Compare(len(having[a]), len(having[b])), cmp.Compare(a, b))
		})
		var parts []string
		for _, value := range values[:min(len(values), 4)] {
			who := having[value][0]
			if more := len(having[value]) - 1; more > 0 {
				who += fmt.Sprintf(" and %d more", more)
			}
			parts = append(parts, fmt.Sprintf("%q on %s", short(value), who))
		}
		found.add(Finding{
			Severity: aspect.severity, Rule: Disagreement, Metric: short(name),
			Message: fmt.Sprintf("the targets disagree on the %s: %s", aspect.what, strings.Join(parts, ", ")),
			Remedy:  "run the same version with the same configuration everywhere",
		})
	}
}
