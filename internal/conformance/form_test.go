package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// formed checks a contract whose API latency has the form.
func formed(form views.Form) conformance.Checker {
	documented := views.Default()
	documented.Metrics.APILatency.Form = form
	return conformance.Checker{Contract: contract.Of(documented)}
}

// pageOf is a page with the API latency in the form: the native one has no lines.
func pageOf(t testing.TB, form views.Form, format conformance.Format) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(page(t, format)) {
		if form == views.Native && strings.HasPrefix(line, "dspy_api_latency_seconds_bucket") && !strings.Contains(line, `le="+Inf"`) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestForms finds a form that is not the contract's, as far as the format shows it.
func TestForms(t *testing.T) {
	t.Parallel()
	forms := []views.Form{views.Classic, views.Native, views.ClassicAndNative}
	want := map[string]conformance.Rule{ // classic is the empty form
		`page "" as "native"`:               conformance.ExtraBucket,
		`page "native" as ""`:               conformance.MissingBucket,
		`page "native" as "classic+native"`: conformance.MissingBucket,
		`page "classic+native" as "native"`: conformance.ExtraBucket,
	}
	for _, shown := range forms {
		for _, promised := range forms {
			c := formed(promised)
			as := func(format string, found []conformance.Finding) {
				t.Helper()
				name := fmt.Sprintf("%s %q as %q", format, shown, promised)
				rule, wrong := want[name]
				if wrong != (len(found) > 0) {
					t.Errorf("%s: got %+v, want %q", name, found, rule)
				}
				for _, f := range found {
					if f.Rule != rule || f.Severity != conformance.Error {
						t.Errorf("%s: got %+v, want %q", name, f, rule)
					}
				}
			}
			for _, format := range []conformance.Format{conformance.Text, conformance.OpenMetrics} {
				as("page", c.Check(conformance.Parse(pageOf(t, shown, format), format)))
			}
		}
	}
}
