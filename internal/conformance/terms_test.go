package conformance_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// conventions are a contract as semantic conventions have it: OpenTelemetry's
// names, levels, stability.
func conventions() contract.Contract {
	return contract.Contract{Namespaces: []string{"app"}, Metrics: []contract.Metric{
		{
			Stream: "app.jobs", Kind: contract.Counter, Unit: "{job}", Help: "Jobs", Whole: true,
			Terms: contract.Terms{Level: contract.Required, Stability: "stable"},
			Labels: []contract.Label{
				{ID: "app.kind", Enumerated: true, Values: []contract.Value{
					{Text: "batch", Terms: contract.Terms{Level: contract.Required}},
					{Text: "old", Terms: contract.Terms{Deprecated: "no more", Replacement: "batch"}},
				}},
				{ID: "app.port", Type: "int", Terms: contract.Terms{Level: contract.Optional}},
				{ID: "app.zone", Terms: contract.Terms{Level: contract.Recommended}},
				{ID: "app.header.", Template: true, Terms: contract.Terms{Level: contract.Optional}},
			},
		},
		{Stream: "app.size", Kind: contract.UpDownCounter, Unit: "By", Terms: contract.Terms{Level: contract.Optional}},
		{Stream: "app.legacy", Kind: contract.Gauge, Terms: contract.Terms{Deprecated: "it was renamed", Replacement: "app.size"}},
	}}
}

const conventionsPage = "# HELP app_jobs_total Jobs.\n# TYPE app_jobs_total counter\n" +
	"app_jobs_total{app_kind=\"batch\",app_zone=\"a\"} 1\n" +
	"app_jobs_total{app_kind=\"batch\",app_zone=\"b\",app_port=\"80\",app_header_x=\"y\"} 1\n" +
	"# TYPE app_size_bytes gauge\napp_size_bytes -1\n"

// TestTerms changes one thing of a page that keeps the conventions.
func TestTerms(t *testing.T) {
	t.Parallel()
	c := conformance.Checker{Contract: conventions()}
	if got := c.Check(c.Parse(conventionsPage, conformance.Text)); len(got) > 0 {
		t.Fatalf("findings on a clean page: %+v", got)
	}
	for name, test := range map[string]struct {
		before, after string
		want          string // severity and rule, of each finding
	}{
		"required metric":     {"app_jobs_total", "app_work_total", "error unknown-metric error missing-metric error missing-value"},
		"optional metric":     {"app_size_bytes -1\n", "", ""},
		"required value":      {"batch", "other", "info unknown-value info unknown-value error missing-value"},
		"deprecated value":    {`app_kind="batch",app_zone="b"`, `app_kind="old",app_zone="b"`, "warning deprecated"},
		"value not listed":    {`app_kind="batch",app_zone="b"`, `app_kind="new",app_zone="b"`, "info unknown-value"},
		"recommended label":   {`,app_zone="a"`, "", "info missing-label"},
		"optional label":      {`,app_port="80"`, "", ""},
		"empty label":         {`app_port="80"`, `app_port=""`, ""},
		"label's type":        {`app_port="80"`, `app_port="http"`, "error unknown-value"},
		"required label":      {`app_kind="batch",app_zone="b"`, `app_zone="b"`, "error missing-label"},
		"label too many":      {`app_header_x`, `app_heading_x`, "error extra-label"},
		"fraction":            {"} 1\n", "} 1.5\n", "error invalid-value error invalid-value"},
		"another type":        {"# TYPE app_size_bytes gauge", "# TYPE app_size_bytes counter", "error invalid-value error wrong-type"},
		"deprecated metric":   {"# TYPE app_size_bytes", "# TYPE app_legacy gauge\napp_legacy 1\n# TYPE app_size_bytes", "warning deprecated"},
		"another help text":   {"HELP app_jobs_total Jobs.", "HELP app_jobs_total Work", "warning wrong-help"},
		"under the namespace": {"# TYPE app_size_bytes", "app_more 1\n# TYPE app_size_bytes", "error unknown-metric"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(conventionsPage, test.before) {
				t.Fatalf("no %q in the page", test.before)
			}
			var got []string
			for _, f := range c.Check(c.Parse(strings.ReplaceAll(conventionsPage, test.before, test.after), conformance.Text)) {
				got = append(got, string(f.Severity)+" "+string(f.Rule))
			}
			if diff := difference.Of(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCoverage says what was seen, and what never was.
func TestCoverage(t *testing.T) {
	t.Parallel()
	c := conformance.Checker{Contract: conventions()}
	text := c.Coverage(c.Parse("# TYPE app_jobs_total counter\napp_jobs_total{app_kind=\"batch\"} 1\n", conformance.Text))
	stream := c.Coverage(c.Parse("app_size 1\n", conformance.Text)) // another strategy
	if got := text.Percent(); got != 50 {
		t.Errorf("one of two that are not deprecated is %v %%", got)
	}
	both := text.With(stream)
	if got := both.Percent(); got != 100 {
		t.Errorf("both are %v %%", got)
	}
	want := conformance.Covered{Metric: "app_jobs_total", Level: "required", Seen: true, Missing: []string{"app_port", "app_zone"}}
	if diff := difference.Of(want, both.Metrics()[0]); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	if diff := difference.Of([]conformance.Namespace{{Name: "app", Seen: 2, Total: 2}}, both.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
}

// TestDisagreements compares targets.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	const page = "# HELP x_seconds X\n# TYPE x_seconds histogram\nx_seconds_bucket{le=\"1\"} 1\nx_seconds_bucket{le=\"+Inf\"} 1\nx_seconds_sum 1\nx_seconds_count 1\n"
	shapes := func(pages ...string) []conformance.Shapes {
		var all []conformance.Shapes
		for i, page := range pages {
			all = append(all, conformance.Parse(page, conformance.Text).Shapes(string(rune('a'+i))))
		}
		return all
	}
	for name, test := range map[string]struct {
		other, want string
	}{
		"same":    {page, ""},
		"absent":  {"y 1\n", ""},
		"buckets": {strings.Replace(page, `"1"`, `"2"`, 1), `disagree on the list of buckets: "1" on a and 1 more, "2" on c`},
		"help":    {strings.Replace(page, "HELP x_seconds X", "HELP x_seconds Y", 1), "disagree on the help text"},
		"type":    {"# HELP x_seconds X\n# TYPE x_seconds gauge\nx_seconds 1\n", `disagree on the type: "histogram" on a and 1 more, "gauge" on c`},
	} {
		found := conformance.Disagreements(shapes(page, page, test.other))
		if test.want == "" && len(found) > 0 || test.want != "" && (len(found) == 0 || !strings.Contains(found[0].Message, test.want)) {
			t.Errorf("%s: got %+v, want %q", name, found, test.want)
		}
	}
}
