package conformance_test

import (
	"os"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// page is what the library exposes, from its own golden files.
func page(t testing.TB, format conformance.Format) string {
	t.Helper()
	file := "exposition.txt"
	if format == conformance.OpenMetrics {
		file = "openmetrics.txt"
	}
	raw, err := os.ReadFile("../../otelmetrics/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func checker() conformance.Checker {
	return conformance.Checker{Contract: contract.Of(views.Default())}
}

func found(page string, format conformance.Format) []conformance.Finding {
	return checker().Check(checker().Parse(page, format))
}

// replace changes one thing of a page that is there.
func replace(t testing.TB, page, before, after string) string {
	t.Helper()
	if !strings.Contains(page, before) {
		t.Fatalf("no %q in the page", before)
	}
	return strings.Replace(page, before, after, 1)
}

func rules(findings []conformance.Finding) map[conformance.Rule]int {
	n := make(map[conformance.Rule]int)
	for _, f := range findings {
		n[f.Rule]++
	}
	return n
}
