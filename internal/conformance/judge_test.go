package conformance_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// foreign checks a page of somebody else's metrics, without a word about the
// contract's own.
func foreign(page string, format conformance.Format, narrow bool) map[conformance.Rule]int {
	c := checker()
	c.OnlyContract = narrow
	n := make(map[conformance.Rule]int)
	for _, f := range c.Check(c.Parse(page, format)) {
		if !strings.HasPrefix(f.Metric, "dspy_") && f.Severity != conformance.Info {
			n[f.Rule]++
		}
	}
	return n
}

// TestForeignMetrics judges metrics that are not in the contract by the rules of
// their format.
func TestForeignMetrics(t *testing.T) {
	t.Parallel()
	none := map[conformance.Rule]int{}
	one := func(rule conformance.Rule) map[conformance.Rule]int { return map[conformance.Rule]int{rule: 1} }
	for name, test := range map[string]struct {
		page              string
		text, openMetrics map[conformance.Rule]int // nil: the page is not of the format
	}{
		"counter below zero":             {"# TYPE x_total counter\nx_total -3\n", one(conformance.InvalidValue), nil},
		"counter below zero in OM":       {"# TYPE x counter\nx_total -3\n", nil, one(conformance.InvalidValue)},
		"gauge below zero":               {"# TYPE x gauge\nx -3\n", none, none},
		"gauge NaN":                      {"# TYPE x gauge\nx NaN\n", none, none},
		"summary sum below zero":         {"# TYPE x summary\nx_sum -3\nx_count 1\n", none, one(conformance.InvalidValue)},
		"summary count below zero":       {"# TYPE x summary\nx_sum 3\nx_count -1\n", one(conformance.InvalidValue), one(conformance.InvalidValue)},
		"quantile of two":                {"# TYPE x summary\nx{quantile=\"2\"} 1\n", one(conformance.InvalidValue), one(conformance.InvalidValue)},
		"quantile NaN value":             {"# TYPE x summary\nx{quantile=\"0.5\"} NaN\n", none, none},
		"no quantile":                    {"# TYPE x summary\nx 1\n", one(conformance.MissingLabel), one(conformance.MissingLabel)},
		"histogram without +Inf":         {"# TYPE x histogram\nx_bucket{le=\"1.0\"} 1\nx_sum 1\nx_count 1\n", one(conformance.MissingBucket), one(conformance.MissingBucket)},
		"histogram not cumulative":       {"# TYPE x histogram\nx_bucket{le=\"1.0\"} 2\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n", one(conformance.NotCumulative), one(conformance.NotCumulative)},
		"histogram unordered":            {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_bucket{le=\"1.0\"} 1\nx_sum 1\nx_count 1\n", none, one(conformance.Grouping)},
		"histogram count":                {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 2\n", one(conformance.WrongCount), one(conformance.WrongCount)},
		"histogram without sum":          {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_count 1\n", one(conformance.WrongCount), one(conformance.WrongCount)},
		"gauge histogram as text":        {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\n# TYPE x_gcount gauge\nx_gcount 1\n# TYPE x_gsum gauge\nx_gsum 1\n", none, none},
		"half of a gauge histogram":      {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\n# TYPE x_gcount gauge\nx_gcount 1\n", map[conformance.Rule]int{conformance.WrongCount: 2}, none},
		"both kinds of histogram":        {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_count 1\n# TYPE x_gcount gauge\nx_gcount 1\n# TYPE x_gsum gauge\nx_gsum 1\n", one(conformance.WrongCount), one(conformance.WrongCount)},
		"histogram without both":         {"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\n", map[conformance.Rule]int{conformance.WrongCount: 2}, none},
		"second series without +Inf":     {"# TYPE x histogram\nx_bucket{a=\"1\",le=\"+Inf\"} 1\nx_sum{a=\"1\"} 1\nx_count{a=\"1\"} 1\nx_bucket{a=\"2\",le=\"1.0\"} 1\nx_sum{a=\"2\"} 1\nx_count{a=\"2\"} 1\n", one(conformance.MissingBucket), one(conformance.MissingBucket)},
		"bucket without le":              {"# TYPE x histogram\nx_bucket{vmrange=\"1...2\"} 1\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n", one(conformance.MissingLabel), one(conformance.MissingLabel)},
		"series twice":                   {"x{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 1\n", one(conformance.DuplicateSeries), one(conformance.DuplicateSeries)},
		"series twice, an empty label":   {"x{a=\"1\",b=\"\"} 1\nx{a=\"1\"} 1\n", one(conformance.DuplicateSeries), one(conformance.DuplicateSeries)},
		"two times of a series":          {"x 1 1\nx 1 2\n", none, none},
		"a time twice":                   {"x 1 1\nx 1 1\n", one(conformance.DuplicateSeries), none},
		"time goes back":                 {"x 1 2\nx 1 1\n", none, one(conformance.Grouping)},
		"time for some":                  {"x 1 2\nx 1\n", none, one(conformance.Grouping)},
		"families interleaved":           {"x 1\ny 1\nx{a=\"1\"} 1\n", one(conformance.Grouping), one(conformance.Grouping)},
		"series interleaved":             {"# TYPE x histogram\nx_bucket{a=\"1\",le=\"+Inf\"} 1\nx_bucket{a=\"2\",le=\"+Inf\"} 1\nx_sum{a=\"1\"} 1\nx_count{a=\"1\"} 1\nx_sum{a=\"2\"} 1\nx_count{a=\"2\"} 1\n", none, map[conformance.Rule]int{conformance.Grouping: 2, conformance.WrongCount: 0}},
		"metadata apart from samples":    {"# TYPE x gauge\n# TYPE y gauge\nx 1\ny 1\n", none, map[conformance.Rule]int{conformance.Grouping: 2}},
		"help after samples":             {"x 1\n# HELP x X\n", none, one(conformance.Syntax)},
		"type after samples":             {"x 1\n# TYPE x gauge\n", one(conformance.Syntax), one(conformance.Syntax)},
		"one type after another":         {"# TYPE x gauge\nx 1\n# TYPE x unknown\nx 2\n", nil, one(conformance.NameClash)},
		"gauge and counter of one name":  {"# TYPE x gauge\nx 1\n# HELP x X\n# TYPE x counter\nx_total 1\n", nil, none},
		"histogram and counter":          {"# TYPE x_count gauge\nx_count 1\n# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\n", map[conformance.Rule]int{conformance.WrongCount: 2}, one(conformance.Syntax)},
		"counter, then its creation":     {"# TYPE x counter\nx_total 1\n# TYPE x_created gauge\nx_created 1\n", nil, map[conformance.Rule]int{conformance.Syntax: 1, conformance.Grouping: 1}},
		"info of two":                    {"# TYPE x info\nx_info{a=\"b\"} 2\n", nil, one(conformance.InvalidValue)},
		"state set of three":             {"# TYPE x stateset\nx{x=\"b\"} 3\n", nil, one(conformance.InvalidValue)},
		"state set without its label":    {"# TYPE x stateset\nx{y=\"b\"} 1\n", nil, one(conformance.MissingLabel)},
		"unit of an info":                {"# TYPE x_u info\n# UNIT x_u u\nx_u_info{a=\"b\"} 1\n", nil, one(conformance.Syntax)},
		"gauge histogram of negative":    {"# TYPE x gaugehistogram\nx_bucket{le=\"-1.0\"} 1\nx_bucket{le=\"+Inf\"} 1\nx_gcount 1\nx_gsum -2\n", nil, none},
		"gauge histogram of a wrong sum": {"# TYPE x gaugehistogram\nx_bucket{le=\"1.0\"} 1\nx_bucket{le=\"+Inf\"} 1\nx_gcount 1\nx_gsum -2\n", nil, one(conformance.WrongCount)},
		"escapes":                        {"# HELP x a\\b\nx{a=\"\\c\"} 1\n", map[conformance.Rule]int{conformance.Syntax: 2}, none},
	} {
		for format, want := range map[conformance.Format]map[conformance.Rule]int{conformance.Text: test.text, conformance.OpenMetrics: test.openMetrics} {
			if want == nil {
				continue
			}
			page := test.page
			if format == conformance.OpenMetrics {
				page += "# EOF\n"
			}
			expected := map[conformance.Rule]int{}
			for rule, n := range want {
				if n > 0 {
					expected[rule] = n
				}
			}
			if diff := difference.Of(expected, foreign(page, format, false)); diff != "" {
				t.Errorf("%s as %s (-want +got):\n%s", name, format, diff)
			}
		}
	}
}

// TestOnlyContract leaves what is wrong with other metrics alone, but for lines
// that cannot be read.
func TestOnlyContract(t *testing.T) {
	t.Parallel()
	page := "# TYPE x counter\nx_total -1\ny 1\nx_total 1\n# TYPE z histogram\nz_sum 1\nbroken{\n# EOF\n"
	if diff := difference.Of(map[conformance.Rule]int{conformance.Syntax: 1}, foreign(page, conformance.OpenMetrics, true)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if got := foreign(page, conformance.OpenMetrics, false); len(got) < 4 {
		t.Errorf("only %v is found of all metrics", got)
	}
}
