package check

import collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"

// Exported returns the clients after these exports, without a network.
func Exported(checker Checker, exports ...*collectorpb.ExportMetricsServiceRequest) []*Client {
	r := &Receiver{checker: checker}
	for _, export := range exports {
		r.receive(export)
	}
	return r.Clients()
}
