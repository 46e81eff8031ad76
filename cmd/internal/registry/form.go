package registry

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

// ignored is a part that says nothing of metrics. It takes no memory.
type ignored struct{}

// UnmarshalYAML accepts everything.
func (*ignored) UnmarshalYAML(*yaml.Node) error { return nil }

// file is a file of a registry, in either form.
type file struct {
	Groups  []yaml.Node `yaml:"groups,omitempty"`  // the first form
	Imports imports     `yaml:"imports,omitempty"` // both

	FileFormat        string      `yaml:"file_format,omitempty"`
	Attributes        []yaml.Node `yaml:"attributes,omitempty"`
	AttributeGroups   []yaml.Node `yaml:"attribute_groups,omitempty"`
	Metrics           []yaml.Node `yaml:"metrics,omitempty"`
	MetricRefinements []yaml.Node `yaml:"metric_refinements,omitempty"`

	// A registry that was resolved into one file.
	AttributeCatalog []yaml.Node `yaml:"attribute_catalog,omitempty"`
	Registry         *resolved   `yaml:"registry,omitempty"`

	// What is not about metrics.
	SchemaURL         ignored `yaml:"schema_url,omitempty"`
	RegistryURL       ignored `yaml:"registry_url,omitempty"`
	Dependencies      ignored `yaml:"dependencies,omitempty"`
	Refinements       ignored `yaml:"refinements,omitempty"`
	Spans             ignored `yaml:"spans,omitempty"`
	SpanRefinements   ignored `yaml:"span_refinements,omitempty"`
	Events            ignored `yaml:"events,omitempty"`
	EventRefinements  ignored `yaml:"event_refinements,omitempty"`
	Entities          ignored `yaml:"entities,omitempty"`
	EntityRefinements ignored `yaml:"entity_refinements,omitempty"`
}

type resolved struct {
	Attributes      []yaml.Node `yaml:"attributes"`
	AttributeGroups []yaml.Node `yaml:"attribute_groups"`
	Metrics         []yaml.Node `yaml:"metrics"`
	Spans           ignored     `yaml:"spans"`
	Events          ignored     `yaml:"events"`
	Entities        ignored     `yaml:"entities"`
}

// imports name what comes from registries that this one depends on.
type imports struct {
	Metrics         []string `yaml:"metrics,omitempty"`
	AttributeGroups []string `yaml:"attribute_groups,omitempty"`
	Events          []string `yaml:"events,omitempty"`
	Entities        []string `yaml:"entities,omitempty"`
	Spans           []string `yaml:"spans,omitempty"`
}

// group is a group of the first form, or a metric, a refinement or an attribute
// group of the second.
type group struct {
	ID            string      `yaml:"id,omitempty"`
	Type          string      `yaml:"type,omitempty"`
	Name          string      `yaml:"name,omitempty"`
	Ref           string      `yaml:"ref,omitempty"`
	MetricName    string      `yaml:"metric_name,omitempty"`
	DisplayName   string      `yaml:"display_name,omitempty"`
	Brief         string      `yaml:"brief,omitempty"`
	Note          string      `yaml:"note,omitempty"`
	Prefix        string      `yaml:"prefix,omitempty"`
	Extends       string      `yaml:"extends,omitempty"`
	IncludeGroups []string    `yaml:"include_groups,omitempty"`
	Instrument    string      `yaml:"instrument,omitempty"`
	Unit          *string     `yaml:"unit,omitempty"` // which a metric must state, if only as ""
	Stability     string      `yaml:"stability,omitempty"`
	Deprecated    yaml.Node   `yaml:"deprecated,omitempty"`
	Level         yaml.Node   `yaml:"requirement_level,omitempty"`
	Visibility    string      `yaml:"visibility,omitempty"`
	Attributes    []yaml.Node `yaml:"attributes,omitempty"`
	Annotations   annotations `yaml:"annotations,omitempty"`

	EntityAssociations ignored `yaml:"entity_associations,omitempty"`
	ValueType          ignored `yaml:"value_type,omitempty"`
	Constraints        ignored `yaml:"constraints,omitempty"`
	Events             ignored `yaml:"events,omitempty"`
	SpanKind           ignored `yaml:"span_kind,omitempty"`
	Body               ignored `yaml:"body,omitempty"`
	Lineage            ignored `yaml:"lineage,omitempty"`
	Provenance         ignored `yaml:"provenance,omitempty"`
	IsV2               ignored `yaml:"is_v2,omitempty"`

	file string
	node *yaml.Node
}

