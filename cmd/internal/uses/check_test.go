package uses_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

func promised() contract.Contract {
	return contract.Contract{Namespaces: []string{"app"}, Metrics: []contract.Metric{
		{Name: "app_jobs_total", Stream: "app.jobs", Kind: contract.Counter, Labels: []contract.Label{
			{ID: "kind", Key: "kind", Closed: true, Values: []contract.Value{{Text: "batch"}, {Text: "old", Terms: contract.Terms{Deprecated: "it is gone", Replacement: "batch"}}}},
			{ID: "zone", Key: "zone"},
		}},
		{Name: "app_wait_seconds", Stream: "app.wait", Kind: contract.Histogram, Buckets: []float64{0.1, 1}, Labels: []contract.Label{
			{ID: "zone", Key: "zone"}, {ID: "rank", Key: "rank", Enumerated: true, Values: []contract.Value{{Text: "high"}}},
		}},
		{Name: "app_size_bytes", Stream: "app.size", Kind: contract.UpDownCounter},
		{Name: "app_rest_seconds", Stream: "app.rest", Kind: contract.Summary},
		{Name: "app_open", Stream: "app.open", Kind: contract.Gauge, OpenLabels: true},
		{Name: "app_old", Stream: "app.old", Kind: contract.Gauge, Terms: contract.Terms{Deprecated: "it was renamed", Replacement: "app_size_bytes"}},
	}}
}

// checked returns the findings about files, each as its severity, rule and place.
func checked(t *testing.T, files map[string]string, allowed ...string) (found, unused []conformance.Finding) {
	t.Helper()
	all := read(t, files)
	catalog := &uses.Catalog{}
	catalog.Promise(promised())
	catalog.Expose([]contract.Metric{
		{Name: "other_things_total", Kind: contract.Counter, Labels: []contract.Label{{ID: "color", Key: "color"}}},
		{Name: "app_jobs_total", Kind: contract.Gauge},
	})
	checker := uses.Checker{Catalog: catalog, AllowedLabels: allowed}
	reports, unused := checker.Check(all)
	for _, r := range reports {
		found = append(found, r.Findings...)
	}
	return found, unused
}

func rule(exprs ...string) string {
	var b strings.Builder
	b.WriteString("groups:\n- name: g\n  rules:\n")
	for _, expr := range exprs {
		b.WriteString("  - alert: A\n    expr: |\n      " + strings.ReplaceAll(expr, "\n", "\n      ") + "\n")
	}
	return b.String()
}

