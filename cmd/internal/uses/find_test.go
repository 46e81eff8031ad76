package uses_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
)

const dashboard = `{
  "title": "Board",
  "annotations": {"list": [{"name": "Restarts", "expr": "app_old", "datasource": {"type": "prometheus", "uid": "x"}}]},
  "templating": {"list": [
    {"name": "zone", "type": "query", "query": {"query": "label_values(app_jobs_total{kind=\"batch\"}, zone)", "refId": "A"}},
    {"name": "job", "type": "query", "definition": "label_values(job)", "query": "label_values(job)"},
    {"name": "top", "type": "query", "query": "query_result(topk(3, app_open))"},
    {"name": "all", "type": "query", "query": "metrics(app_.+)"},
    {"name": "logs", "type": "query", "datasource": {"type": "loki"}, "query": "label_values(no_metric, x)"},
    {"name": "limit", "type": "custom", "query": "0.5,0.9", "current": {"value": "0.5"}}
  ]},
  "panels": [
    {"title": "Jobs 😀", "targets": [{"expr": "sum by ($group) (rate(app_jobs_total{zone=~\"$zone\", kind=\"$kind\"}[$__rate_interval])) > $limit"}]},
    {"title": "Logs", "datasource": {"type": "loki"}, "targets": [{"expr": "{app=\"x\"} |= \"y\""}]},
    {"type": "row", "panels": [
      {"title": "Mixed", "datasource": {"type": "datasource", "uid": "-- Mixed --"}, "targets": [
        {"expr": "topk($n, app_open[[x]])", "datasource": {"type": "prometheus"}}, {"expr": "rate({a=\"b\"}[1m]) |= 1", "datasource": {"type": "loki"}}]}
    ]}
  ]
}`

const secondForm = `{"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "spec": {
  "title": "Second",
  "elements": {"panel-1": {"kind": "Panel", "spec": {"title": "P", "data": {"spec": {"queries": [
    {"spec": {"query": {"kind": "DataQuery", "group": "prometheus", "spec": {"expr": "app_open > ${limit:raw}"}}}},
    {"spec": {"query": {"kind": "DataQuery", "group": "loki", "spec": {"expr": "{x=\"y\"} |= 1"}}}}
  ]}}}}},
  "variables": [
    {"kind": "QueryVariable", "spec": {"name": "zone", "query": {"kind": "DataQuery", "group": "prometheus", "spec": {"__legacyStringValue": "label_values(app_jobs_total, zone)"}}}},
    {"kind": "ConstantVariable", "spec": {"name": "limit", "query": "3"}}
  ]}}`

