package contractfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/internal/terms"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestTerms reads requirement levels, stability and deprecation, and writes them
// again.
func TestTerms(t *testing.T) {
	t.Parallel()
	read := func(text string) (views.Contract, error) {
		return contractfile.Read(strings.NewReader(text), "c.yaml")
	}
	contract, err := read("metrics:\n  dspy_errors_total: {requirement_level: required, stability: stable}\n" +
		"  dspy_cache_hits_total: {deprecated: Nobody reads it, replacement: dspy_hits_total}\n")
	if err != nil {
		t.Fatal(err)
	}
	type saying struct{ Level, Stability, Deprecated, Replacement string }
	want := map[string]saying{
		"dspy_errors_total":     {Level: terms.Required, Stability: terms.Stable},
		"dspy_cache_hits_total": {Deprecated: "Nobody reads it", Replacement: "dspy_hits_total"},
		"dspy_tokens_total":     {},
	}
	written, err := contractfile.YAML(contract)
	if err != nil {
		t.Fatal(err)
	}
	again, err := read(string(written))
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range want {
		for _, c := range []views.Contract{contract, again} {
			m := c.Metrics.Named(name)
			if diff := cmp.Diff(said, saying{m.Level, m.Stability, m.Deprecated, m.Replacement}); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	for text, want := range map[string]string{
		"metrics:\n  dspy_errors_total: {requirement_level: must}\n":   `c.yaml:2:42: unknown level "must"`,
		"metrics:\n  dspy_errors_total: {stability: solid}\n":          `c.yaml:2:34: unknown stability "solid"`,
		"metrics:\n  dspy_errors_total: {replacement: dspy_x_total}\n": `c.yaml:2:36: metric "dspy_errors_total": replacement "dspy_x_total" is of a metric that is not deprecated`,
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
