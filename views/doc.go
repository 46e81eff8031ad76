// Package views holds the metric contract of dspy-metrics and the one
// OpenTelemetry view that enforces it.
//
// The contract is data: every documented name, label, well-known value, unit
// and bucket stands in [Default] and nowhere else. Instruments, the exposition,
// the documentation, dashboards and rules derive from it. [Default] returns a
// fresh value each time, so a program changes its copy as it would any struct:
//
//	contract := views.Default()
//	contract.Metrics.PredictionDuration.Buckets = views.Buckets(views.Slow)
//	contract.Labels.PredictionType = contract.Labels.PredictionType.With("summarize")
//
// # The view
//
// Instruments are declared under their OpenTelemetry name (dspy.predictions).
// [Contract.View] renames the stream to the documented name
// (dspy_predictions_total) and keeps the unit; such names come out of every
// translation strategy of Prometheus and the collector unchanged, so that a
// scrape and an OTLP push agree. The view also removes attributes that are not
// labels of the metric, sets the bucket boundaries, and drops what is named
// like ours but is not in the contract.
//
// It is one function and not a list of views because with several views that
// match one instrument the outcome depends on their order. If you pass your own
// views to the same provider, put [Contract.View] first.
//
// # What is not promised
//
// The view cannot bound the values of a label: an attribute filter sees one
// measurement at a time. Package otelmetrics keeps the budgets.
package views
