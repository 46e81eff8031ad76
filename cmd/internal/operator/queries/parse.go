// Package queries checks PromQL that uses the metrics of a contract. The tests of
// dashboards, rules and documentation use it.
package queries

import (
	"regexp"

	"github.com/VictoriaMetrics/metricsql"
)

// Parse reads an expression.
func Parse(expr string) (metricsql.Expr, error) {
	// The parser is of a database without native histograms. The functions
	// about them take one argument, as abs does; a real Prometheus runs the
	// expressions as they are in the end-to-end tests.
	return metricsql.Parse(regexp.MustCompile(`\bhistogram_(count|sum)\(`).ReplaceAllString(expr, "abs("))
}

// Selectors returns the selectors of an expression.
func Selectors(expr metricsql.Expr) []*metricsql.MetricExpr {
	var out []*metricsql.MetricExpr
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			out = append(out, m)
		}
	})
	return out
}

// Matchers returns the matchers of a selector by label. Its name is one.
func Matchers(m *metricsql.MetricExpr) map[string]metricsql.LabelFilter {
	out := make(map[string]metricsql.LabelFilter)
	for _, filters := range m.LabelFilterss {
		for _, filter := range filters {
			out[filter.Label] = filter
		}
	}
	return out
}
