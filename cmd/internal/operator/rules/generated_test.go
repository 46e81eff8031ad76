package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^TestGenerated$ -update

var update = flag.Bool("update", false, "rewrite the generated files")

const root = "../../../.."

func TestGenerated(t *testing.T) {
	t.Parallel()
	files, err := rules.Files(views.Default(), slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	written := make(map[string][]byte)
	for name, content := range files {
		written[filepath.Join(root, "prometheus", name)] = content
	}
	resource, err := rules.PrometheusRule(views.Default(), slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	written[filepath.Join(root, "examples", "kubernetes", "prometheusrule.yaml")] = resource
	for path, content := range written {
		if *update {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(committed), string(content)); diff != "" {
			t.Errorf("%s is out of date (-committed +generated); go generate ./... writes it:\n%s", path, diff)
		}
	}
}
