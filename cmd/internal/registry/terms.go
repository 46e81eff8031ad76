package registry

import (
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/internal/terms"
)

// terms reads stability and deprecation.
func (l *loader) terms(path string, at *yaml.Node, to *contract.Terms, stability string, deprecated yaml.Node) {
	switch stability {
	case "":
	case "experimental": // as it was called
		to.Stability = "development"
	case "stable", "development", "alpha", "beta", "release_candidate":
		to.Stability = stability
	case "deprecated": // as it was said
		to.Deprecated = "it is marked so"
	default:
		l.add(path, at, "unknown stability %q: want stable, development, alpha, beta or release_candidate", short(stability))
	}
	switch deprecated.Kind {
	case yaml.ScalarNode:
		to.Deprecated = deprecated.Value
		if deprecated.Tag == "!!null" {
			to.Deprecated = ""
		}
	case yaml.MappingNode:
		var d struct {
			Reason    string `yaml:"reason"`
			RenamedTo string `yaml:"renamed_to"`
			Note      string `yaml:"note"`
		}
		if err := deprecated.Decode(&d); err != nil {
			l.add(path, &deprecated, "%s", problem(err))
			return
		}
		to.Replacement = d.RenamedTo
		to.Deprecated = contract.Sentence(d.Note)
		if to.Deprecated == "" {
			to.Deprecated = d.Reason
		}
		if d.RenamedTo != "" && d.Note == "" {
			to.Deprecated = "it was renamed to " + d.RenamedTo
		}
	case yaml.SequenceNode:
		l.add(path, &deprecated, "deprecated is a list: want a text, or a mapping with reason, renamed_to and note")
	case 0, yaml.DocumentNode, yaml.AliasNode: // it is not there; load refuses aliases
	}
}

// level reads a requirement level, which may come with its condition.
func (l *loader) level(path string, node yaml.Node) contract.Level {
	text := node.Value
	if node.Kind == yaml.MappingNode && len(node.Content) > 0 {
		text = node.Content[0].Value
	}
	switch text {
	case "required":
		return contract.Required
	case "recommended", "":
		return contract.Recommended
	case "conditionally_required", "opt_in", "optional":
		return contract.Optional
	}
	l.add(path, &node, "unknown requirement level %q: want required, conditionally_required, recommended or opt_in", short(text))
	return contract.Recommended
}

// metricLevel reads the requirement level of a metric. In the second form the default
// is recommended. The first form has no level, so a metric is optional.
func (l *loader) metricLevel(g *group, m *contract.Metric) {
	switch {
	case g.Level.Kind != 0:
		m.Level = l.level(g.file, g.Level)
	case g.MetricName != "":
		m.Level = contract.Optional
	default:
		m.Level = contract.Recommended
	}
}

// annotate reads what annotations say of a metric.
func (l *loader) annotate(g *group, m *contract.Metric) {
	if a := g.Annotations.Prometheus; a != nil {
		// Whoever describes Prometheus' metrics so gives them Prometheus' names.
		m.Name = m.Stream
		if a.Help != "" {
			m.Help = contract.Sentence(a.Help)
		}
		l.histogram(g, a, m)
		l.constant(g, a, m)
	}
	if m.Help == m.Stream {
		m.Help = "" // The form asks for a text, and there was none.
	}
	a := g.Annotations.Contract
	if a == nil {
		return
	}
	if m.Stability == development {
		m.Stability = "" // The same.
	}
	if a.Name != "" {
		m.Name = a.Name
	}
	switch kinds := []contract.Kind{contract.Summary, contract.GaugeHistogram, contract.Info, contract.StateSet, contract.Unknown}; {
	case a.Type == "":
	case a.Type == anyType:
		m.Kind = contract.AnyKind
	case slices.Contains(kinds, contract.Kind(a.Type)):
		m.Kind = contract.Kind(a.Type)
	default:
		l.add(g.file, g.node, "unknown type %q: want summary, gaugehistogram, info, stateset, unknown or any", short(a.Type))
	}
	m.Instrument, m.Whole, m.NonNegative, m.Primed, m.OpenLabels = a.Instrument, a.Whole, a.NonNegative, a.Primed, a.OpenLabels
	if a.Level != "" {
		m.Level = contract.Level(a.Level)
		if !slices.Contains(terms.Levels(), a.Level) {
			l.add(g.file, g.node, "unknown requirement level %q: want required, recommended or optional", short(a.Level))
		}
	}
}

// histogram reads the form and the buckets.
func (l *loader) histogram(g *group, a *prometheus, m *contract.Metric) {
	switch a.HistogramType {
	case "":
	case "classic_histogram":
		m.Form = contract.Classic
	case "native_histogram":
		m.Form = contract.Native
	case "mixed_histogram":
		m.Form = contract.ClassicAndNative
	case "summary":
		m.Kind = contract.Summary
	default:
		l.add(g.file, g.node, "unknown histogram_type %q: want classic_histogram, native_histogram, mixed_histogram or summary", short(a.HistogramType))
	}
	buckets := a.Buckets
	if e := a.ExponentialBuckets; e != nil && buckets == nil {
		if e.Count < 1 || e.Count > 1000 || !(e.Start > 0) || !(e.Factor > 1) {
			l.add(g.file, g.node, "exponential_buckets need a start above 0, a factor above 1, and a count from 1 to 1000")
			return
		}
		for i, bound := 0, e.Start; i < e.Count; i, bound = i+1, bound*e.Factor {
			buckets = append(buckets, bound)
		}
	}
	for i, bound := range buckets {
		if math.IsNaN(bound) || math.IsInf(bound, 0) || i > 0 && bound <= buckets[i-1] {
			l.add(g.file, g.node, "the buckets of %q are not finite and ascending: %v comes after %v", short(m.Stream), bound, buckets[max(i-1, 0)])
			return
		}
	}
	m.Buckets = buckets
}

// constant reads labels that are set when the metric is made: a list of names,
// or names with values.
func (l *loader) constant(g *group, a *prometheus, m *contract.Metric) {
	nodes := a.ConstLabels.Content
	if a.ConstLabels.Kind == yaml.MappingNode {
		var names []*yaml.Node
		for i := 0; i < len(nodes); i += 2 {
			names = append(names, nodes[i])
		}
		nodes = names
	}
	for _, node := range nodes {
		name := node.Value
		if node.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(node.Content); i += 2 {
				if strings.HasSuffix(node.Content[i].Value, "name") {
					name = node.Content[i+1].Value
				}
			}
		}
		if name == "" {
			l.add(g.file, node, "a constant label of %q has no name", short(m.Stream))
			continue
		}
		m.Labels = append(m.Labels, contract.Label{ID: name, Key: name, Terms: contract.Terms{Level: contract.Required}})
	}
}
