package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// telemetryAlerts are about the metrics themselves, whichever way they come.
func (r ruler) telemetryAlerts() group {
	g := group{Name: "dspy-telemetry", Interval: "1m"}
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
	if exists(r.metrics.Predictions) {
		add(r.absent())
		add(r.vanished("scrape", "and"))
		add(r.vanished("push", "unless"))
	}
	return g
}

// absent is true if nothing of a job was ever seen. absent() knows no labels but
// those that it is asked for, so each job is asked for by itself.
func (r ruler) absent() rule {
	predictions := r.metrics.Predictions
	var missing []string
	for name := range strings.SplitSeq(r.objectives.Job, "|") {
		missing = append(missing, fmt.Sprintf("absent(%s{%s})", predictions.Name, promql.Match("job", name)))
	}
	return alert("DSPyAbsent", "critical", "15m",
		strings.Join(missing, "\nor\n")+"\nunless on (job)\n"+r.job("up"),
		"There are no metrics of the service.",
		fmt.Sprintf(`For 15 minutes Prometheus has had no %s of the job {{ $labels.job }}, neither scraped nor pushed, and no target of it.`, predictions.Name))
}

// vanished is true for a service that was there within a day, in its namespace,
// and is no more. One of a job that has, or had, targets is scraped; another is
// pushed.
func (r ruler) vanished(path, operator string) rule {
	rate := r.record(r.metrics.Predictions, rate5m)
	expr := fmt.Sprintf("(\n  present_over_time(%[1]s[1d])\n  unless\n  %[1]s\n)\n%[2]s on (%[3]s)\npresent_over_time(%[4]s[1d])",
		rate, operator, strings.Join(target(), ", "), jobsUp)
	described := map[string]string{
		"scrape": "and none of its targets is there",
		"push":   "and nothing is pushed",
	}[path]
	if path == "scrape" {
		expr += fmt.Sprintf("\nunless on (%s)\n%s", strings.Join(target(), ", "), jobsUp)
	}
	a := alert("DSPyServiceAbsent", "critical", "10m", expr,
		"A service has no metrics any more.",
		fmt.Sprintf("The service {{ $labels.%s }} of the job {{ $labels.job }}{{ with $labels.namespace }} in the namespace {{ . }}{{ end }} had metrics within the last day, and has had none for 10 minutes, %s.",
			r.contract.Labels.Service.Key, described))
	a.Labels["path"] = path
	return a
}

// jobsUp records whether any target of a job answers. It is there while the job has
// targets.
const jobsUp = "cluster_namespace_job:up:max"

// targetRecordings are about the targets of the service.
func (r ruler) targetRecordings() group {
	return group{Name: "dspy-target-recordings", Interval: "30s", Rules: []rule{
		{Record: jobsUp, Expr: promql.Aggregate("max", r.job("up"), target()...)},
	}}
}

// targetAlerts are about scraping. Leave the group out if all metrics are pushed.
func (r ruler) targetAlerts() group {
	g := group{Name: "dspy-targets", Interval: "30s"}
	labels := strings.Join(target(), ", ")
	g.Rules = append(g.Rules,
		alert("DSPyDown", "critical", "5m", jobsUp+" == 0",
			"No instance can be scraped.",
			`For 5 minutes Prometheus could scrape no instance of the job {{ $labels.job }}{{ with $labels.namespace }} in the namespace {{ . }}{{ end }}.`),
		alert("DSPyTargetDown", "warning", "5m",
			fmt.Sprintf("%s == 0\nand on (%s)\n%s == 1", r.job("up"), labels, jobsUp),
			"An instance cannot be scraped.",
			`Prometheus could not scrape {{ $labels.instance }} of the job {{ $labels.job }} for 5 minutes, though it could scrape others.`),
		r.notReady(),
		r.restarting("critical", ">= 0.5", "at least half of the instances"),
		r.restarting("warning", "< 0.5", "fewer than half of the instances"))
	if predictions := r.metrics.Predictions; exists(predictions) {
		g.Rules = append(g.Rules, alert("DSPyMetricsStale", "warning", "15m",
			fmt.Sprintf("%s == 1\nunless on (%s, instance)\n%s", r.job("up"), labels, predictions.Name),
			"An instance answers its scrapes without the metrics.",
			fmt.Sprintf(`{{ $labels.instance }} of the job {{ $labels.job }} has exposed no %s for 15 minutes.`, predictions.Name)))
	}
	return g
}

// restarting is true if processes start again and again. A deployment starts each
// of them once, and in Kubernetes its pods are other instances. A process that lives
// shorter than the interval of scrapes is seen as a target that is down instead.
func (r ruler) restarting(severity, share, described string) rule {
	by := by(target()...)
	starts := r.job("process_start_time_seconds")
	return alert("DSPyRestarting", severity, "1m",
		fmt.Sprintf("(\n  count %[1]s (changes(%[2]s[15m]) >= 3)\n  /\n  count %[1]s (changes(%[2]s[15m]))\n) %[3]s", by, starts, share),
		"Instances restart again and again.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the instances of the job {{ $labels.job }}{{ with $labels.namespace }} in the namespace {{ . }}{{ end }} started three times or more within 15 minutes, which is %s.`, described))
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
