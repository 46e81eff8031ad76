package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
)

// collectorAlerts are about an OpenTelemetry Collector between the service and
// Prometheus. Without a collector they never fire. The configuration of the collector
// decides whether its own counters end in _total, so the rules accept both names.
func (r ruler) collectorAlerts() group {
	rate := func(label, counter string) string {
		return fmt.Sprintf("sum %s (rate(%s_total[5m]) or rate(%[2]s[5m])) > 0", by(append(target(), "instance", label)...), counter)
	}
	up := "up{" + promql.Match("job", r.objectives.CollectorJob) + "}"
	all := promql.Aggregate("max", up, target()...)
	return group{Name: "dspy-collector", Interval: "1m", Rules: []rule{
		alert("DSPyCollectorDown", "critical", "5m", all+" == 0",
			"No collector can be scraped.",
			`For 5 minutes Prometheus could scrape no collector of the job {{ $labels.job }}: what is pushed does not arrive.`),
		alert("DSPyCollectorDown", "warning", "5m",
			fmt.Sprintf("%s == 0\nand on (%s)\n%s == 1", up, strings.Join(target(), ", "), all),
			"A collector cannot be scraped.",
			`Prometheus could not scrape the collector {{ $labels.instance }} for 5 minutes, though it could scrape others.`),
		alert("DSPyCollectorRefusing", "warning", "10m",
			rate("receiver", "otelcol_receiver_refused_metric_points"),
			"A collector refuses metrics.",
			`The receiver {{ $labels.receiver }} of {{ $labels.instance }} refuses {{ $value | humanize }} points a second.`),
		alert("DSPyCollectorExportFailing", "warning", "10m",
			rate("exporter", "otelcol_exporter_send_failed_metric_points"),
			"A collector cannot pass metrics on.",
			`The exporter {{ $labels.exporter }} of {{ $labels.instance }} fails to send {{ $value | humanize }} points a second.`),
		alert("DSPyCollectorDropping", "critical", "5m",
			rate("exporter", "otelcol_exporter_enqueue_failed_metric_points"),
			"A collector drops metrics because its queue is full.",
			`The exporter {{ $labels.exporter }} of {{ $labels.instance }} drops {{ $value | humanize }} points a second.`),
		alert("DSPyCollectorQueueNearlyFull", "warning", "5m",
			fmt.Sprintf("max %[1]s (otelcol_exporter_queue_size)\n/\n(max %[1]s (otelcol_exporter_queue_capacity) > 0)\n> 0.8",
				by(append(target(), "instance", "exporter")...)),
			"The queue of a collector is nearly full.",
			`The queue of the exporter {{ $labels.exporter }} of {{ $labels.instance }} is {{ $value | humanizePercentage }} full.`),
	}}
}
