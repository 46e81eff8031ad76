package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// target are the labels that say whose series they are. A label that series do
// not have vanishes, so the same rules serve one host and many clusters.
func target() []string { return []string{"cluster", "namespace", "job"} }

// level returns the labels of what is recorded.
func (r ruler) level() []string { return append(target(), r.contract.Labels.Service.Key) }

// record names a recorded series: level, metric, operations.
func (r ruler) record(metric views.Metric, operations string) string {
	return Recorded(r.contract.Labels, metric, operations)
}

// Recorded names what the rules record of a metric, such as [SlowRatio] and a window.
func Recorded(labels views.Labels, metric views.Metric, operations string) string {
	return strings.Join(append(target(), labels.Service.Key), "_") + ":" + strings.TrimSuffix(metric.Name, "_total") + operations
}

// SlowRatio is recorded of the duration of predictions: the share of those that are
// slow, over the window that follows, from 5m to 30d.
const SlowRatio = slow + ratio

// LostRatio is recorded of the predictions: the share of the callers who got no
// answer through no doing of theirs, over the window that follows, from 5m to 30d.
func LostRatio(metrics views.Metrics) string {
	part, _ := ruler{metrics: metrics}.loss()
	return part + ratio
}

func by(labels ...string) string { return "by (" + strings.Join(labels, ", ") + ")" }

// sum adds up the series of a service.
func (r ruler) sum(expr string) string { return promql.Sum(expr, r.level()...) }

// selector selects the predictions that ended. The series that takes what is
// beyond a cardinality limit has no status: its outcome is not known.
func (r ruler) selector() string {
	return fmt.Sprintf(`%s{%s!=""}`, r.metrics.Predictions.Name, r.contract.Labels.Status.Key)
}

// failures selects those that did not succeed.
func (r ruler) failures() string {
	return fmt.Sprintf(`%s{%[2]s!="",%[2]s!=%q}`, r.metrics.Predictions.Name, r.contract.Labels.Status.Key, views.StatusSuccess)
}

// successes selects those that succeeded.
func (r ruler) successes() string {
	return fmt.Sprintf(`%s{%s=%q}`, r.metrics.Predictions.Name, r.contract.Labels.Status.Key, views.StatusSuccess)
}

// job selects series of the jobs of the service.
func (r ruler) job(name string) string {
	return name + "{" + promql.Match("job", r.objectives.Job) + "}"
}

// join makes a regular expression of values that are matched as they are.
func join(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = regexp.QuoteMeta(value)
	}
	return strings.Join(quoted, "|")
}

// observations counts the observations of a histogram in a window, the classic
// form first as above does.
func (r ruler) observations(histogram views.Metric, function, window string) string {
	return r.objectives.Histograms.Choose(
		r.sum(promql.Range(function, histogram.Name+"_count", window)),
		"histogram_count("+r.sum(promql.Range(function, histogram.Name, window))+")",
		promql.Or)
}

// quantile drops the NaN of a histogram without observations.
func (r ruler) quantile(q float64, histogram views.Metric, window string) string {
	quantile := func(suffix string, by ...string) string {
		return fmt.Sprintf("histogram_quantile(%v, %s) >= 0", q, promql.Sum(promql.Range("rate", histogram.Name+suffix, window), by...))
	}
	return r.objectives.Histograms.Choose(
		quantile("_bucket", append(r.level(), "le")...),
		quantile("", r.level()...),
		func(classic, native string) string { return promql.Or(native, classic) })
}

// above returns the rate of observations above a bucket's bound. The bucket counts exactly where a native histogram, whose
// buckets have other bounds, estimates, so it comes first where both are stored.
func (r ruler) above(bound float64, histogram views.Metric, window string) string {
	rate := func(suffix string) string {
		return r.sum(promql.Range("rate", histogram.Name+suffix, window))
	}
	return r.objectives.Histograms.Choose(
		fmt.Sprintf("%s\n-\n%s", rate("_count"), rate("_bucket{"+promql.Bucket(bound)+"}")),
		fmt.Sprintf("histogram_count(%s)\n*\n(1 - (histogram_fraction(0, %s, %[1]s) >= 0))", rate(""), promql.Number(bound)),
		promql.Or)
}
