package dashboards

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// writer writes expressions about the metrics of a contract.
type writer struct {
	labels     views.Labels
	metrics    views.Metrics
	objectives slo.Objectives
	// models are the labels that the board of generative AI chooses by.
	models []string
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

// place are the labels that say where a fleet is. Where there is one place only,
// series do not have them.
func place() []string { return []string{"cluster", "namespace"} }

// target are the matchers that every selector of a service's series has.
func target() []string {
	var all []string
	for _, label := range append(place(), job, instance) {
		all = append(all, chosen(label))
	}
	return all
}

// chosen matches what the dashboard's variable of the same name holds.
func chosen(label string) string { return label + `=~"$` + label + `"` }

// selector selects the series of the metric that the variables choose. The
// suffix is for the series of a classic histogram.
func (p writer) selector(m views.Metric, suffix string, matchers ...string) string {
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
func (p writer) controls() []string {
	keys := []string{p.labels.Service.Key, p.labels.PredictionType.Key}
	for _, label := range p.labels.Own {
		keys = append(keys, label.Key)
	}
	return append(keys, p.models...)
}

// total is the sum over series.
func (p writer) total(m views.Metric, over over, by ...string) string {
	return promql.Sum(over(p.selector(m, "")), by...)
}

// failed matches every status but success. The second matcher is for a series
// without the label: a cardinality overflow of the SDK is no failure.
func (p writer) failed() []string {
	key := p.labels.Status.Key
	return []string{fmt.Sprintf("%s!=%q", key, views.StatusSuccess), key + `!=""`}
}

// failedShare is the share of predictions that failed: 0 without a series of
// failures, and absent without predictions.
func (p writer) failedShare(over over, by ...string) string {
	all := p.total(p.metrics.Predictions, over, by...)
	failed := promql.Sum(over(p.selector(p.metrics.Predictions, "", p.failed()...)), by...)
	return fmt.Sprintf("(\n  %s\n  or\n  0 * %s\n)\n/\n(%s > 0)", failed, all, all)
}

// hitShare is the share of lookups that a cache answered. Hits and misses stand
// in for each other at zero, as a cache may have known only one of them.
func (p writer) hitShare(over over, by ...string) string {
	hits, misses := p.total(p.metrics.CacheHits, over, by...), p.total(p.metrics.CacheMisses, over, by...)
	hits, misses = fmt.Sprintf("(%s or 0 * %s)", hits, misses), fmt.Sprintf("(%s or 0 * %s)", misses, hits)
	return fmt.Sprintf("%s\n/\n(\n  (\n    %s\n    +\n    %s\n  )\n  > 0\n)", hits, hits, misses)
}

func (p writer) quantile(q float64, m views.Metric, by ...string) string {
	quantile := func(suffix string, by ...string) string {
		return fmt.Sprintf("histogram_quantile(%v, %s)", q, promql.Sum(rate(p.selector(m, suffix)), by...))
	}
	return p.form(quantile("_bucket", append(slices.Clone(by), "le")...), quantile("", by...), nativeFirst)
}

// within is the share of observations no larger than a bucket's bound. The bucket, which is exact, comes before the native
// histogram, which estimates, where both are stored.
func (p writer) within(m views.Metric, bound float64, over over, by ...string) string {
	return p.form(
		fmt.Sprintf("%s\n/\n(%s > 0)", promql.Sum(over(p.selector(m, "_bucket", promql.Bucket(bound))), by...), promql.Sum(over(p.selector(m, "_count")), by...)),
		fmt.Sprintf("histogram_fraction(0, %v, %s)", bound, promql.Sum(over(p.selector(m, "")), by...)),
		promql.Either,
	)
}

// beyond is the share of observations larger than a bucket's bound.
func (p writer) beyond(m views.Metric, bound float64, over over, by ...string) string {
	return "1 - (" + p.within(m, bound, over, by...) + ")"
}

// count is how many observations there were.
func (p writer) count(m views.Metric, over over, by ...string) string {
	return p.part(m, "count", nil, over, by...)
}

// amount is the sum of what was observed.
func (p writer) amount(m views.Metric, over over, by ...string) string {
	return p.part(m, "sum", nil, over, by...)
}

// part is the count or the sum of the histogram's series that the matchers select.
func (p writer) part(m views.Metric, part string, matchers []string, over over, by ...string) string {
	return p.form(
		promql.Sum(over(p.selector(m, "_"+part, matchers...)), by...),
		"histogram_"+part+"("+promql.Sum(over(p.selector(m, "", matchers...)), by...)+")",
		nativeFirst)
}

// distribution is one native histogram or the buckets of classic ones, not
// both: a heatmap would count twice.
func (p writer) distribution(m views.Metric) string {
	return p.objectives.Histograms.Choose(promql.Sum(rate(p.selector(m, "_bucket")), "le"), promql.Sum(rate(p.selector(m, ""))), func(classic, native string) string {
		return fmt.Sprintf("%[1]s\nor\n(\n  %[2]s\n  unless on ()\n  %[1]s\n)", native, classic)
	})
}

// form is the expression of the forms of histograms that the boards read, without
// the NaN of a histogram that saw nothing.
func (p writer) form(classic, native string, both func(classic, native string) string) string {
	return p.objectives.Histograms.Choose(classic+" >= 0", native+" >= 0", func(string, string) string { return both(classic, native) })
}

// nativeFirst takes the native form where there are both: it has the finer buckets.
func nativeFirst(classic, native string) string { return promql.Either(native, classic) }

// burn is how many times faster than the objective allows its error budget is
// spent; variable holds the objective.
func burn(share, variable string) string {
	return fmt.Sprintf("(\n%s\n)\n/ (1 - $%s)", share, variable)
}

// left is which share of the error budget is left; below 0 it is overspent.
func left(share, variable string) string { return "1 - " + burn(share, variable) }