// attribute is a definition, or the use of one.
type attribute struct {
	ID          string      `yaml:"id,omitempty"`
	Key         string      `yaml:"key,omitempty"`
	Name        string      `yaml:"name,omitempty"`
	Ref         string      `yaml:"ref,omitempty"`
	RefGroup    string      `yaml:"ref_group,omitempty"`
	Base        *int        `yaml:"base,omitempty"`
	Type        yaml.Node   `yaml:"type,omitempty"`
	Brief       string      `yaml:"brief,omitempty"`
	Examples    yaml.Node   `yaml:"examples,omitempty"`
	Stability   string      `yaml:"stability,omitempty"`
	Deprecated  yaml.Node   `yaml:"deprecated,omitempty"`
	Level       yaml.Node   `yaml:"requirement_level,omitempty"`
	Annotations annotations `yaml:"annotations,omitempty"`

	Note             ignored `yaml:"note,omitempty"`
	Tag              ignored `yaml:"tag,omitempty"`
	Tags             ignored `yaml:"tags,omitempty"`
	SamplingRelevant ignored `yaml:"sampling_relevant,omitempty"`
	Role             ignored `yaml:"role,omitempty"`
	Prefix           ignored `yaml:"prefix,omitempty"`
	Value            ignored `yaml:"value,omitempty"`
	Provenance       ignored `yaml:"provenance,omitempty"`

	file string
	node *yaml.Node
}

type enumeration struct {
	AllowCustomValues *bool    `yaml:"allow_custom_values,omitempty"`
	Members           []member `yaml:"members"`
}

type member struct {
	ID          string         `yaml:"id"`
	Value       yaml.Node      `yaml:"value"`
	Brief       string         `yaml:"brief,omitempty"`
	Note        string         `yaml:"note,omitempty"`
	Stability   string         `yaml:"stability,omitempty"`
	Deprecated  yaml.Node      `yaml:"deprecated,omitempty"`
	Annotations map[string]any `yaml:"annotations,omitempty"`
}

// annotations are the parts of the form that its users define. Other annotations are
// ignored.
type annotations struct {
	Prometheus *prometheus    `yaml:"prometheus,omitempty"`
	Contract   *own           `yaml:"contract,omitempty"`
	Others     map[string]any `yaml:",inline"`
}

// prometheus are the annotations by which Prometheus describes its own metrics.
type prometheus struct {
	Help               string         `yaml:"help,omitempty"`
	HistogramType      string         `yaml:"histogram_type,omitempty"`
	Buckets            []float64      `yaml:"buckets,omitempty,flow"`
	ExponentialBuckets *exponential   `yaml:"exponential_buckets,omitempty"`
	LabelName          string         `yaml:"label_name,omitempty"`
	ConstLabels        yaml.Node      `yaml:"const_labels,omitempty"`
	Others             map[string]any `yaml:",inline"`
}

type exponential struct {
	Start  float64 `yaml:"start"`
	Factor float64 `yaml:"factor"`
	Count  int     `yaml:"count"`
}

// own are the annotations of this project: what a contract says and neither
// OpenTelemetry nor Prometheus has a word for.
type own struct {
	Namespaces  []string `yaml:"namespaces,omitempty,flow"`   // of the first attribute group
	Name        string   `yaml:"name,omitempty"`              // on a page
	Instrument  string   `yaml:"instrument,omitempty"`        // as the program declares it
	Type        string   `yaml:"type,omitempty"`              // that only pages have
	Whole       bool     `yaml:"whole,omitempty"`             // the values have no fraction
	NonNegative bool     `yaml:"non_negative,omitempty"`      // nor are they below zero
	Primed      bool     `yaml:"primed,omitempty"`            // the series are there at zero
	OpenLabels  bool     `yaml:"open_labels,omitempty"`       // any label may be there
	Level       string   `yaml:"requirement_level,omitempty"` // of a metric
	Budget      int      `yaml:"budget,omitempty"`            // of a label
	Closed      bool     `yaml:"closed,omitempty"`            // no other value than the members
	Values      []string `yaml:"values,omitempty,flow"`       // well-known ones of a label that is not closed
	Required    []string `yaml:"required_values,omitempty,flow"`
}

// unknown reports keys of a mapping that the form does not have.
func (m *mistakes) unknown(file string, node *yaml.Node, form any) {
	if node.Kind != yaml.MappingNode {
		return
	}
	known := m.fields(reflect.TypeOf(form))
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i].Value
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			m.add(file, node.Content[i], "unknown field %q: %s", short(name), spelling.Remedy(name, known))
		}
	}
}

// fields are the keys of a struct in YAML.
func (m *mistakes) fields(t reflect.Type) []string {
	if names, ok := m.known[t]; ok {
		return names
	}
	var names []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name != "" {
			names = append(names, name)
		}
	}
	if m.known == nil {
		m.known = make(map[reflect.Type][]string)
	}
	m.known[t] = names
	return names
}
