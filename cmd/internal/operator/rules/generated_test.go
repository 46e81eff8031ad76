package rules_test

import (
	"path/filepath"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^TestGenerated$ -update

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
		golden.Check(t, path, string(content))
	}
}
