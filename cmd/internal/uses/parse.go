package uses

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// parse reads an expression with all features that a Prometheus can enable. Grafana's
// variables can be replaced in several ways. The first replacement that parses is
// used.
func parse(q Query) (parser.Expr, error) {
	p := parser.NewParser(parser.Options{
		EnableExperimentalFunctions: true, ExperimentalDurationExpr: true, EnableExtendedRangeSelectors: true, EnableBinopFillModifiers: true,
	})
	var first error
	for _, reading := range filled(q.Expr, q.Values) {
		expr, err := p.ParseExpr(reading)
		if err == nil {
			return expr, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// inWords shortens an expression for a message.
func inWords(expr string) string {
	const most = 120
	expr = strings.Join(strings.Fields(expr), " ")
	if len(expr) > most {
		expr = strings.ToValidUTF8(expr[:most], "") + "…"
	}
	return expr
}
