package contractfile_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func extended(t *testing.T) views.Contract {
	t.Helper()
	contract, err := contractfile.Load("../../examples/contract/rag.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	contract := extended(t)
	contract.Metrics.Own[0].Description = "A | in\na cell"
	got := contractfile.Markdown(contract)
	for _, want := range []string{
		"| `dspy_predictions_total` | counter | `{prediction}` | `service`, `prediction_type`, `status`, `tenant` | 544 | Predictions that ended, by status |\n",
		"| `rag_retrieval_duration_seconds` | histogram | `s` | `service`, `tenant` | 48 | A \\| in a cell |\n",
		"| histogram | buckets | form |\n",
		"| `dspy_prediction_duration_seconds` | 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15 | classic+native |\n",
		"| `tenant` | `acme`, `initech` | no | 2 | The customer who asks |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, contractMetric(views.Default(), "dspy_time_to_first_token_seconds").Name) {
		t.Error("a metric that is left out stands there")
	}
	if strings.Contains(contractfile.Markdown(views.Default()), "| form |") {
		t.Error("all histograms are classic, and the form is shown")
	}
}

func contractMetric(c views.Contract, name string) views.Metric { return *c.Metrics.Named(name) }

// The rules are those of weaver's semconv.schema.json and of the checks in its
// crate weaver_semconv, for what is written here: known fields only, the
// required ones there, options among those that exist, references to what is
// defined, examples for every text, identifiers once.
func TestWeaver(t *testing.T) {
	t.Parallel()
	type anAttribute struct {
		ID, Ref, Brief, Stability string
		RequirementLevel          string `yaml:"requirement_level"`
		Type                      yaml.Node
		Examples                  []string
		Annotations               map[string]any
	}
	type aGroup struct {
		ID, Type, Brief, Stability, Instrument string
		Unit                                   *string
		MetricName                             string `yaml:"metric_name"`
		DisplayName                            string `yaml:"display_name"`
		Attributes                             []anAttribute
		Annotations                            map[string]any
	}
	for _, contract := range []views.Contract{views.Default(), extended(t)} {
		written, err := contractfile.Weaver(contract)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Groups []aGroup }
		decoder := yaml.NewDecoder(bytes.NewReader(written))
		decoder.KnownFields(true)
		if err := decoder.Decode(&file); err != nil {
			t.Fatal(err)
		}
		defined, ids := make(map[string]bool), make(map[string]bool)
		var metrics []string
		for _, g := range file.Groups {
			if g.ID == "" || ids[g.ID] || g.Brief == "" || g.Stability != "development" {
				t.Errorf("group %+v: no identifier of its own, brief or stability", g)
			}
			ids[g.ID] = true
			if g.Type == "attribute_group" && len(g.Attributes) > 0 && g.MetricName == "" {
				for _, a := range g.Attributes {
					if a.ID == "" || a.Ref != "" || defined[a.ID] || a.Brief == "" || a.Stability != "development" {
						t.Errorf("attribute %+v", a)
					}
					defined[a.ID] = true
					checkType(t, contract, a.ID, a.Type, a.Examples)
				}
				continue
			}
			if g.Type != "metric" || g.Unit == nil || g.MetricName == "" ||
				!slices.Contains([]string{"counter", "gauge", "histogram", "updowncounter"}, g.Instrument) {
				t.Errorf("metric %+v", g)
			}
			metrics = append(metrics, g.MetricName)
			used := make(map[string]bool)
			for _, a := range g.Attributes {
				if a.ID != "" || !defined[a.Ref] || used[a.Ref] || a.RequirementLevel != "required" {
					t.Errorf("%s: reference %+v", g.ID, a)
				}
				used[a.Ref] = true
			}
		}
		for i, metric := range contract.Metrics.All() {
			if i >= len(metrics) || metrics[i] != metric.Name {
				t.Errorf("got metrics %q, want %s at %d", metrics, metric.Name, i)
			}
		}
	}
}

func checkType(t *testing.T, contract views.Contract, id string, node yaml.Node, examples []string) {
	t.Helper()
	label := contract.Labels.Named(id)
	if !label.Closed {
		if node.Value != "string" || len(examples) == 0 {
			t.Errorf("%s: type %q with examples %q", id, node.Value, examples)
		}
		return
	}
	var enum struct {
		Members []struct{ ID, Value, Stability string }
	}
	if err := node.Decode(&enum); err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, m := range enum.Members {
		if m.ID == "" || m.Value == "" || m.Stability != "development" || slices.Contains(values, m.Value) {
			t.Errorf("%s: member %+v", id, m)
		}
		values = append(values, m.Value)
	}
	for _, want := range append(label.Values, views.Other, views.Unknown) {
		if !slices.Contains(values, want) {
			t.Errorf("%s: members %q without %q", id, values, want)
		}
	}
}
