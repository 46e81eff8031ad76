package uses

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// precedence finds a comparison that was probably meant for the left side of an
// operation. Operations bind tighter: "a >= 0 / b" compares a with "0 / b". A number
// times a series is a usual threshold, unless the number is 0.
func (j *judgement) precedence(comparison *parser.BinaryExpr) {
	right, ok := comparison.RHS.(*parser.BinaryExpr)
	if !ok || !comparison.Op.IsComparisonOperator() || right.Op.IsComparisonOperator() || right.Op.IsSetOperator() {
		return
	}
	number, ok := right.LHS.(*parser.NumberLiteral)
	if !ok || right.Op == parser.MUL && number.Val != 0 || right.RHS.Type() == parser.ValueTypeScalar {
		return
	}
	j.add(conformance.Warning, conformance.QueryPrecedence, j.of(comparison), "put the comparison, or its right side, in parentheses",
		"%s compares with %q, because %s binds tighter", comparison.Op, inWords(right.String()), right.Op)
}
