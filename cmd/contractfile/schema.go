package contractfile

import (
	"bytes"
	"encoding/json"
	"maps"

	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^Test(SchemaFile|Document)$ -update

// schemaID is where the schema is published.
const schemaID = "https://raw.githubusercontent.com/dspy-metrics/dspy-metrics/main/cmd/contractfile/schema.json"

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// Schema returns the JSON Schema (draft 2020-12) of the file, as indented JSON.
// It is the same as schema.json beside this package.
func Schema() ([]byte, error) {
	root := object(sectionKeys())
	root["$schema"], root["$id"] = "https://json-schema.org/draft/2020-12/schema", schemaID
	root["title"] = "The metric contract of dspy-metrics, or what is different from the documented one"
	root["$defs"] = schema{
		"label":      object(labelKeys()),
		"metric":     object(metricKeys()),
		"own_label":  object(ownLabelKeys()),
		"own_metric": object(ownMetricKeys()),
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func sectionKeys() []key[sections] {
	into := func(to func(*sections) *[]entry) func(*reader, value, *sections) {
		return func(r *reader, v value, s *sections) { *to(s), _ = r.entries(v) }
	}
	return []key[sections]{
		{"$schema", false, text("The schema of this file, for editors"), func(r *reader, v value, _ *sections) { r.text(v, "an address") }},
		{"labels", false, documented("Documented labels that are different", labelDescriptions(), schema{"$ref": "#/$defs/label"}), into(func(s *sections) *[]entry { return &s.labels })},
		{"metrics", false, documented("Documented metrics that are different, or off", metricDescriptions(), schema{
			"oneOf": []schema{{"$ref": "#/$defs/metric"}, {"enum": []any{off, false}}},
		}), into(func(s *sections) *[]entry { return &s.metrics })},
		{"own_labels", false, own("Labels of your own, by name", maxOwnLabels, "own_label"), into(func(s *sections) *[]entry { return &s.ownLabels })},
		{"own_metrics", false, own("Metrics of your own, by name", maxOwnMetrics, "own_metric"), into(func(s *sections) *[]entry { return &s.ownMetrics })},
	}
}

func object[T any](keys []key[T]) schema {
	properties := make(schema)
	out := schema{"type": "object", "properties": properties, "additionalProperties": false}
	var required []string
	for _, k := range keys {
		properties[k.name] = k.schema
		if k.required {
			required = append(required, k.name)
		}
	}
	if required != nil {
		out["required"] = required
	}
	return out
}

// documented is an object whose keys are the documented names, which editors
// then complete and describe.
func documented(description string, names map[string]string, one schema) schema {
	properties := make(schema)
	for name, meaning := range names {
		property := maps.Clone(one)
		property["description"] = meaning
		properties[name] = property
	}
	return schema{"description": description, "type": "object", "properties": properties, "additionalProperties": false}
}

func own(description string, most int, definition string) schema {
	return schema{
		"description": description, "type": "object", "maxProperties": most,
		"additionalProperties": schema{"$ref": "#/$defs/" + definition},
	}
}

func text(description string) schema {
	return schema{"description": description, "type": []string{"string", "number", "boolean"}}
}

func texts(description string) schema {
	return schema{"description": description, "type": "array", "items": schema{"type": []string{"string", "number", "boolean"}}}
}

func option(description string, texts []string) schema {
	return schema{"description": description, "enum": texts}
}

func labelDescriptions() map[string]string {
	out := make(map[string]string)
	for _, label := range views.Default().Labels.All() {
		out[label.Key] = label.Description
	}
	return out
}

func metricDescriptions() map[string]string {
	out := make(map[string]string)
	for _, metric := range views.Default().Metrics.All() {
		out[metric.Name] = metric.Description
	}
	return out
}
