package contractfile_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
)

func TestSchemaFile(t *testing.T) {
	t.Parallel()
	want, err := contractfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "schema.json", string(want))
}

// The keys of a definition in the schema are those that the reader knows, which
// it tells when it finds another.
func TestSchemaHasTheKeysOfTheReader(t *testing.T) {
	t.Parallel()
	text, err := contractfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	type object struct{ Properties map[string]any }
	var schema struct {
		object `yaml:",inline"`
		Defs   map[string]object `yaml:"$defs"`
	}
	if err := yaml.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for file, object := range map[string]object{
		"zzzzzzzzzz: 1":                                 schema.object,
		"labels: {service: {zzzzzzzzzz: 1}}":            schema.Defs["label"],
		"own_labels: {tenant: {zzzzzzzzzz: 1}}":         schema.Defs["own_label"],
		"metrics: {dspy_errors_total: {zzzzzzzzzz: 1}}": schema.Defs["metric"],
		"own_metrics: {rag_x: {zzzzzzzzzz: 1}}":         schema.Defs["own_metric"],
	} {
		_, err := read(file)
		if err == nil {
			t.Fatalf("%s is no mistake", file)
		}
		_, keys, _ := strings.Cut(err.Error(), `unknown key "zzzzzzzzzz": choose one of `)
		keys, _, _ = strings.Cut(keys, "\n")
		known := strings.Split(keys, ", ")
		slices.Sort(known)
		if diff := cmp.Diff(known, slices.Sorted(maps.Keys(object.Properties))); diff != "" {
			t.Errorf("%s (-reader +schema):\n%s", file, diff)
		}
	}
}
