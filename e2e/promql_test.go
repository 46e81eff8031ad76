package e2e

import (
	"testing"

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
