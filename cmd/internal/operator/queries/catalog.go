package queries

import (
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/genai"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Catalog knows which series there are to ask for.
type Catalog struct {
	contract views.Contract
	recorded []string
}

// NewCatalog returns the catalog of a contract's series, of those that rules
// record from them, and of others' that our queries use.
func NewCatalog(contract views.Contract, recorded ...string) Catalog {
	return Catalog{contract: contract, recorded: recorded}
}

// Find returns the labels that the series of this name may have, and the metric
// of the contract that it is of, if any.
func (c Catalog) Find(name string) (metric views.Metric, labels []string, ok bool) {
	// The last two are what our rules keep of a fleet.
	target := []string{"job", "instance", "cluster", "namespace"}
	if own, ok := foreign()[name]; ok {
		return views.Metric{}, append(target, own...), true
	}
	if slices.Contains(c.recorded, name) {
		level, _, _ := strings.Cut(name, ":")
		return views.Metric{}, strings.Split(level, "_"), true
	}
	for _, metric := range append(c.contract.Metrics.All(), genai.NewMetrics().All()...) {
		labels := append(slices.Clone(metric.Labels), target...)
		if name == metric.Name {
			return metric, labels, true
		}
		if suffix, ok := strings.CutPrefix(name, metric.Name); ok && metric.Kind == views.Histogram {
			switch suffix {
			case "_bucket":
				return metric, append(labels, "le"), true
			case "_count", "_sum":
				return metric, labels, true
			}
		}
	}
	return views.Metric{}, nil, false
}

// foreign are the metrics that are not ours, and their labels that queries use
// beside those of the target.
func foreign() map[string][]string {
	all := map[string][]string{
		"up": nil, "scrape_duration_seconds": nil, "scrape_samples_scraped": nil,
		"process_cpu_seconds_total": nil, "process_resident_memory_bytes": nil, "process_start_time_seconds": nil, "go_goroutines": nil,
		"otelcol_exporter_queue_size": {"exporter"}, "otelcol_exporter_queue_capacity": {"exporter"},
		"otelcol_process_memory_rss": nil, "otelcol_process_memory_rss_bytes": nil,
		"prometheus_rule_evaluation_failures_total":   {"rule_group"},
		"prometheus_rule_group_last_duration_seconds": {"rule_group"}, "prometheus_rule_group_interval_seconds": {"rule_group"},
		"prometheus_tsdb_out_of_order_samples_total": nil, "prometheus_tsdb_too_old_samples_total": nil,
		"kube_deployment_status_replicas_ready": {"deployment"}, "kube_deployment_spec_replicas": {"deployment"},
		"ALERTS": {"alertname", "alertstate", "severity", "service"},
	}
	// The collector's counters end in _total or not, as its telemetry is configured.
	for name, labels := range map[string][]string{
		"otelcol_exporter_send_failed_metric_points":    {"exporter"},
		"otelcol_exporter_enqueue_failed_metric_points": {"exporter"},
		"otelcol_receiver_refused_metric_points":        {"receiver", "transport"},
	} {
		all[name], all[name+"_total"] = labels, labels
	}
	return all
}
