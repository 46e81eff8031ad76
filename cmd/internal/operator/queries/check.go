package queries

import (
	"slices"

	"github.com/VictoriaMetrics/metricsql"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Report contains the problems of an expression.
type Report struct {
	// Problems is empty if the expression parses, asks for series and labels that
	// exist, and takes rates of what grows and of nothing else.
	Problems []string
	// Metrics are the names of the metrics of the contract that it asks for.
	Metrics []string
	// Labels are those that the series it asks for may have. Grouped are those
	// that its aggregations name.
	Labels, Grouped []string
}

// Check reads an expression.
func (c Catalog) Check(expr string) (r Report) {
	parsed, err := Parse(expr)
	if err != nil {
		r.add(err.Error())
		return r
	}
	for _, selector := range Selectors(parsed) {
		matchers := Matchers(selector)
		name, named := matchers["__name__"]
		if !named || name.IsRegexp {
			continue // a search over metrics, for overflow series say, which have lost their labels
		}
		metric, labels, ok := c.Find(name.Value)
		if !ok {
			r.add("there is no metric " + name.Value)
		}
		r.Metrics = append(r.Metrics, metric.Name)
		r.Labels = append(r.Labels, labels...)
		for label := range matchers {
			if label != "__name__" && !slices.Contains(labels, label) {
				r.add(name.Value + " has no label " + label)
			}
		}
	}
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.AggrFuncExpr:
			r.Grouped = append(r.Grouped, e.Modifier.Args...)
			r.exist("grouped by", e.Modifier.Args)
		case *metricsql.BinaryOpExpr:
			r.exist("matched on", e.GroupModifier.Args)
			r.precedence(e)
		case *metricsql.FuncExpr:
			c.rate(e, &r)
		}
	})
	return r
}

func (r *Report) add(problem string) { r.Problems = append(r.Problems, problem) }

func (r *Report) exist(what string, labels []string) {
	for _, label := range labels {
		if len(r.Labels) > 0 && !slices.Contains(r.Labels, label) {
			r.add(what + " " + label + ", a label that nothing has")
		}
	}
}

// precedence finds a comparison that was meant for the left side of an arithmetic
// operation. The operation binds tighter: "a >= 0 / b" compares a with "0 / b".
func (r *Report) precedence(comparison *metricsql.BinaryOpExpr) {
	if !metricsql.IsBinaryOpCmp(comparison.Op) {
		return
	}
	right, ok := comparison.Right.(*metricsql.BinaryOpExpr)
	if !ok {
		return
	}
	number, ok := right.Left.(*metricsql.NumberExpr)
	// A number times a series is a threshold, and no other operation is.
	if ok && (right.Op != "*" || number.N == 0) && !metricsql.IsBinaryOpCmp(right.Op) {
		r.add("the right side of " + comparison.Op + " is " + string(right.AppendString(nil)) + ": put the comparison in parentheses")
	}
}

// rate reports whether a function over time fits the kind of the metric.
func (c Catalog) rate(call *metricsql.FuncExpr, r *Report) {
	if call.Name != "rate" && call.Name != "increase" {
		return
	}
	rollup, ok := call.Args[0].(*metricsql.RollupExpr)
	if !ok || rollup.Window == nil {
		r.add(call.Name + " has no window")
		return
	}
	selector, ok := rollup.Expr.(*metricsql.MetricExpr)
	if !ok {
		r.add(call.Name + " of an expression: take the rate first, then the sum")
		return
	}
	name := Matchers(selector)["__name__"].Value
	metric, _, _ := c.Find(name)
	if metric.Kind == views.Gauge || metric.Kind == views.UpDownCounter {
		r.add(call.Name + " of " + name + ", whose kind is " + string(metric.Kind))
	}
}
