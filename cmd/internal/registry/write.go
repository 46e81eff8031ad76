package registry

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// development is the stability of what says nothing of it: the form asks for one.
const development = "development"

// anyType is the type of a metric that may have any.
const anyType = "any"

// Remarks are comments in the file. The key is the name of a metric or the ID of a
// label, or "" for the whole file.
type Remarks map[string]string

// Write returns the contract as one file of a registry in the first form, which
// weaver reads. The stand-ins are values that a closed label may have besides its
// own. Annotations contain what the form cannot express, so that [Load] returns the
// same contract.
func Write(c contract.Contract, remarks Remarks, standIns ...string) ([]byte, error) {
	labels, order := definitions(c)
	groups := &yaml.Node{Kind: yaml.SequenceNode}
	attributes := group{ID: "registry.labels", Type: "attribute_group", DisplayName: "Labels", Brief: "The labels of the metrics", Stability: development}
	if len(c.Namespaces) > 0 {
		attributes.Annotations.Contract = &own{Namespaces: c.Namespaces}
	}
	for _, id := range order {
		node, err := nodeOf(defined(labels[id], standIns), "")
		if err != nil {
			return nil, err
		}
		attributes.Attributes = append(attributes.Attributes, *node)
	}
	if len(order) > 0 || len(c.Namespaces) > 0 {
		node, err := nodeOf(attributes, "")
		if err != nil {
			return nil, err
		}
		remark(node, order, remarks)
		groups.Content = append(groups.Content, node)
	}
	for _, m := range c.Metrics {
		written, err := metric(m)
		if err != nil {
			return nil, err
		}
		node, err := nodeOf(written, remarks[m.Stream])
		if err != nil {
			return nil, err
		}
		groups.Content = append(groups.Content, node)
	}
	root := &yaml.Node{Kind: yaml.MappingNode, HeadComment: remarks[""], Content: []*yaml.Node{
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "groups"}, groups,
	}}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return out.Bytes(), err
}

// remark puts comments before the definitions of labels.
func remark(attributes *yaml.Node, order []string, remarks Remarks) {
	for i := 0; i+1 < len(attributes.Content); i += 2 {
		if attributes.Content[i].Value != "attributes" {
			continue
		}
		for j, id := range order {
			attributes.Content[i+1].Content[j].HeadComment = remarks[id]
		}
	}
}

func nodeOf(value any, remark string) (*yaml.Node, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return nil, err
	}
	if remark != "" {
		node.HeadComment = remark
	}
	return &node, nil
}

// definitions are the labels of all metrics, each once.
func definitions(c contract.Contract) (map[string]contract.Label, []string) {
	labels := make(map[string]contract.Label)
	var order []string
	for _, m := range c.Metrics {
		for _, label := range m.Labels {
			if _, ok := labels[label.ID]; !ok {
				labels[label.ID] = label
				order = append(order, label.ID)
			}
		}
	}
	return labels, order
}

