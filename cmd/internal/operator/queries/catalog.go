package queries

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/genai"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// catalog knows the series that there are to ask for: those of a contract, and those
// of others that the kit uses.
func catalog(documented views.Contract) *uses.Catalog {
	var all uses.Catalog
	all.Promise(contract.Of(documented))
	var exposed []contract.Metric
	for _, metric := range genai.NewMetrics().All() {
		exposed = append(exposed, other(metric.Name, contract.Kind(metric.Kind), metric.Labels...))
	}
	all.Expose(append(exposed, foreign()...))
	return &all
}

func other(name string, kind contract.Kind, labels ...string) contract.Metric {
	metric := contract.Metric{Name: name, Kind: kind}
	for _, label := range labels {
		metric.Labels = append(metric.Labels, contract.Label{ID: label, Key: label})
	}
	return metric
}

// foreign are the metrics of other programs, with the labels that the kit uses.
func foreign() []contract.Metric {
	all := []contract.Metric{
		other("process_cpu_seconds_total", contract.Counter),
		other("process_resident_memory_bytes", contract.Gauge),
		other("process_start_time_seconds", contract.Gauge),
		other("go_goroutines", contract.Gauge),
		other("otelcol_exporter_queue_size", contract.Gauge, "exporter"),
		other("otelcol_exporter_queue_capacity", contract.Gauge, "exporter"),
		other("otelcol_process_memory_rss", contract.Gauge),
		other("otelcol_process_memory_rss_bytes", contract.Gauge),
		other("prometheus_rule_evaluation_failures_total", contract.Counter, "rule_group"),
		other("prometheus_rule_group_last_duration_seconds", contract.Gauge, "rule_group"),
		other("prometheus_rule_group_interval_seconds", contract.Gauge, "rule_group"),
		other("prometheus_tsdb_out_of_order_samples_total", contract.Counter),
		other("prometheus_tsdb_too_old_samples_total", contract.Counter),
		other("kube_deployment_status_replicas_ready", contract.Gauge, "deployment"),
		other("kube_deployment_spec_replicas", contract.Gauge, "deployment"),
	}
	// The collector's counters end in _total or not, as its telemetry is configured.
	for name, labels := range map[string][]string{
		"otelcol_exporter_send_failed_metric_points":    {"exporter"},
		"otelcol_exporter_enqueue_failed_metric_points": {"exporter"},
		"otelcol_receiver_refused_metric_points":        {"receiver", "transport"},
	} {
		all = append(all, other(name, contract.Counter, labels...), other(name+"_total", contract.Counter, labels...))
	}
	return all
}
