package dashboards

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// parse reads a filled-in expression.
func parse(expr string) (metricsql.Expr, error) {
	// The parser is of a database without native histograms. The functions
	// about them take one argument, as abs does; a real Prometheus runs the
	// expressions as they are in the end-to-end tests.
	return metricsql.Parse(regexp.MustCompile(`\bhistogram_(count|sum)\(`).ReplaceAllString(expr, "abs("))
}

// selectorsOf returns the selectors of an expression with what is around them.
func selectorsOf(expr metricsql.Expr) []*metricsql.MetricExpr {
	var out []*metricsql.MetricExpr
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			out = append(out, m)
		}
	})
	return out
}

// matchersOf returns the matchers of a selector by label. Its name is one.
func matchersOf(m *metricsql.MetricExpr) map[string]metricsql.LabelFilter {
	out := make(map[string]metricsql.LabelFilter)
	for _, filters := range m.LabelFilterss {
		for _, filter := range filters {
			out[filter.Label] = filter
		}
	}
	return out
}

// foreign are the metrics that are not ours, and their labels that queries use
// beside those of the target.
func foreign() map[string][]string {
	return map[string][]string{
		"up": nil, "scrape_duration_seconds": nil, "scrape_samples_scraped": nil,
		"process_cpu_seconds_total": nil, "process_resident_memory_bytes": nil, "process_start_time_seconds": nil, "go_goroutines": nil,
		"otelcol_exporter_queue_size": {"exporter"}, "otelcol_exporter_queue_capacity": {"exporter"},
		"otelcol_exporter_send_failed_metric_points": {"exporter"}, "otelcol_exporter_send_failed_metric_points_total": {"exporter"},
		"ALERTS": {"alertname", "alertstate"},
	}
}

// known returns the labels that the series of this name may have, and the
// metric of the contract that it is of.
func known(contract views.Contract, name string) (views.Metric, []string, bool) {
	target := []string{"job", "instance"}
	if labels, ok := foreign()[name]; ok {
		return views.Metric{}, append(target, labels...), true
	}
	for _, metric := range contract.Metrics.All() {
		labels := append(slices.Clone(metric.Labels), target...)
		if name == metric.Name {
			return metric, labels, true
		}
		if suffix, ok := strings.CutPrefix(name, metric.Name); ok && metric.Kind == views.Histogram {
			switch suffix {
			case "_bucket":
				return metric, append(labels, "le"), true
			case "_count", "_sum":
				return metric, labels, true
			}
		}
	}
	return views.Metric{}, nil, false
}

// Every expression parses, asks for metrics and labels that exist, takes rates
// of what grows and of nothing else, and shows labels in its legend that its
// result has.
func TestQueries(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	for file, content := range files(t, contract) {
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
		if file != "dspy-overview.json" {
			continue
		}
		for _, metric := range contract.Metrics.All() {
			if !used[metric.Name] {
				t.Errorf("%s: no panel shows %s", file, metric.Name)
			}
		}
	}
}

func check(contract views.Contract, b boardFile, target targetFile, used map[string]bool) (problems []string) {
	expr := b.filled(target.Expr)
	if strings.Contains(expr, "$") {
		problems = append(problems, "a variable is not one of the board")
	}
	parsed, err := parse(expr)
	if err != nil {
		return append(problems, err.Error())
	}
	allowed := make(map[string]bool)
	for _, selector := range selectorsOf(parsed) {
		matchers := matchersOf(selector)
		if matchers["__name__"].IsRegexp {
			continue // the search for overflow series, which have lost their labels
		}
		metric, labels, ok := known(contract, matchers["__name__"].Value)
		if !ok {
			problems = append(problems, "there is no metric "+matchers["__name__"].Value)
		}
		used[metric.Name] = true
		for _, label := range labels {
			allowed[label] = true
		}
		for label := range maps.Keys(matchers) {
			if label != "__name__" && !slices.Contains(labels, label) {
				problems = append(problems, matchers["__name__"].Value+" has no label "+label)
			}
		}
	}
	grouped := make(map[string]bool)
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.AggrFuncExpr:
			for _, label := range e.Modifier.Args {
				grouped[label] = true
				if len(allowed) > 0 && !allowed[label] {
					problems = append(problems, "grouped by "+label+", a label that nothing has")
				}
			}
		case *metricsql.FuncExpr:
			problems = append(problems, checkRate(contract, e)...)
		}
	})
	for _, match := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(target.LegendFormat, -1) {
		if label := match[1]; label != "le" && !grouped[label] && (!allowed[label] || len(grouped) > 0) {
			problems = append(problems, "the legend shows "+label+", which the result has not")
		}
	}
	return problems
}

// checkRate tells whether a function over time fits the kind of the metric.
func checkRate(contract views.Contract, call *metricsql.FuncExpr) []string {
	if call.Name != "rate" && call.Name != "increase" {
		return nil
	}
	rollup, ok := call.Args[0].(*metricsql.RollupExpr)
	if !ok || rollup.Window == nil {
		return []string{call.Name + " has no window"}
	}
	selector, ok := rollup.Expr.(*metricsql.MetricExpr)
	if !ok {
		return []string{call.Name + " of an expression: take the rate first, then the sum"}
	}
	name := matchersOf(selector)["__name__"].Value
	metric, _, _ := known(contract, name)
	if metric.Kind == views.Gauge || metric.Kind == views.UpDownCounter {
		return []string{call.Name + " of " + name + ", a " + metric.Kind.String()}
	}
	return nil
}

// The other way round: what grows is never shown raw.
func TestCountersAreNotShownRaw(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	for file, content := range files(t, contract) {
		b := decode(t, content)
		for _, p := range b.all() {
			for _, target := range p.Targets {
				parsed, err := parse(b.filled(target.Expr))
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
				for _, selector := range selectorsOf(parsed) {
					name := matchersOf(selector)["__name__"].Value
					metric, _, _ := known(contract, name)
					grows := metric.Kind == views.Counter || metric.Kind == views.Histogram || strings.HasSuffix(name, "_total")
					if grows && !windowed[selector] && !matchersOf(selector)["__name__"].IsRegexp {
						t.Errorf("%s: %q shows the raw counter %s: %s", file, p.Title, name, target.Expr)
					}
				}
			}
		}
	}
}