// read writes the files into a folder and reads what it has.
func read(t *testing.T, files map[string]string) uses.Found {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := uses.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// in writes a text as a block of YAML.
func in(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n" }

func TestFind(t *testing.T) {
	t.Parallel()
	board := []string{
		`3: Restarts: app_old`,
		`5: $zone: group by (zone) (app_jobs_total{kind="batch"})`,
		`7: $top: topk(3, app_open)`,
		`8: $all: {__name__=~".*app_.+.*"}`,
		`13: Jobs 😀: sum by ($group) (rate(app_jobs_total{zone=~"$zone", kind="$kind"}[$__rate_interval])) > $limit`,
		`17: Mixed: topk($n, app_open[[x]])`,
	}
	shifted := func(by int) []string {
		var all []string
		for _, line := range board {
			var n int
			var rest string
			if _, err := fmt.Sscanf(line, "%d:", &n); err != nil {
				t.Fatal(err)
			}
			_, rest, _ = strings.Cut(line, ":")
			all = append(all, fmt.Sprintf("%d:%s", n+by, rest))
		}
		return all
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"dashboard":     {map[string]string{"a.json": dashboard}, board},
		"with tabs":     {map[string]string{"a.json": strings.ReplaceAll(dashboard, "  ", "\t")}, board},
		"second form":   {map[string]string{"a.json": secondForm}, []string{"4: P: app_open > ${limit:raw}", `8: $zone: group by (zone) (app_jobs_total)`}},
		"rules":         {map[string]string{"a.rules": rule("app_open")}, []string{"5: A: app_open\n"}},
		"operator":      {map[string]string{"a.yaml": "kind: PrometheusRule\nspec:\n  groups:\n  - name: g\n    rules:\n    - record: a:b\n      expr: sum(app_open)\n"}, []string{"7: a:b: sum(app_open)"}},
		"promtool test": {map[string]string{"a.yml": "tests:\n- promql_expr_test:\n  - expr: app_open\n"}, []string{"3: : app_open"}},
		"Grafana alert": {map[string]string{"a.yaml": "groups:\n- rules:\n  - title: T\n    data:\n    - model: {expr: app_open}\n    - model: {expr: '{a=\"b\"} |= 1', datasource: {type: loki}}\n"}, []string{"5: T: app_open"}},
		"config map":    {map[string]string{"a.yaml": "kind: ConfigMap\ndata:\n  board.json: |-\n" + in(dashboard) + "  notes.txt: 'expr: x'\n"}, shifted(3)},
		"list":          {map[string]string{"a.yaml": "kind: ConfigMapList\nitems:\n- kind: ConfigMap\n  data:\n    r.yml: |\n      groups: [{rules: [{alert: A, expr: app_open}]}]\n---\nkind: Service\n"}, []string{"6: A: app_open"}},
		"resource":      {map[string]string{"a.yaml": "kind: GrafanaDashboard\nspec:\n  json: '" + `{"panels": [{"title": "P", "expr": "app_open"}]}` + "'\n"}, []string{"4: P: app_open"}},
		"anchors":       {map[string]string{"a.yml": "groups:\n- name: g\n  rules:\n  - {alert: A, expr: &e app_open}\n  - {alert: B, expr: *e}\n"}, []string{"4: A: app_open", "4: B: app_open"}},
		"left out":      {map[string]string{"a.yml": rule("app_open"), ".git/b.yml": rule("x"), "node_modules/c.yml": rule("y"), "d.txt": rule("z")}, []string{"5: A: app_open\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := read(t, test.files)
			var got []string
			for _, q := range all.Queries {
				got = append(got, fmt.Sprintf("%d: %s: %s", q.Line, q.Name, q.Expr))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || len(all.Problems) > 0 {
				t.Errorf("queries (-want +got):\n%s\n%+v", diff, all.Problems)
			}
		})
	}
}

// TestDashboards checks whole dashboards, with their variables.
func TestDashboards(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"first": dashboard, "second": secondForm} {
		found, _ := checked(t, map[string]string{"a.json": content})
		for _, f := range found {
			if f.Metric != "app_old" {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// TestVariables parses whatever a variable may stand for.
func TestVariables(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`rate($metric[$w:$__interval] offset $shift) > ${limit:raw}`:    "",
		`sum by ([[group]]) (app_open{$label="x"})`:                     "",
		`quantile_over_time($q, app_open[${range}])`:                    "",
		`app_${part}_total{kind="${kind:regex}"}`:                       "",
		`increase(app_jobs_total[${__range_s}s])`:                       "",
		`$function(app_open[5m])`:                                       "error query-syntax", // nobody can know it
		`app_open # $comment`:                                           "",
		`app_jobs_total{kind=~"[[:alpha:]]+$kind"}`:                     "",
		`app_jobs_total{pod="$pod"}`:                                    "warning query-label", // all of them may be chosen
		`app_job_total{kind="$kind"}`:                                   "error query-metric",
		`$a + $b + $c + $d + $e + $f`:                                   "",
		`app_jobs_total{kind="\"$x"} or app_jobs_total{kind=` + "`$y`}": "",
	} {
		found, _ := checked(t, map[string]string{"r.yml": rule(expr)})
		var got []string
		for _, f := range found {
			got = append(got, string(f.Severity)+" "+string(f.Rule))
			if strings.Contains(f.Message, "grafana_variable") {
				t.Errorf("%s: the message is %s", expr, f.Message)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %+v, want %q", expr, found, want)
		}
	}
}

// TestProblems has files that cannot be read.
func TestProblems(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a: &a [x,x,x,x,x,x,x,x,x]\n")
	for i := range 20 {
		fmt.Fprintf(&bomb, "%c: &%c [%s]\n", 'b'+i, 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 9), ","))
	}
	for name, test := range map[string]struct{ file, content, want string }{
		"no JSON":     {"a.json", "{", "it is not JSON"},
		"no YAML":     {"a.yml", "a: {{ .Values.x }}\nb: [", "it is not YAML"},
		"a template":  {"a.yml", "{{- if x }}\na: b\n{{- end }}\n", "it is not YAML"},
		"deep":        {"a.json", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested more than 100 deep"},
		"very deep":   {"a.json", strings.Repeat("[", 1_000_000), "it is not JSON"},
		"deep YAML":   {"a.yml", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "nested more than 100 deep"},
		"bomb":        {"a.yml", bomb.String(), "more than 1000000 values"},
		"too large":   {"a.yml", strings.Repeat("#\n", 9<<20), "larger than 16777216 bytes"},
		"in a config": {"a.yml", "kind: ConfigMap\ndata:\n  x.json: '{'\n", "it is not JSON"},
		"cycle":       {"a.yml", "a: &a [*a]\n", "nested more than 100 deep"},
		"bytes":       {"a.yml", "a: \xff\n", "it is not YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := read(t, map[string]string{test.file: test.content})
			if len(all.Problems) != 1 || !strings.Contains(all.Problems[0].Text, test.want) || all.Problems[0].Line == 0 {
				t.Errorf("got %+v, want %q", all.Problems, test.want)
			}
		})
	}
	for name, dir := range map[string]string{"no such file": "none", "no query": "."} {
		if _, err := uses.Find([]string{filepath.Join(t.TempDir(), dir)}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzFind looks for panics and for queries outside of the file.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{dashboard, secondForm, rule("app_open", `sum($x[$y])`), "kind: ConfigMap\ndata: {a.yml: 'expr: x'}", "a: &a [*a]", `{"expr": "a[[b]]${"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, name := range []string{"a.json", "a.yml"} {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			all, err := uses.Find([]string{path})
			if err != nil {
				continue
			}
			catalog := &uses.Catalog{}
			catalog.Promise(promised())
			checker := uses.Checker{Catalog: catalog}
			reports, _ := checker.Check(all)
			for _, r := range reports {
				for _, found := range r.Findings {
					if found.Line == 0 && !strings.HasPrefix(found.Message, "and ") {
						t.Errorf("%q: %+v", content, found)
					}
				}
			}
		}
	})
}