// TestQueries has one mistake in each query, or none.
func TestQueries(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		// What is right.
		`sum by (kind, job) (rate(app_jobs_total{kind="batch",instance=~"a.*"}[5m]))`:                              "",
		`histogram_quantile(0.9, sum by (le, zone) (rate(app_wait_seconds_bucket[5m])))`:                           "",
		`histogram_quantile(0.9, sum by (zone) (rate(app_wait_seconds[5m])))`:                                      "",
		`rate(app_wait_seconds_sum[5m]) / rate(app_wait_seconds_count[5m])`:                                        "",
		`app_wait_seconds_bucket{le="0.1"} / app_wait_seconds_bucket{le=~"1|1\\.0"}`:                               "",
		`app_wait_seconds_bucket{le="+Inf"}`:                                                                       "",
		`app_rest_seconds{quantile="0.5"} + rate(app_rest_seconds_sum[5m])`:                                        "",
		`delta(app_size_bytes[1h])`:                                                                                "",
		`app_open{whatever="x"} * on (whatever) group_left (more) app_open`:                                        "",
		`up == 0 or absent(up{job="x"}) or ALERTS{alertname="X"} or scrape_duration_seconds > 1`:                   "",
		`sum by (color) (rate(other_things_total{color="red"}[5m]))`:                                               "",
		`app_jobs_total{kind=~"batch|unknown|"} or app_jobs_total{kind!="other"} or app_jobs_total{kind=~"bat.*"}`: "",
		`{__name__=~"app_.*",job="x"}`:                                                                             "warning deprecated",
		`sum by (new) (label_replace(app_jobs_total, "new", "$1", "zone", "(.*)"))`:                                "",
		`count_values("version", app_open)`:                                                                        "",
		`max_over_time(sum by (zone) (rate(app_jobs_total[5m]))[1h:5m])`:                                           "",
		`app_jobs_total * on (zone) group_left (rank) sum by (zone, rank) (app_wait_seconds)`:                      "",
		`sum without (zone) (app_jobs_total) / on (kind) sum by (kind) (app_jobs_total)`:                           "",
		`time() - app_jobs_created > 60 and on () vector(1)`:                                                       "",
		`histogram_quantile(0.9, sum by (zone) (rate({__name__=~"app_wait_.*"}[5m])))`:                             "",
		`sum(mine:jobs:rate5m)`:     "warning query-metric",
		`process_cpu_seconds_total`: "info query-metric",

		// Names.
		`rate(app_job_total[5m])`:    "error query-metric",
		`app_wait_seconds_buckets`:   "error query-metric",
		`app_size_bytes_count`:       "error query-metric",
		`{__name__="app_nothing"}`:   "error query-metric",
		`{__name__=~"app_none_.*"}`:  "error query-metric",
		`{"app.jobs"}`:               "error query-metric",
		`app_old > 1`:                "warning deprecated",
		`app_jobs_total{kind="old"}`: "warning deprecated",

		// Labels.
		`app_jobs_total{kinds="batch"}`:                                              "error query-label",
		`app_jobs_total{pod=~"a|b"}`:                                                 "error query-label",
		`app_jobs_total{pod!="x"}`:                                                   "warning query-label",
		`other_things_total{colour="red"}`:                                           "warning query-label",
		`app_jobs_total{le="1"}`:                                                     "error query-label",
		`sum by (pod) (app_jobs_total)`:                                              "warning query-label",
		`sum by (zone) (sum by (kind) (app_jobs_total))`:                             "warning query-label",
		`sum without (pod) (app_jobs_total)`:                                         "warning query-label",
		`app_jobs_total / on (pod) app_size_bytes`:                                   "warning query-label",
		`app_jobs_total * on (job) group_left (version) app_size_bytes`:              "warning query-label",
		`histogram_quantile(0.9, sum by (zone) (rate(app_wait_seconds_bucket[5m])))`: "error query-label",
		`histogram_quantile(0.9, sum(rate(app_wait_seconds_bucket[5m])))`:            "error query-label",

		// Values and buckets.
		`app_jobs_total{kind="batches"}`:              "error query-value",
		`app_jobs_total{kind!="batches"}`:             "error query-value",
		`app_jobs_total{kind=~"batch|batches"}`:       "error query-value",
		`app_jobs_total{kind!~"x.+"}`:                 "error query-value",
		`app_wait_seconds{rank="low"}`:                "info query-value",
		`app_wait_seconds_bucket{le="0.2"}`:           "error query-value",
		`app_wait_seconds_bucket{le=~"0\\.2|0\\.20"}`: "error query-value",

		// Functions.
		`rate(app_size_bytes[5m])`:                          "warning query-type",
		`increase(app_rest_seconds[5m])`:                    "warning query-type",
		`rate(app_wait_seconds_created[5m])`:                "warning query-type",
		`rate(sum(app_jobs_total)[5m:])`:                    "warning query-type",
		`increase((max by (zone) (app_jobs_total))[1h:1m])`: "warning query-type",
		`rate(topk(3, app_jobs_total)[5m:])`:                "",
		`rate(app_jobs_total[5m:1m])`:                       "",
		`rate(app_jobs_total)`:                              "error query-syntax",
		`sum(app_jobs_total[5m])`:                           "error query-syntax",
		`app_size_bytes[5m] > 1`:                            "error query-syntax",
		`app_size_bytes and 1`:                              "error query-syntax",

		// What binds tighter.
		`app_size_bytes >= 0 / app_open`:           "warning query-precedence",
		`app_size_bytes > bool 1 / (app_open > 0)`: "warning query-precedence",
		`app_size_bytes == 0 * app_open`:           "warning query-precedence",
		`app_size_bytes < 3 - app_open`:            "warning query-precedence",
		`app_size_bytes > 0.5 * app_open`:          "",
		`(app_size_bytes >= 0) / app_open`:         "",
		`app_size_bytes >= (0 / app_open)`:         "",
		`app_size_bytes > 3 - 1`:                   "",
		`app_size_bytes > 0 or 0 * app_open`:       "",
		`app_jobs_total{`:                          "error query-syntax",
		`sum(rate(app_jobs_total[5m]) by (kind)`:   "error query-syntax",
		`nofunction(app_jobs_total)`:               "error query-syntax",
		`app_jobs_total{kind=~"("}`:                "error query-syntax",
		"sum_over_time(\n  app_jobs_total\n)":      "error query-syntax",
		`{job="x"}`:                                "",
		`1 + 1`:                                    "",
		`mad_over_time(app_open[5m])`:              "", // experimental
		`rate(app_jobs_total[5m + 5m])`:            "", // experimental
	} {
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			found, _ := checked(t, map[string]string{"r.yml": rule(expr)})
			var got []string
			for _, f := range found {
				got = append(got, string(f.Severity)+" "+string(f.Rule))
				if f.Line != 5 || f.Column == 0 || f.Message == "" {
					t.Errorf("the place is %d:%d: %+v", f.Line, f.Column, f)
				}
			}
			if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%+v", diff, found)
			}
		})
	}
}

