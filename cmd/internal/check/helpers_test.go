package check_test

import (
	"os"
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
	raw, err := os.ReadFile("../../../otelmetrics/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func checker() conformance.Checker {
	return conformance.Checker{Contract: contract.Of(views.Default())}
}
