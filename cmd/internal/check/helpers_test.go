package check_test

import (
	"os"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// page is what the library exposes, from its own golden files.
func page(t testing.TB, format check.Format) string {
	t.Helper()
	file := "exposition.txt"
	if format == check.OpenMetrics {
		file = "openmetrics.txt"
	}
	raw, err := os.ReadFile("../../../otelmetrics/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func checker() check.Checker { return check.Checker{Contract: views.Default()} }

func found(page string, format check.Format) []check.Finding {
	return checker().Check(check.Parse(page, format))
}

// replace changes one thing of a page that is there.
func replace(t testing.TB, page, before, after string) string {
	t.Helper()
	if !strings.Contains(page, before) {
		t.Fatalf("no %q in the page", before)
	}
	return strings.Replace(page, before, after, 1)
}

func rules(findings []check.Finding) map[check.Rule]int {
	n := make(map[check.Rule]int)
	for _, f := range findings {
		n[f.Rule]++
	}
	return n
}
