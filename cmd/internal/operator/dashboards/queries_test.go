package dashboards

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Every expression parses, asks for metrics and labels that exist, takes rates
// of what grows and of nothing else, and shows labels in its legend that its
// result has.
func TestQueries(t *testing.T) {
	t.Parallel()
	contract := extended()
	for file, content := range documentedAndExtended(t) {
		b := decode(t, content)
		used := make(map[string]bool)
		for _, p := range b.all() {
			for _, target := range p.Targets {
				problems := check(contract, b, target, used)
				for _, problem := range problems {
					t.Errorf("%s: %q %s: %s\n%s", file, p.Title, target.RefID, problem, target.Expr)
				}
			}
		}
		for _, a := range b.Annotations.List {
			for _, problem := range check(contract, b, targetFile{Expr: a.Expr}, map[string]bool{}) {
				t.Errorf("%s: annotation %q: %s\n%s", file, a.Name, problem, a.Expr)
			}
		}
		if file != "dspy-overview.json extended" {
			continue
		}
		for _, metric := range contract.Metrics.All() {
			if !used[metric.Name] {
				t.Errorf("%s: no panel shows %s", file, metric.Name)
			}
		}
	}
}

func check(contract views.Contract, b boardFile, target targetFile, used map[string]bool) []string {
	expr := b.filled(target.Expr)
	report := queries.NewCatalog(contract, rules.Names(contract, slo.Default())...).Check(expr)
	problems := report.Problems
	if strings.Contains(expr, "$") {
		problems = append(problems, "a variable is not one of the board")
	}
	for _, metric := range report.Metrics {
		used[metric] = true
	}
	for _, match := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(target.LegendFormat, -1) {
		label := match[1]
		grouped, allowed := slices.Contains(report.Grouped, label), slices.Contains(report.Labels, label)
		if label != "le" && !grouped && (!allowed || len(report.Grouped) > 0) {
			problems = append(problems, "the legend shows "+label+", which the result has not")
		}
	}
	return problems
}

// The other way round: what grows is never shown raw.
func TestCountersAreNotShownRaw(t *testing.T) {
	t.Parallel()
	contract := extended()
	for file, content := range documentedAndExtended(t) {
		b := decode(t, content)
		for _, p := range b.all() {
			for _, target := range p.Targets {
				parsed, err := queries.Parse(b.filled(target.Expr))
				if err != nil {
					t.Fatal(err)
				}
				windowed := make(map[*metricsql.MetricExpr]bool)
				metricsql.VisitAll(parsed, func(e metricsql.Expr) {
					if rollup, ok := e.(*metricsql.RollupExpr); ok {
						if selector, ok := rollup.Expr.(*metricsql.MetricExpr); ok {
							windowed[selector] = true
						}
					}
				})
				for _, selector := range queries.Selectors(parsed) {
					name := queries.Matchers(selector)["__name__"].Value
					metric, _, _ := queries.NewCatalog(contract).Find(name)
					grows := metric.Kind == views.Counter || metric.Kind == views.Histogram || strings.HasSuffix(name, "_total")
					if grows && !windowed[selector] && !queries.Matchers(selector)["__name__"].IsRegexp {
						t.Errorf("%s: %q shows the raw counter %s: %s", file, p.Title, name, target.Expr)
					}
				}
			}
		}
	}
}
