package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/views"
)

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
	examples, err := filepath.Glob("../../examples/contract/*.yaml")
	if err != nil || len(examples) < 2 {
		t.Fatalf("got examples %q, %v", examples, err)
	}
	for _, path := range examples {
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
		if _, err := contractfile.Read(strings.NewReader(file), "c.yaml"); err == nil {
			t.Errorf("the reader takes %s", file)
		}
		if err := schema.Validate(decoded(t, []byte(file))); err == nil {
			t.Errorf("the schema takes %s", file)
		}
	}
}
