package contractfile_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/views"
	"github.com/dspy-metrics/dspy-metrics/views/contractfile"
)

var update = flag.Bool("update", false, "write schema.json anew instead of comparing")

func TestSchemaFile(t *testing.T) {
	t.Parallel()
	want, err := contractfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema.json is out of date: go generate ./... writes it (-want +got):\n%s", diff)
	}
}

// compiled is the schema in a validator that is not ours.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := contractfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// decoded is a file as a JSON Schema sees it.
func decoded(t *testing.T, file []byte) any {
	t.Helper()
	var document any
	if err := yaml.Unmarshal(file, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// Whatever the reader takes the schema takes too: the examples, and whole
// contracts.
func TestSchemaTakesWhatTheReaderTakes(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for _, path := range examples(t) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(decoded(t, file)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		contract, err := contractfile.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, contract := range []views.Contract{contract, views.Default()} {
			written, err := contractfile.YAML(contract)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(decoded(t, written)); err != nil {
				t.Errorf("%v in:\n%s", err, written)
			}
		}
	}
}

// Both refuse the same mistakes of form; what depends on other parts of the
// file is the reader's alone.
func TestSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for _, file := range []string{
		"[]", "lables: {}", "labels: 7", "labels: {tenant: {budget: 3}}", "labels: {service: {budget: many}}",
		"labels: {service: {budget: 0}}", "labels: {service: {bugdet: 3}}", "labels: {service: {values: {a: b}}}", "labels: {service: {only: [[a]]}}",
		"metrics: {dspy_x_total: off}", "metrics: {dspy_errors_total: of}", "metrics: {dspy_api_latency_seconds: {buckets: vary_slow}}",
		"metrics: {dspy_api_latency_seconds: {buckets: []}}", "metrics: {dspy_api_latency_seconds: {buckets: [a]}}", "metrics: {dspy_api_latency_seconds: {form: nativ}}",
		"own_labels: {tenant: {budget: 3}}", "own_labels: {tenant: {description: X, budget: 3, add: [a]}}", "own_labels: {tenant: {description: X, budget: 3, metrics: [x]}}",
		"own_metrics: {rag_x_total: {kind: counter}}", `own_metrics: {rag_x_total: {instrument: rag.x, kind: count, unit: "{x}", description: X}}`,
	} {
		if _, err := read(file); err == nil {
			t.Errorf("the reader takes %s", file)
		}
		if err := schema.Validate(decoded(t, []byte(file))); err == nil {
			t.Errorf("the schema takes %s", file)
		}
	}
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
