package contractfile

import (
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The registry form of OpenTelemetry's weaver: the syntax of semantic
// conventions, in github.com/open-telemetry/weaver/schemas.
type registry struct {
	Groups []group `yaml:"groups"`
}

type group struct {
	ID          string         `yaml:"id"`
	Type        string         `yaml:"type"`
	MetricName  string         `yaml:"metric_name,omitempty"`
	DisplayName string         `yaml:"display_name,omitempty"`
	Brief       string         `yaml:"brief"`
	Instrument  string         `yaml:"instrument,omitempty"`
	Unit        string         `yaml:"unit,omitempty"`
	Stability   string         `yaml:"stability"`
	Attributes  []attribute    `yaml:"attributes,omitempty"`
	Annotations map[string]any `yaml:"annotations,omitempty"`
}

// attribute is a definition, which has an ID, or the use of one, which has a Ref.
type attribute struct {
	ID               string   `yaml:"id,omitempty"`
	Ref              string   `yaml:"ref,omitempty"`
	Type             any      `yaml:"type,omitempty"`
	Brief            string   `yaml:"brief,omitempty"`
	Examples         []string `yaml:"examples,omitempty,flow"`
	Stability        string   `yaml:"stability,omitempty"`
	RequirementLevel string   `yaml:"requirement_level,omitempty"`
}

type enumeration struct {
	Members []member `yaml:"members"`
}

type member struct {
	ID        string `yaml:"id"`
	Value     string `yaml:"value"`
	Stability string `yaml:"stability"`
}

// stability is that of everything: there was no release yet.
const stability = "development"

// Weaver returns the contract in the registry form of OpenTelemetry's weaver, a
// file of its registry. Metrics have the names under which they arrive; that of
// the instrument, the buckets and the form are annotations. A closed label is an
// enumeration, in which "other" and "unknown" have their place.
func Weaver(contract views.Contract) ([]byte, error) {
	labels := group{ID: "registry.dspy", Type: "attribute_group", DisplayName: "DSPy", Brief: "The labels of the metrics", Stability: stability}
	for _, label := range contract.Labels.All() {
		labels.Attributes = append(labels.Attributes, definition(label))
	}
	file := registry{Groups: []group{labels}}
	for _, metric := range contract.Metrics.All() {
		g := group{
			ID: "metric." + metric.Name, Type: "metric", MetricName: metric.Name, Brief: metric.Description,
			Instrument: metric.Kind.String(), Unit: metric.Unit, Stability: stability,
			Annotations: map[string]any{"instrument": metric.Instrument, "number": metric.Number.String()},
		}
		if metric.Kind == views.Histogram {
			g.Annotations["buckets"], g.Annotations["form"] = metric.Buckets, metric.Form.String()
		}
		for _, key := range metric.Labels {
			g.Attributes = append(g.Attributes, attribute{Ref: key, RequirementLevel: "required"})
		}
		file.Groups = append(file.Groups, g)
	}
	return encode(file)
}

func definition(label views.Label) attribute {
	a := attribute{ID: label.Key, Type: "string", Brief: label.Description, Stability: stability}
	if !label.Closed {
		// Each text needs an example; this value stands for no value.
		a.Examples = label.With(views.Unknown).Values
		return a
	}
	var members []member
	for _, value := range label.With(views.Other, views.Unknown).Values {
		members = append(members, member{value, value, stability})
	}
	a.Type = enumeration{members}
	return a
}