func scalar(text string) yaml.Node {
	return yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func orDevelopment(stability string) string {
	if stability == "" {
		return development
	}
	return stability
}

// deprecated is nothing for what may be used.
func deprecated(t contract.Terms) (node yaml.Node, err error) {
	if t.Deprecated == "" {
		return node, nil
	}
	d := map[string]string{"reason": "uncategorized", "note": t.Deprecated}
	if t.Replacement != "" {
		d["reason"], d["renamed_to"] = "renamed", t.Replacement
	}
	err = node.Encode(d)
	return node, err
}

// defined is the definition of a label.
func defined(l contract.Label, standIns []string) attribute {
	a := attribute{ID: strings.TrimSuffix(l.ID, "."), Brief: l.Help, Stability: orDevelopment(l.Stability)}
	if a.Brief == "" {
		a.Brief = l.ID
	}
	a.Deprecated, _ = deprecated(l.Terms)
	annotation := own{Budget: l.Budget, Closed: l.Closed}
	if l.Key != "" && (l.Key != l.ID || !plain(l.Key)) {
		annotation.Name = l.Key
	}
	var texts []string
	for _, value := range l.Values {
		texts = append(texts, value.Text)
		if value.Level == contract.Required {
			annotation.Required = append(annotation.Required, value.Text)
		}
	}
	if l.Type != "" {
		a.Type = scalar(l.Type)
	} else {
		a.Type = scalar("string")
	}
	switch {
	case l.Template:
		a.Type = scalar("template[" + a.Type.Value + "]")
	case l.Closed:
		annotation.Values = texts
		a.Type = enumerated(l, append(slices.Clip(texts), standIns...))
	case l.Enumerated:
		a.Type = enumerated(l, texts)
	default:
		// The form asks for an example of each text.
		annotation.Values = texts
		if examples := texts; len(examples) > 0 || a.Type.Value == "string" {
			if len(examples) == 0 {
				examples = []string{"unknown"}
			}
			_ = a.Examples.Encode(examples) // a list of texts
			a.Examples.Style = yaml.FlowStyle
		}
	}
	if annotation.Name != "" || annotation.Budget > 0 || annotation.Closed || annotation.Values != nil || annotation.Required != nil {
		a.Annotations.Contract = &annotation
	}
	return a
}

// enumerated is the type of a label whose values are listed.
func enumerated(l contract.Label, texts []string) (node yaml.Node) {
	var e enumeration
	for i, text := range texts {
		m := member{ID: text, Value: scalar(text), Stability: development}
		if i < len(l.Values) {
			m.Deprecated, _ = deprecated(l.Values[i].Terms)
		}
		if i == 0 || !contains(texts[:i], text) {
			e.Members = append(e.Members, m)
		}
	}
	_ = node.Encode(e) // texts
	return node
}

func contains(texts []string, text string) bool {
	return slices.Contains(texts, text)
}

// metric is the group of a metric.
func metric(m contract.Metric) (group, error) {
	g := group{
		ID: "metric." + m.Stream, Type: "metric", MetricName: m.Stream, Brief: m.Help,
		Instrument: string(m.Kind), Unit: &m.Unit, Stability: orDevelopment(m.Stability),
	}
	if g.Brief == "" {
		g.Brief = m.Stream
	}
	annotation := own{Instrument: m.Instrument, Whole: m.Whole, NonNegative: m.NonNegative, Primed: m.Primed, OpenLabels: m.OpenLabels, Level: string(m.Level)}
	switch m.Kind {
	case contract.Counter, contract.UpDownCounter, contract.Gauge, contract.Histogram:
	default: // The form has no such instrument, nor one that is not known.
		g.Instrument, annotation.Type = string(contract.Gauge), cmp.Or(string(m.Kind), anyType)
	}
	if m.Name != "" {
		annotation.Name = m.Name
		g.Annotations.Prometheus = &prometheus{Buckets: m.Buckets, HistogramType: histogramType(m.Form), Help: m.Help}
	}
	g.Annotations.Contract = &annotation
	var err error
	if g.Deprecated, err = deprecated(m.Terms); err != nil {
		return g, err
	}
	for _, label := range m.Labels {
		use := attribute{Ref: strings.TrimSuffix(label.ID, "."), Level: levelOf(label.Level)}
		node, err := nodeOf(use, "")
		if err != nil {
			return g, err
		}
		g.Attributes = append(g.Attributes, *node)
	}
	return g, nil
}

func histogramType(form contract.Form) string {
	return map[contract.Form]string{
		contract.Classic: "classic_histogram", contract.Native: "native_histogram", contract.ClassicAndNative: "mixed_histogram",
	}[form]
}

func levelOf(level contract.Level) (node yaml.Node) {
	switch cmp.Or(level, contract.Required) {
	case contract.Optional:
		_ = node.Encode(map[string]string{"conditionally_required": "not every series has it"}) // texts
	case contract.Recommended:
		node = scalar("recommended")
	default:
		node = scalar("required")
	}
	return node
}

// plain names are spelled alike under every translation strategy.
func plain(name string) bool {
	return regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(_[a-zA-Z0-9]+)*$`).MatchString(name)
}
