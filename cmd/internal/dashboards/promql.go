package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// promql writes expressions about the metrics of a contract.
type promql struct {
	labels     views.Labels
	metrics    views.Metrics
	objectives Objectives
}

// over makes an expression of a selector and a window of time.
type over func(selector string) string

// rate is per second. Its window follows the resolution of the graph and is
// never too short for the scrape interval.
func rate(selector string) string { return "rate(" + selector + "[$__rate_interval])" }

// increase is for windows that must not depend on the graph's resolution.
func increase(window string) over {
	return func(selector string) string { return "increase(" + selector + "[" + window + "])" }
}

// The labels that Prometheus adds to whatever it scrapes.
const (
	job      = "job"
	instance = "instance"
)

// target are the matchers that every selector of a service's series has.
func target() []string { return []string{chosen(job), chosen(instance)} }

// chosen matches what the dashboard's variable of the same name holds.
func chosen(label string) string { return label + `=~"$` + label + `"` }

// selector selects the series of the metric that the variables choose. The
// suffix is for the series of a classic histogram.
func (p promql) selector(m views.Metric, suffix string, matchers ...string) string {
	all := target()
	for _, key := range p.controls() {
		if slices.Contains(m.Labels, key) {
			all = append(all, chosen(key))
		}
	}
	return m.Name + suffix + "{" + strings.Join(append(all, matchers...), ", ") + "}"
}

// controls are the labels that the variables of a board choose by, beside those
// of the target.
func (p promql) controls() []string {
	keys := []string{p.labels.Service.Key, p.labels.PredictionType.Key}
	for _, label := range p.labels.Own {
		keys = append(keys, label.Key)
	}
	return keys
}

func sum(expr string, by ...string) string { return aggregate("sum", expr, by) }

func aggregate(operator, expr string, by []string) string {
	if len(by) == 0 {
		return operator + "(" + expr + ")"
	}
	return operator + " by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

// total is the sum over series.
func (p promql) total(m views.Metric, over over, by ...string) string {
	return sum(over(p.selector(m, "")), by...)
}

// failed matches every status but success. The second matcher is for a series
// without the label: a cardinality overflow of the SDK is no failure.
func (p promql) failed() []string {
	key := p.labels.Status.Key
	return []string{fmt.Sprintf("%s!=%q", key, views.Success), key + `!=""`}
}

// failedShare is the share of predictions that failed: 0 without a series of
// failures, and absent without predictions.
func (p promql) failedShare(over over, by ...string) string {
	all := p.total(p.metrics.Predictions, over, by...)
	failed := sum(over(p.selector(p.metrics.Predictions, "", p.failed()...)), by...)
	return fmt.Sprintf("(\n  %s\n  or\n  0 * %s\n)\n/\n(%s > 0)", failed, all, all)
}

// hitShare is the share of lookups that a cache answered. Hits and misses stand
// in for each other at zero, as a cache may have known only one of them.
func (p promql) hitShare(over over, by ...string) string {
	hits, misses := p.total(p.metrics.CacheHits, over, by...), p.total(p.metrics.CacheMisses, over, by...)
	hits, misses = fmt.Sprintf("(%s or 0 * %s)", hits, misses), fmt.Sprintf("(%s or 0 * %s)", misses, hits)
	return fmt.Sprintf("%s\n/\n(\n  (\n    %s\n    +\n    %s\n  )\n  > 0\n)", hits, hits, misses)
}

// either is the native histogram's answer or, for services that have none, the
// classic one's. The comparison drops NaN, which is what no observations give.
func either(native, classic string) string {
	return fmt.Sprintf("(\n  %s\n  or\n  %s\n) >= 0", native, classic)
}

func (p promql) quantile(q float64, m views.Metric, by ...string) string {
	quantile := func(suffix string, by ...string) string {
		return fmt.Sprintf("histogram_quantile(%v, %s)", q, sum(rate(p.selector(m, suffix)), by...))
	}
	return either(quantile("", by...), quantile("_bucket", append(slices.Clone(by), "le")...))
}

// within is the share of observations no larger than a bucket's bound.
func (p promql) within(m views.Metric, bound float64, over over, by ...string) string {
	return either(
		fmt.Sprintf("histogram_fraction(0, %v, %s)", bound, sum(over(p.selector(m, "")), by...)),
		fmt.Sprintf("%s\n  /\n  (%s > 0)", sum(over(p.selector(m, "_bucket", le(bound))), by...), sum(over(p.selector(m, "_count")), by...)),
	)
}

// beyond is the share of observations larger than a bucket's bound.
func (p promql) beyond(m views.Metric, bound float64, over over, by ...string) string {
	return "1 - (" + p.within(m, bound, over, by...) + ")"
}

// count is how many observations there were.
func (p promql) count(m views.Metric, over over, by ...string) string {
	return either("histogram_count("+sum(over(p.selector(m, "")), by...)+")", sum(over(p.selector(m, "_count")), by...))
}

// amount is the sum of what was observed.
func (p promql) amount(m views.Metric, over over, by ...string) string {
	return either("histogram_sum("+sum(over(p.selector(m, "")), by...)+")", sum(over(p.selector(m, "_sum")), by...))
}

// distribution is one native histogram or the buckets of classic ones, not
// both: a heatmap would count twice.
func (p promql) distribution(m views.Metric) string {
	native := sum(rate(p.selector(m, "")))
	return fmt.Sprintf("%s\nor\n(\n  %s\n  unless on ()\n  %s\n)", native, sum(rate(p.selector(m, "_bucket")), "le"), native)
}

// le matches a bucket. Prometheus before version 3 kept whole bounds as they
// were exposed, since then they end in ".0".
func le(bound float64) string {
	number := strconv.FormatFloat(bound, 'g', -1, 64)
	pattern := regexp.QuoteMeta(number)
	if !strings.ContainsAny(number, ".e") {
		pattern += `(\.0)?`
	}
	return fmt.Sprintf("le=~%q", pattern)
}

// burn is how many times faster than the objective allows its error budget is
// spent; variable holds the objective.
func burn(share, variable string) string {
	return fmt.Sprintf("(\n%s\n)\n/ (1 - $%s)", share, variable)
}

// left is which share of the error budget is left; below 0 it is overspent.
func left(share, variable string) string { return "1 - " + burn(share, variable) }
