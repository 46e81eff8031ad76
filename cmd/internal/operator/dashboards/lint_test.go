package dashboards

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// The rules of Grafana's dashboard-linter for metrics, under its names, as its
// program cannot be had from a package registry. Those that it only warns of
// are errors here.

// finding is one breach of a rule. Panel is empty where the board is at fault.
type finding struct{ rule, board, panel, problem string }

// exclusions are what the linter's configuration file allows.
type exclusions map[string]struct {
	Reason  string
	Entries []struct{ Dashboard, Panel string }
}

func TestLint(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(shipped, ".lint"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Exclusions exclusions }
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	unused := make(map[string]bool)
	for rule, exclusion := range file.Exclusions {
		if exclusion.Reason == "" || len(exclusion.Entries) == 0 {
			t.Errorf(".lint: %s: excluded as a whole or without a reason", rule)
		}
		for _, entry := range exclusion.Entries {
			unused[fmt.Sprint(rule, entry.Dashboard, entry.Panel)] = true
		}
	}
	excluded := len(unused)
	for name, content := range files(t, views.Default()) {
		for _, f := range lint(decode(t, content)) {
			key := fmt.Sprint(f.rule, f.board, f.panel)
			if _, ok := unused[key]; !ok {
				t.Errorf("%s: %s: %q: %s", name, f.rule, f.panel, f.problem)
				continue
			}
			unused[key] = false
		}
	}
	for key, still := range unused {
		if still {
			t.Errorf(".lint: nothing needs the exclusion %q", key)
		}
	}
	if excluded == 0 {
		t.Error(".lint: no exclusions read, though the collector's panels need some")
	}
}

func lint(b boardFile) (out []finding) {
	add := func(rule, panel, problem string) { out = append(out, finding{rule, b.Title, panel, problem}) }
	lintVariables(b, func(rule, problem string) { add(rule, "", problem) })
	if b.Editable {
		add("uneditable-dashboard", "", "editable")
	}
	for _, p := range b.all() {
		if !slices.Contains([]string{"stat", "table", "timeseries", "heatmap"}, p.Type) {
			continue
		}
		if p.Title == "" || p.Description == "" {
			add("panel-title-description-rule", p.Title, "no title or no description")
		}
		if p.Datasource.UID != "${datasource}" {
			add("panel-datasource-rule", p.Title, "data source "+p.Datasource.UID)
		}
		if !slices.Contains(units(), p.FieldConfig.Defaults.Unit) {
			add("panel-units-rule", p.Title, "unit "+p.FieldConfig.Defaults.Unit)
		}
		if len(p.Targets) == 0 {
			add("panel-no-targets-rule", p.Title, "no queries")
		}
		for _, target := range p.Targets {
			lintTarget(b, target, func(rule, problem string) { add(rule, p.Title, problem+": "+target.Expr) })
		}
	}
	return out
}

// units are those that the linter knows and we have a use for.
func units() []string {
	return []string{"none", "short", "percentunit", "s", "bytes", "reqps", "ops", "cps", "currencyUSD"}
}

func lintVariables(b boardFile, add func(rule, problem string)) {
	byName := make(map[string]variableFile)
	for _, v := range b.Templating.List {
		byName[v.Name] = v
		if v.Type != "query" {
			continue
		}
		if v.Refresh != 2 {
			add("template-on-time-change-reload-rule", v.Name)
		}
		match := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(v.Query)
		if match == nil {
			add("template-label-promql-rule", v.Query)
		} else if _, err := parse(match[1]); err != nil {
			add("template-label-promql-rule", err.Error())
		}
	}
	source := byName["datasource"]
	if source.Type != "datasource" || source.Query != "prometheus" || source.Label != "Data source" {
		add("template-datasource-rule", fmt.Sprintf("%+v", source))
	}
	for name, label := range map[string]string{"job": "Job", "instance": "Instance"} {
		v := byName[name]
		if v.Type != "query" || v.Label != label || v.Datasource.UID != "${datasource}" || !v.Multi || v.AllValue != ".+" {
			add("template-"+name+"-rule", fmt.Sprintf("%+v", v))
		}
	}
}

func lintTarget(b boardFile, target targetFile, add func(rule, problem string)) {
	// Grafana's variables first, as the rules are about them.
	expr := strings.NewReplacer("$__rate_interval", "99s", "$__range", "98s").Replace(target.Expr)
	for _, v := range b.Templating.List {
		if v.Type == "constant" {
			expr = strings.ReplaceAll(expr, "$"+v.Name, v.Query)
		}
	}
	parsed, err := parse(expr)
	if err != nil {
		add("target-promql-rule", err.Error())
		return
	}
	for _, s := range selectors(parsed) {
		for _, label := range []string{"job", "instance"} {
			if label == "instance" && strings.Contains(s.Name, ":") {
				continue // What the rules record is of all instances.
			}
			if !s.chosen(label) {
				add("target-"+label+"-rule", "a selector does not choose by it")
			}
		}
		rated := slices.Contains([]string{"rate", "irate", "increase"}, s.function)
		if rated && s.function != "increase" && s.window != 99*time.Second {
			add("target-rate-interval-rule", "window "+s.window.String())
		}
		if strings.HasSuffix(s.Name, "_total") && !rated {
			add("target-counter-agg-rule", s.Name)
		}
	}
}

// Each rule finds its own mistake.
func TestLintFindsMistakes(t *testing.T) {
	t.Parallel()
	good := string(files(t, views.Default())["dspy-slo.json"])
	if found := lint(decode(t, []byte(good))); len(found) != 0 {
		t.Fatalf("the board to break is broken already: %v", found)
	}
	for rule, change := range map[string][2]string{
		"uneditable-dashboard":                {`"editable": false`, `"editable": true`},
		"template-datasource-rule":            {`"label": "Data source"`, `"label": "Source"`},
		"template-job-rule":                   {`"label": "Job"`, `"label": "job"`},
		"template-instance-rule":              {`"allValue": ".+"`, `"allValue": ".*"`},
		"template-label-promql-rule":          {`"query": "label_values(`, `"query": "label_values({`},
		"template-on-time-change-reload-rule": {`"refresh": 2`, `"refresh": 1`},
		"panel-title-description-rule":        {`"description": "Share`, `"Description": "", "x": "Share`},
		"panel-datasource-rule":               {`"uid": "${datasource}"`, `"uid": "prometheus"`},
		"panel-units-rule":                    {`"unit": "percentunit"`, `"unit": "percentage"`},
		"panel-no-targets-rule":               {`"targets"`, `"queries"`},
		"target-promql-rule":                  {`sum by (service) (`, `sum by service (`},
		"target-rate-interval-rule":           {`[$__rate_interval]`, `[5m]`},
		"target-job-rule":                     {`job=~\"$job\"`, `job=\"$job\"`},
		"target-instance-rule":                {`instance=~\"$instance\"`, `instance=~\".+\"`},
		"target-counter-agg-rule":             {`increase(dspy`, `delta(dspy`},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			bad := strings.ReplaceAll(good, change[0], change[1])
			if bad == good {
				t.Fatalf("nothing to break: %s", change[0])
			}
			found := lint(decode(t, []byte(bad)))
			if !slices.ContainsFunc(found, func(f finding) bool { return f.rule == rule }) {
				t.Errorf("got %v, want a finding of the rule", found)
			}
		})
	}
}
