package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCheckUses runs the command on the files of this repository, and on ones with
// mistakes.
func TestCheckUses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"wrong.yml":    "groups: [{name: g, rules: [{alert: A, expr: 'rate(dspy_prediction_total[5m]) > 0'}]}]\n",
		"other.yml":    "groups: [{name: g, rules: [{alert: A, expr: 'rate(http_requests_total[5m]) > 0'}]}]\n",
		"broken.json":  "{",
		"nothing.yaml": "a: b\n",
		"page.txt":     "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} 1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	kit := []string{"--uses=../../grafana", "--uses=../../prometheus", "--allow-label=cluster", "--allow-label=namespace"}
	const page = "../../otelmetrics/testdata/exposition.txt"
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"our own":             {append(kit, "--strict"), 0, []string{"dspy-overview.json: ", "alerts.yml: ", " queries: clean"}},
		"our own, page":       {append(kit, "--strict", page), 0, []string{"exposition.txt", " queries: clean"}},
		"wrong":               {[]string{"--uses", file("wrong.yml")}, 1, []string{"query-metric", "did you mean dspy_predictions_total?", "unused-metric"}},
		"unused fails":        {[]string{"--uses", file("other.yml"), "--fail-on=info"}, 1, []string{"unused-metric"}},
		"no contract":         {[]string{"--uses", file("other.yml"), "--contract=none"}, 1, []string{"neither the contract nor a page has the series"}},
		"on a page":           {[]string{"--uses", file("other.yml"), "--contract=none", file("page.txt")}, 0, []string{"1 query: clean"}},
		"no YAML":             {[]string{"--uses", file("broken.json"), "--strict"}, 1, []string{"no query was read here: it is not JSON"}},
		"as JSON":             {[]string{"--uses", file("wrong.yml"), "--format=json"}, 1, []string{`"rule": "query-metric"`, `"queries": 1`}},
		"as JUnit":            {[]string{"--uses", file("wrong.yml"), "--format=junit"}, 1, []string{`<testcase name="queries"`, `failures="1"`}},
		"for GitHub":          {[]string{"--uses", file("wrong.yml"), "--format=github"}, 1, []string{"::error title=query-metric,file=" + file("wrong.yml") + ",line=1,col="}},
		"no query":            {[]string{"--uses", file("nothing.yaml")}, 2, []string{"--uses: no query was found in "}},
		"no folder":           {[]string{"--uses", file("none")}, 2, []string{"no such file"}},
		"coverage of what":    {[]string{"--uses", file("other.yml"), "--coverage"}, 2, []string{"need a target"}},
		"a target that fails": {[]string{"--uses", file("wrong.yml"), file("none.txt")}, 2, []string{"not checked", "query-metric"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.code, test.want, append([]string{"check"}, test.args...)...)
		})
	}
}
