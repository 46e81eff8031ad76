package uses

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// call checks that functions fit the series.
func (j *judgement) call(e *parser.Call) {
	switch e.Func.Name {
	case "rate", "irate", "increase", "resets":
		switch over := e.Args[0].(type) {
		case *parser.SubqueryExpr:
			j.aggregatedFirst(e.Func.Name, over)
		case *parser.MatrixSelector:
			j.grows(e.Func.Name, over)
		}
	case "histogram_quantile":
		inner := e.Args[1]
		if has := j.labelsOf(inner); !has.has("le") && j.bucketed(inner) {
			j.add(conformance.Error, conformance.QueryLabel, j.of(inner), "add le to the labels by which the sum groups",
				"histogram_quantile has no buckets to look at: the label le is lost on the way")
		}
	}
}

// grows checks that the series of a rate are counters.
func (j *judgement) grows(function string, e *parser.MatrixSelector) {
	vector, ok := e.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return
	}
	name, exact := nameOf(vector)
	if one, known := j.Catalog.series[name]; exact && known && !one.grows {
		j.add(conformance.Warning, conformance.QueryType, name, "use a rate only for counters, and delta or deriv for gauges",
			"the query uses %s on a metric of the type %s", function, one.metric.Kind)
	}
}

// aggregatedFirst finds a rate of a sum. When one of the counters starts anew, the sum
// falls, and the rate takes that for a new start of all of them.
func (j *judgement) aggregatedFirst(function string, e *parser.SubqueryExpr) {
	parser.Inspect(e.Expr, func(n parser.Node, _ []parser.Node) error {
		if inner, ok := n.(*parser.AggregateExpr); ok && !chooses(inner.Op) {
			j.add(conformance.Warning, conformance.QueryType, j.of(inner), "take the rate first, then the "+inner.Op.String(),
				"the query uses %s on a %s of series, which falls when one of them starts anew", function, inner.Op)
		}
		return nil
	})
}
