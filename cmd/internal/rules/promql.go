package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// target are the labels that say whose series they are. A label that series do
// not have vanishes, so the same rules serve one host and many clusters.
func target() []string { return []string{"cluster", "namespace", "job"} }

// level returns the labels of what is recorded.
func (r ruler) level() []string { return append(target(), r.contract.Labels.Service.Key) }

// record names a recorded series: level, metric, operations.
func (r ruler) record(metric views.Metric, operations string) string {
	return strings.Join(r.level(), "_") + ":" + strings.TrimSuffix(metric.Name, "_total") + operations
}

func by(labels ...string) string { return "by (" + strings.Join(labels, ", ") + ")" }

// sum adds up the series of a service.
func (r ruler) sum(expr string) string { return "sum " + by(r.level()...) + " (" + expr + ")" }

// selector selects the predictions that ended. The series that takes what is
// beyond a cardinality limit has no status: its outcome is not known.
func (r ruler) selector() string {
	return fmt.Sprintf(`%s{%s!=""}`, r.metrics.Predictions.Name, r.contract.Labels.Status.Key)
}

// failures selects those that did not succeed.
func (r ruler) failures() string {
	return fmt.Sprintf(`%s{%[2]s!="",%[2]s!=%q}`, r.metrics.Predictions.Name, r.contract.Labels.Status.Key, views.Success)
}

// orZero is expr, or zero where only other has series.
func orZero(expr, other string) string { return expr + "\nor\n0 * " + other }

// observations counts the observations of a histogram in a window.
func (r ruler) observations(histogram views.Metric, function, window string) string {
	return fmt.Sprintf("histogram_count(%s)\nor\n%s",
		r.sum(fmt.Sprintf("%s(%s[%s])", function, histogram.Name, window)),
		r.sum(fmt.Sprintf("%s(%s_count[%s])", function, histogram.Name, window)))
}

// quantile drops the NaN of a histogram without observations.
func (r ruler) quantile(q float64, histogram views.Metric, window string) string {
	classic := append(r.level(), "le")
	return fmt.Sprintf("histogram_quantile(%v, %s) >= 0\nor\nhistogram_quantile(%[1]v, sum %[3]s (rate(%s_bucket[%s]))) >= 0",
		q, r.sum(fmt.Sprintf("rate(%s[%s])", histogram.Name, window)),
		by(classic...), histogram.Name, window)
}

// above returns the share of observations above a bound.
func (r ruler) above(bound float64, histogram views.Metric, window string) string {
	rate := func(suffix string) string {
		return r.sum(fmt.Sprintf("rate(%s%s[%s])", histogram.Name, suffix, window))
	}
	return fmt.Sprintf(`1 - (
  histogram_fraction(0, %s, %s) >= 0
  or
  %s
  /
  (%s > 0)
)`, number(bound), rate(""), rate("_bucket{"+le(bound)+"}"), rate("_count"))
}

// le matches a bucket bound in each way that it is written: the text format,
// OpenMetrics and OTLP agree on few numbers.
func le(bound float64) string {
	spellings := []string{number(bound), strconv.FormatFloat(bound, 'f', -1, 64)}
	for _, spelling := range spellings {
		if !strings.ContainsAny(spelling, ".e") {
			spellings = append(spellings, spelling+".0")
		}
	}
	for i, spelling := range spellings {
		spellings[i] = regexp.QuoteMeta(spelling)
	}
	slices.Sort(spellings)
	return fmt.Sprintf("le=~%q", strings.Join(slices.Compact(spellings), "|"))
}

// number writes a number as PromQL and the exposition do.
func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// indent sets an expression in parentheses on lines of its own.
func indent(expr string) string {
	return "(\n  " + strings.ReplaceAll(expr, "\n", "\n  ") + "\n)"
}
