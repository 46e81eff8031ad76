package rules_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
)

// rule is what the tests read of a committed rule.
type rule struct {
	Record, Alert, Expr, For string
	Labels                   map[string]string
	Annotations              map[string]string
}

// committed returns the rules of the repository.
func committed(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, name := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		var file struct{ Groups []struct{ Rules []rule } }
		decode(t, filepath.Join(root, "prometheus", name), &file)
		for _, group := range file.Groups {
			all = append(all, group.Rules...)
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestAlertsTellWhatToDo(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(root, "docs", "runbooks")
	index, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages, severities := make(map[string]bool), make(map[string][]string)
	for _, r := range committed(t) {
		if r.Alert == "" {
			continue
		}
		if !strings.HasPrefix(r.Alert, "DSPy") {
			t.Errorf("%s: the name does not start with DSPy", r.Alert)
		}
		if severity := r.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, severity) {
			t.Errorf("%s: severity %q", r.Alert, severity)
		}
		if r.For == "" {
			t.Errorf("%s: fires at once", r.Alert)
		}
		if summary := r.Annotations["summary"]; !strings.HasSuffix(summary, ".") || strings.Contains(summary, "{{") {
			t.Errorf("%s: the summary %q is no constant sentence", r.Alert, summary)
		}
		if description := r.Annotations["description"]; !strings.Contains(description, "{{") {
			t.Errorf("%s: the description %q has no values", r.Alert, description)
		}
		page, ours := strings.CutPrefix(r.Annotations["runbook_url"], rules.Runbooks)
		if !ours || page != r.Alert+".md" {
			t.Errorf("%s: runbook %q", r.Alert, r.Annotations["runbook_url"])
		}
		pages[page] = true
		if severity := r.Labels["severity"]; !slices.Contains(severities[r.Alert], severity) {
			severities[r.Alert] = append(severities[r.Alert], severity)
		}
	}
	// The index of the pages says how bad each is.
	listed := make(map[string][]string)
	for _, row := range regexp.MustCompile(`(?m)^\| \[(DSPy\w+)\]\((DSPy\w+)\.md\) \| ([a-z, ]+) \|`).FindAllStringSubmatch(string(index), -1) {
		if row[1] != row[2] {
			t.Errorf("README.md: %s leads to the page of %s", row[1], row[2])
		}
		listed[row[1]] = strings.Split(row[3], ", ")
	}
	if diff := cmp.Diff(severities, listed); diff != "" {
		t.Errorf("README.md: the alerts and their severities (-want +got):\n%s", diff)
	}

	for page := range pages {
		content, err := os.ReadFile(filepath.Join(folder, page))
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is missing", page)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range []string{"# " + strings.TrimSuffix(page, ".md"), "## Meaning", "## Impact", "## First queries", "## Causes", "## Remedies"} {
			if !slices.Contains(strings.Split(string(content), "\n"), section) {
				t.Errorf("%s has no line %q", page, section)
			}
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !pages[name] && name != "README.md" {
			t.Errorf("%s is the page of no alert", name)
		}
	}
}

// promtool runs the tests; here is checked that there are some for every rule.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(root, "prometheus", "tests", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	fires, silent := make(map[string]bool), make(map[string]bool)
	var exprs []string
	for _, path := range paths {
		var file struct {
			Tests []struct {
				Alerts []struct {
					Alertname string
					Expected  []any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
				Exprs []struct{ Expr string } `yaml:"promql_expr_test"`
			}
		}
		decode(t, path, &file)
		for _, test := range file.Tests {
			for _, alert := range test.Alerts {
				if len(alert.Expected) > 0 {
					fires[alert.Alertname] = true
				} else {
					silent[alert.Alertname] = true
				}
			}
			for _, e := range test.Exprs {
				exprs = append(exprs, e.Expr)
			}
		}
	}
	for _, r := range committed(t) {
		switch {
		case r.Alert != "" && !fires[r.Alert]:
			t.Errorf("no test has %s fire", r.Alert)
		case r.Alert != "" && !silent[r.Alert]:
			t.Errorf("no test has %s silent", r.Alert)
		case r.Record != "" && !slices.ContainsFunc(exprs, func(expr string) bool { return reads(expr, r.Record) }):
			t.Errorf("no test reads %s", r.Record)
		}
	}
}

// reads reports whether an expression reads a series, by its name or by a pattern.
func reads(expr, name string) bool {
	if strings.Contains(expr, name) {
		return true
	}
	for _, pattern := range regexp.MustCompile(`__name__=~"([^"]+)"`).FindAllStringSubmatch(expr, -1) {
		if regexp.MustCompile("^(?:" + pattern[1] + ")$").MatchString(name) {
			return true
		}
	}
	return false
}
