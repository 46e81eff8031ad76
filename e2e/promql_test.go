package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
)

func parse(t *testing.T, query string) parser.Expr {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return expr
}

// operands returns what an expression compares, joins or excludes, without the
// numbers that it compares with: what must be there for an alert to ever fire.
// Of what must be absent it is that which is looked for.
func operands(expr parser.Expr) []parser.Expr {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return operands(e.Expr)
	case *parser.NumberLiteral:
		return nil
	case *parser.Call:
		if e.Func.Name == "absent" {
			return operands(e.Args[0])
		}
	case *parser.BinaryExpr:
		if e.Op.IsComparisonOperator() || e.Op == parser.LAND || e.Op == parser.LUNLESS {
			return append(operands(e.LHS), operands(e.RHS)...)
		}
		if e.Type() == parser.ValueTypeScalar {
			return nil
		}
	}
	return []parser.Expr{expr}
}

// selectors returns the series that an expression asks for, as they are now, and
// the name that they have, if it is one.
func selectors(expr parser.Expr) map[string]string {
	names := make(map[string]string)
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			now := parser.VectorSelector{Name: s.Name, LabelMatchers: s.LabelMatchers}
			names[now.String()] = s.Name
		}
		return nil
	})
	return names
}

func TestOperands(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		`a > 0.05 and b * 300 >= 20`:               {"a", "b * 300"},
		`sum(rate(a[5m])) > 0 unless (b or c) > 0`: {"sum(rate(a[5m]))", "b or c"},
		`absent(a{b="c"}) unless on (b) up == 1`:   {`a{b="c"}`, "up"},
		`a / (b > 0) > 0.8`:                        {"a / (b > 0)"},
		`a > 14.4 * (1 - 0.99)`:                    {"a"},
		`count(a)`:                                 {"count(a)"},
	} {
		var got []string
		for _, operand := range operands(parse(t, query)) {
			got = append(got, operand.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
