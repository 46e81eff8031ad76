package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// telemetryAlerts are about the metrics themselves, whichever way they come.
func (r ruler) telemetryAlerts() group {
	g := group{Name: "dspy-telemetry"}
	add := func(a rule) { g.Rules = append(g.Rules, a) }
	if overflow := r.metrics.LabelOverflow; exists(overflow) {
		label := r.contract.Labels.Overflowed.Key
		add(alert("DSPyLabelOverflow", "warning", "5m",
			fmt.Sprintf("sum %s (increase(%s[15m])) > 0", by(append(target(), label)...), overflow.Name),
			"A label has more values than its budget, or values that it does not take.",
			fmt.Sprintf(`{{ $value | humanize }} measurements of {{ $labels.job }} were recorded with the value other of the label {{ $labels.%s }} in the last 15 minutes.`, label)))
	}
	// By prefix: the SDK's limit holds for each metric of the contract, and the
	// series has none of their labels.
	add(alert("DSPyMetricOverflow", "warning", "15m",
		fmt.Sprintf(`count %s (
  label_replace({__name__=~%q,otel_metric_overflow="true"}, "metric", "$1", "__name__", "(.+?)(?:_bucket|_count|_sum)?")
)`, by(append(target(), "metric")...), r.names()),
		"A metric has more series than the cardinality limit.",
		`Part of {{ $labels.metric }} of {{ $labels.job }} goes to the overflow series, without its labels.`))
	if errors := r.metrics.ScrapeErrors; exists(errors) {
		add(alert("DSPyScrapeErrors", "warning", "5m",
			fmt.Sprintf("sum %s (increase(%s[15m])) > 0", by(append(target(), "instance")...), errors.Name),
			"The exposition leaves something out.",
			`{{ $value | humanize }} scrapes of {{ $labels.instance }} left something out in the last 15 minutes.`))
	}
	if errors := r.metrics.ExportErrors; exists(errors) {
		// For 10 minutes, so that one refused push is no alert: the next one brings
		// the totals.
		add(alert("DSPyExportErrors", "warning", "10m",
			fmt.Sprintf("sum %s (increase(%s[5m])) > 0", by(append(target(), "instance")...), errors.Name),
			"Metrics cannot be pushed.",
			`{{ $value | humanize }} OTLP exports of {{ $labels.instance }} failed in the last 5 minutes.`))
	}
	add(alert("DSPyRuleFailures", "warning", "5m",
		fmt.Sprintf(`sum %s (increase(prometheus_rule_evaluation_failures_total{rule_group=~".+;dspy-.+"}[15m])) > 0`, by(append(target(), "rule_group")...)),
		"Prometheus cannot evaluate the rules about DSPy.",
		`{{ $value | humanize }} evaluations of {{ $labels.rule_group }} failed in the last 15 minutes.`))
	if predictions := r.metrics.Predictions; exists(predictions) {
		add(alert("DSPyAbsent", "critical", "15m",
			fmt.Sprintf("absent(%s{job=%q})\nunless on (job)\nup{job=%[2]q} == 1", predictions.Name, r.objectives.Job),
			"There are no metrics of the service.",
			fmt.Sprintf(`For 15 minutes Prometheus has had no %s of the job {{ $labels.job }}, neither scraped nor pushed.`, predictions.Name)))
	}
	return g
}

// targetAlerts are about scraping. Leave the group out if all metrics are pushed.
func (r ruler) targetAlerts() group {
	g := group{Name: "dspy-targets"}
	g.Rules = append(g.Rules, alert("DSPyTargetDown", "warning", "5m",
		fmt.Sprintf("up{job=%q} == 0", r.objectives.Job),
		"An instance cannot be scraped.",
		`Prometheus could not scrape {{ $labels.instance }} of the job {{ $labels.job }} for 5 minutes.`))
	if predictions := r.metrics.Predictions; exists(predictions) {
		g.Rules = append(g.Rules, alert("DSPyMetricsStale", "warning", "15m",
			fmt.Sprintf("up{job=%q} == 1\nunless on (%s)\n%s", r.objectives.Job, strings.Join(append(target(), "instance"), ", "), predictions.Name),
			"An instance answers its scrapes without the metrics.",
			fmt.Sprintf(`{{ $labels.instance }} of the job {{ $labels.job }} has exposed no %s for 15 minutes.`, predictions.Name)))
	}
	return g
}

// names matches the series of the contract.
func (r ruler) names() string {
	names := []string{"dspy_.+"}
	for _, metric := range r.metrics.Own {
		if metric.Kind == views.Histogram {
			metric.Name += "(_bucket|_count|_sum)?"
		}
		names = append(names, metric.Name)
	}
	return strings.Join(names, "|")
}
