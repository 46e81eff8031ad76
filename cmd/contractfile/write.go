package contractfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// YAML writes the contract whole, in the form that [Read] reads. A contract in
// which a documented name, kind or unit was changed cannot be written: that is
// an error, and so is one that is not valid.
func YAML(contract views.Contract) ([]byte, error) {
	root, err := document(contract)
	if err != nil {
		return nil, err
	}
	written, err := encode(root)
	if err != nil {
		return nil, err
	}
	return written, readable(written)
}

func encode(content any) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(content); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return out.Bytes(), err
}

// JSON writes the contract as [YAML] does, as indented JSON.
func JSON(contract views.Contract) ([]byte, error) {
	root, err := document(contract)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, appendJSON(nil, root), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), readable(out.Bytes())
}

// readable returns the error of reading what was written.
func readable(written []byte) error {
	_, err := Read(bytes.NewReader(written), "contract")
	return err
}

// document returns the contract as a tree, which keeps the order.
func document(contract views.Contract) (*yaml.Node, error) {
	if err := contract.Validate(); err != nil {
		return nil, err
	}
	labels, metrics, ownLabels, ownMetrics := mapping(), mapping(), mapping(), mapping()
	for _, name := range labelKeyNames() {
		label := contract.Labels.Named(name)
		if label == nil {
			return nil, fmt.Errorf("label %q has another key: a contract file cannot express this", name)
		}
		put(labels, name, labelNode(*label))
	}
	found := len(contract.Metrics.Own)
	for _, name := range metricNames() {
		if metric := contract.Metrics.Named(name); metric != nil {
			put(metrics, name, metricNode(*metric))
			found++
		} else {
			put(metrics, name, str(off))
		}
	}
	if all := contract.Metrics.All(); found != len(all) {
		return nil, fmt.Errorf("a documented metric has another name: a contract file cannot express this; the names are %q", metricNames())
	}
	for _, label := range contract.Labels.Own {
		put(ownLabels, label.Key, labelNode(label))
	}
	for _, metric := range contract.Metrics.Own {
		put(ownMetrics, metric.Name, metricNode(metric))
	}
	root := mapping()
	put(root, "labels", labels)
	put(root, "metrics", metrics)
	if len(ownLabels.Content) > 0 {
		put(root, "own_labels", ownLabels)
	}
	if len(ownMetrics.Content) > 0 {
		put(root, "own_metrics", ownMetrics)
	}
	return root, nil
}

func labelNode(label views.Label) *yaml.Node {
	node := mapping()
	put(node, "description", str(label.Description))
	if label.Closed {
		put(node, "only", sequence(label.Values, str))
		return node
	}
	put(node, "values", sequence(label.Values, str))
	put(node, "budget", scalar("!!int", strconv.Itoa(label.Budget)))
	return node
}

func metricNode(metric views.Metric) *yaml.Node {
	node := mapping()
	put(node, "instrument", str(metric.Instrument))
	put(node, "kind", str(string(metric.Kind)))
	put(node, "number", str(numberOf(metric)))
	put(node, "unit", str(metric.Unit))
	put(node, "description", str(metric.Description))
	put(node, "labels", sequence(metric.Labels, str))
	if metric.Kind == views.Histogram {
		put(node, "buckets", sequence(metric.Buckets, float))
		put(node, "form", str(formOf(metric)))
	}
	for _, term := range [][2]string{
		{"requirement_level", metric.Level},
		{"stability", metric.Stability},
		{"deprecated", metric.Deprecated},
		{"replacement", metric.Replacement},
	} {
		if term[1] != "" {
			put(node, term[0], str(term[1]))
		}
	}
	return node
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func put(to *yaml.Node, name string, value *yaml.Node) {
	to.Content = append(to.Content, str(name), value)
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func str(value string) *yaml.Node { return scalar("!!str", value) }

// float tags whole numbers as what YAML takes them for, or it would show the tag.
func float(value float64) *yaml.Node {
	number := strconv.FormatFloat(value, 'g', -1, 64)
	if strings.ContainsAny(number, ".e") {
		return scalar("!!float", number)
	}
	return scalar("!!int", number)
}

func sequence[T any](values []T, node func(T) *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, value := range values {
		out.Content = append(out.Content, node(value))
	}
	return out
}

// appendJSON writes a tree of mappings, sequences, texts and numbers.
func appendJSON(to []byte, node *yaml.Node) []byte {
	switch {
	case node.Kind == yaml.MappingNode:
		to = append(to, '{')
		for pair := range slices.Chunk(node.Content, 2) {
			to = append(appendText(to, pair[0].Value), ':')
			to = append(appendJSON(to, pair[1]), ',')
		}
		return append(bytes.TrimSuffix(to, []byte(",")), '}')
	case node.Kind == yaml.SequenceNode:
		to = append(to, '[')
		for _, item := range node.Content {
			to = append(appendJSON(to, item), ',')
		}
		return append(bytes.TrimSuffix(to, []byte(",")), ']')
	case node.Tag == "!!str":
		return appendText(to, node.Value)
	default:
		return append(to, node.Value...)
	}
}

// appendText quotes a text so that both JSON and YAML, which takes no control
// characters as they are, read it.
func appendText(to []byte, text string) []byte {
	to = append(to, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			to = append(to, '\\', byte(r))
		case strconv.IsPrint(r):
			to = append(to, string(r)...)
		case r <= 0xffff:
			to = fmt.Appendf(to, `\u%04x`, r)
		default: // JSON has no escape for it that YAML knows, nor needs one
			to = append(to, string(r)...)
		}
	}
	return append(to, '"')
}
