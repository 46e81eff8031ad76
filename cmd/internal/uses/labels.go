package uses

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// result is the set of labels of an expression's result. If open is set, there may be
// others.
type result struct {
	labels []string
	open   bool
}

func (r result) has(label string) bool { return r.open || slices.Contains(r.labels, label) }

func (r result) without(dropped ...string) result {
	r.labels = slices.DeleteFunc(slices.Clone(r.labels), func(name string) bool { return slices.Contains(dropped, name) })
	return r
}

func (r result) with(added ...string) result {
	r.labels = union(slices.Clone(r.labels), added)
	return r
}

func (r result) or(other result) result {
	return result{labels: union(slices.Clone(r.labels), other.labels), open: r.open || other.open}
}

// target are the labels that Prometheus adds to whatever it scrapes.
func target() []string {
	return []string{"job", "instance", model.MetricNameLabel, "__type__", "__unit__"}
}

// labelsOf follows the labels through an expression.
func (c *Checker) labelsOf(expr parser.Expr) result {
	switch e := expr.(type) {
	case *parser.VectorSelector:
		return c.selected(e)
	case *parser.MatrixSelector:
		return c.labelsOf(e.VectorSelector)
	case *parser.SubqueryExpr:
		return c.labelsOf(e.Expr)
	case *parser.ParenExpr:
		return c.labelsOf(e.Expr)
	case *parser.UnaryExpr:
		return c.labelsOf(e.Expr)
	case *parser.StepInvariantExpr:
		return c.labelsOf(e.Expr)
	case *parser.AggregateExpr:
		return c.aggregated(e)
	case *parser.BinaryExpr:
		return c.joined(e)
	case *parser.Call:
		return c.called(e)
	case *parser.NumberLiteral, *parser.StringLiteral:
		return result{}
	default:
		return result{open: true}
	}
}

// selected are the labels of the series that a selector chooses.
func (c *Checker) selected(e *parser.VectorSelector) result {
	name, exact := nameOf(e)
	if !exact || hasVariable(name) {
		return result{open: true}
	}
	if recorded, ok := c.recorded[name]; ok {
		return recorded.of(c)
	}
	one, ok := c.Catalog.find(name)
	if !ok {
		return result{open: true}
	}
	return result{labels: union(append(target(), c.AllowedLabels...), one.labels), open: one.open}
}

func (c *Checker) aggregated(e *parser.AggregateExpr) result {
	inner := c.labelsOf(e.Expr)
	switch {
	case chooses(e.Op):
		return inner
	case e.Without:
		inner = inner.without(append([]string{model.MetricNameLabel}, e.Grouping...)...)
	default:
		// What the series do not have, the result does not have.
		inner = result{labels: slices.DeleteFunc(slices.Clone(e.Grouping), func(name string) bool { return !inner.has(name) })}
	}
	if added, ok := e.Param.(*parser.StringLiteral); ok && e.Op == parser.COUNT_VALUES {
		inner = inner.with(added.Val)
	}
	return inner
}

// chooses reports whether an aggregation chooses series and keeps them as they are.
func chooses(operator parser.ItemType) bool {
	return slices.Contains([]parser.ItemType{parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO}, operator)
}

func (c *Checker) joined(e *parser.BinaryExpr) result {
	left, right := c.labelsOf(e.LHS), c.labelsOf(e.RHS)
	switch m := e.VectorMatching; {
	case e.LHS.Type() == parser.ValueTypeScalar:
		return right
	case e.RHS.Type() == parser.ValueTypeScalar:
		return left
	case e.Op == parser.LOR:
		return left.or(right)
	case m == nil, e.Op == parser.LAND, e.Op == parser.LUNLESS:
		return left
	case m.Card == parser.CardManyToOne:
		return left.with(m.Include...)
	case m.Card == parser.CardOneToMany:
		return right.with(m.Include...)
	case m.On && !e.Op.IsComparisonOperator():
		return result{labels: m.MatchingLabels}
	default:
		return left
	}
}

func (c *Checker) called(e *parser.Call) result {
	text := func(i int) string {
		if i < len(e.Args) {
			if literal, ok := e.Args[i].(*parser.StringLiteral); ok {
				return literal.Val
			}
		}
		return ""
	}
	switch e.Func.Name {
	case "absent", "absent_over_time", "info", "vector", "histogram_quantiles":
		return result{open: true}
	case "label_replace", "label_join":
		return c.labelsOf(e.Args[0]).with(text(1))
	case "histogram_quantile", "histogram_fraction":
		return c.labelsOf(e.Args[len(e.Args)-1]).without("le")
	}
	for _, arg := range e.Args {
		if kind := arg.Type(); kind == parser.ValueTypeVector || kind == parser.ValueTypeMatrix {
			return c.labelsOf(arg)
		}
	}
	return result{}
}

// nameOf is the metric that a selector asks for, if it is one.
func nameOf(e *parser.VectorSelector) (name string, exact bool) {
	for _, m := range e.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			return m.Value, m.Type == labels.MatchEqual
		}
	}
	return "", false
}

// recording is a series that rules record.
type recording struct {
	queries []Query
	result  *result
	// pending is set while the labels are looked for: a rule may depend on itself.
	pending bool
}

// of returns the labels of the recorded series, those of all rules that record it.
func (r *recording) of(c *Checker) result {
	if r.result != nil {
		return *r.result
	}
	if r.pending {
		return result{open: true}
	}
	r.pending = true
	sum := result{labels: union(append(target(), c.AllowedLabels...), nil)}
	for _, q := range r.queries {
		expr, err := parse(q)
		if err != nil {
			sum.open = true
			continue
		}
		sum = sum.or(c.labelsOf(expr)).with(q.Labels...)
	}
	r.pending = false
	r.result = &sum
	return sum
}
