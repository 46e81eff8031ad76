package dashboards

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// telemetry reports whether the other panels can be believed. Nothing here is
// selected by service: what overflowed has lost that label.
func (p writer) telemetry() []panel {
	m := p.metrics
	const pushed = "not scraped"
	const collector = "no collector"
	return []panel{
		{
			kind: value, width: 8, height: 6, unit: "none", full: true, title: "Targets up", none: pushed,
			description: "1 if the last scrape worked. Telemetry that is pushed has no targets. DSPyTargetDown watches it.",
			steps:       []step{{color: "red"}, {1, "green"}},
			queries:     []query{{expr: p.ofOurs(series("up")), legend: legend(job, instance)}},
		},
		{
			kind: lines, width: 8, height: 6, unit: "s", title: "Scrape duration", none: pushed,
			description: "How long a scrape takes. It must stay well below the scrape timeout, or series go missing all at once.",
			queries:     []query{{expr: p.ofOurs(series("scrape_duration_seconds")), legend: legend(instance)}},
		},
		{
			kind: lines, width: 8, height: 6, unit: "short", title: "Samples per scrape", none: pushed,
			description: "Samples in each scrape, before any is dropped. Steady growth is a label with too many values, long before it hurts.",
			queries:     []query{{expr: p.ofOurs(series("scrape_samples_scraped")), legend: legend(instance)}},
		},
		{
			kind: lines, width: 8, height: 6, unit: "cps", bad: true, title: "Label values over budget", needs: []views.Metric{m.LabelOverflow}, none: "none reported",
			description: "Measurements per second with a label value that was recorded as other, by label. The log names the values; DSPyLabelOverflow watches it.",
			steps:       []step{{color: "green"}, {0.001, "yellow"}},
			queries:     []query{{expr: p.total(m.LabelOverflow, rate, p.labels.Overflowed.Key), legend: legend(p.labels.Overflowed.Key)}},
		},
		{
			kind: lines, width: 8, height: 6, unit: "short", bad: true, title: "Overflow series", none: "none",
			description: "Metrics whose number of series passed the limit of the SDK, by instance: what is over it has lost all of its labels. DSPyMetricOverflow watches it.",
			steps:       []step{{color: "green"}, {1, "yellow"}},
			queries:     []query{{expr: promql.Aggregate("count", p.overflow(), instance), legend: legend(instance)}},
		},
		{
			kind: lines, bad: true, width: 8, height: 6, unit: "cps", title: "Failed scrapes and exports", needs: []views.Metric{m.ScrapeErrors, m.ExportErrors}, none: "none reported",
			description: "Scrapes that left something out, and OTLP pushes that failed, per second. DSPyScrapeErrors and DSPyExportErrors watch them.",
			steps:       []step{{color: "green"}, {0.001, "yellow"}},
			queries: []query{
				{expr: p.total(m.ScrapeErrors, rate, instance), legend: legend(instance) + " scrapes"},
				{expr: p.total(m.ExportErrors, rate, instance), legend: legend(instance) + " exports"},
			},
		},
		{
			kind: rows, width: 16, height: 6, unit: "short", title: "Builds", counted: "Instances", needs: []views.Metric{m.BuildInfo}, none: "none reported",
			description: "Which builds run, and how many instances of each.",
			queries: []query{{
				expr:    promql.Aggregate("count", p.selector(m.BuildInfo, ""), p.labels.Version.Key, p.labels.Revision.Key, p.labels.GoVersion.Key),
				instant: true,
			}},
		},
		{
			kind: lines, width: 8, height: 6, unit: "cps", bad: true, title: "Refused scores", needs: []views.Metric{m.RefusedScores}, none: "none refused",
			description: "Scores per second that were not recorded because they are not between 0 and 1, by metric function.",
			queries:     []query{{expr: p.total(m.RefusedScores, rate, p.labels.Score.Key), legend: legend(p.labels.Score.Key)}},
		},
		{
			kind: lines, width: 12, height: 6, unit: "percentunit", full: true, title: "Collector queue", none: collector,
			description: "How full the sending queues of the OpenTelemetry collector are. A full one drops what comes next; DSPyCollectorQueueNearlyFull watches it.",
			steps:       rising(0.5, 0.8),
			queries: []query{{
				expr:   "max by (exporter) (otelcol_exporter_queue_size / (otelcol_exporter_queue_capacity > 0))",
				legend: legend("exporter"),
			}},
		},
		{
			kind: lines, width: 12, height: 6, unit: "cps", bad: true, title: "Collector failures", none: collector,
			description: "Data points per second that the collector could not send on, by exporter. DSPyCollectorExportFailing watches it.",
			steps:       []step{{color: "green"}, {0.001, "yellow"}},
			queries:     []query{{expr: collectorFailures(), legend: legend("exporter")}},
		},
	}
}

// overflow selects the series in which the SDK puts what is over its limit.
func (p writer) overflow() string {
	var names []string
	for _, metric := range p.metrics.All() {
		if metric.Kind == views.Histogram {
			metric.Name += "(_count)?"
		}
		names = append(names, metric.Name)
	}
	return others("", append(target(), `__name__=~"`+strings.Join(names, "|")+`"`, `otel_metric_overflow="true"`)...)
}

// collectorFailures knows both names: the collector's counters end in _total
// unless its telemetry is configured to leave suffixes out, as it is by default.
func collectorFailures() string {
	const name = "otelcol_exporter_send_failed_metric_points"
	return promql.Sum(rate(name+"_total"), "exporter") + "\nor\n" + promql.Sum(rate(name), "exporter")
}

// others selects series of a metric that is not ours.
func others(name string, matchers ...string) string {
	return name + "{" + strings.Join(matchers, ", ") + "}"
}

// legend names a line after its labels.
func legend(labels ...string) string {
	if len(labels) == 0 {
		return ""
	}
	return "{{" + strings.Join(labels, "}} {{") + "}}"
}