// TestMessages names the thing and the remedy.
func TestMessages(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`app_job_total`:                      `neither the contract nor a page has the series (in "A") | did you mean app_jobs_total?`,
		`app_jobs_total{kinds="batch"}`:      `the query selects kinds="batch", but the series do not have the label, so it finds nothing (in "A") | if the scrape or a rule adds it, pass --allow-label kinds`,
		`app_jobs_total{kind="batches"}`:     `the label cannot have the value "batches" (in "A") | the values are batch, old, other, unknown`,
		`app_wait_seconds_bucket{le="0.2"}`:  `has no such bucket (in "A") | the bounds are [0.1 1]`,
		`app_open >= 0 / app_size_bytes`:     `>= compares with "0 / app_size_bytes", because / binds tighter (in "A") | put the comparison, or its right side, in parentheses`,
		`increase(sum(app_jobs_total)[1d:])`: `the query uses increase on a sum of series, which falls when one of them starts anew (in "A") | take the rate first, then the sum`,
		`app_jobs_total{`:                    `Prometheus cannot read "app_jobs_total{": 2:1: parse error:`,
	} {
		found, _ := checked(t, map[string]string{"r.yml": rule(expr)})
		if len(found) != 1 || !strings.Contains(found[0].Message+" | "+found[0].Remedy, want) {
			t.Errorf("%s: got %+v, want %q", expr, found, want)
		}
	}
}

// TestRecorded follows the labels of what rules record, in whatever order and
// file.
func TestRecorded(t *testing.T) {
	t.Parallel()
	found, _ := checked(t, map[string]string{
		"a.yml": rule(`sum by (zone, team) (mine:jobs:rate5m) > 1`, `mine:jobs:rate5m{kind="batch"}`, `loop:a{x="y"}`),
		"b.yaml": "groups: [{name: g, rules: [" +
			"{record: 'mine:jobs:rate5m', expr: 'sum by (zone) (rate(app_jobs_total[5m]))', labels: {team: blue}}," +
			"{record: 'loop:a', expr: 'loop:b'}, {record: 'loop:b', expr: 'loop:a'}]}]",
	})
	if len(found) != 1 || found[0].Rule != conformance.QueryLabel || !strings.Contains(found[0].Message, `kind="batch"`) {
		t.Errorf("got %+v", found)
	}
}

// TestLegends compares what graphs show of a result with the labels that it has.
func TestLegends(t *testing.T) {
	t.Parallel()
	for expr, lacking := range map[string]string{
		`sum by (zone) (app_jobs_total)`:                    "kind",
		`app_jobs_total`:                                    "",
		`sum by (zone, kind) (app_jobs_total) or vector(0)`: "",
		`topk(3, app_jobs_total)`:                           "",
		`sum by (zone) (app_jobs_total) or app_jobs_total`:  "",
		`app_open`:                            "", // It may have any labels.
		`sum without (kind) (app_jobs_total)`: "kind",
		`sum by (kind) (app_jobs_total) / on () app_size_bytes`: "zone",
	} {
		board := fmt.Sprintf(`{"panels": [{"title": "P", "targets": [{"expr": %q, "legendFormat": "{{zone}} of {{ kind }}, $kind"}]}]}`, expr)
		found, _ := checked(t, map[string]string{"a.json": board})
		want := fmt.Sprintf("has a legend that shows %q", lacking)
		switch {
		case lacking == "" && len(found) > 0:
			t.Errorf("%s: got %+v", expr, found)
		case lacking != "" && !slices.ContainsFunc(found, func(f conformance.Finding) bool {
			return f.Rule == conformance.QueryLabel && strings.Contains(f.Message, want)
		}):
			t.Errorf("%s: got %+v, want %q", expr, found, want)
		}
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	_, unused := checked(t, map[string]string{"r.yml": rule(`app_wait_seconds_count + app_open`, `{__name__=~"app_re.+"}`)})
	var names []string
	for _, f := range unused {
		names = append(names, f.Metric)
	}
	// What is deprecated is nobody's to use.
	if diff := cmp.Diff([]string{"app_jobs_total", "app_size_bytes"}, names); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
}

func TestAllowedLabels(t *testing.T) {
	t.Parallel()
	if found, _ := checked(t, map[string]string{"r.yml": rule(`sum by (pod) (app_jobs_total{pod="x"})`)}, "pod"); len(found) > 0 {
		t.Errorf("got %+v", found)
	}
}
