// Package guide describes the metric contract in plain sentences. The built-in
// predictor answers from this text if a question has no context of its own.
package guide

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Text returns the sentences, each on a line of its own.
func Text(contract views.Contract) string {
	lines := []string{
		"These are the metrics of a DSPy prediction service, recorded through OpenTelemetry by dspy-metrics.",
		"Prometheus reads the metrics at the path /metrics of the service, as text or as OpenMetrics.",
		"Set the variable OTEL_EXPORTER_OTLP_ENDPOINT to push the same metrics to a collector by OTLP.",
		"A prediction is one answer asked for, and it ends in exactly one status, success or failure.",
		"A failed prediction adds exactly one error to the errors, with its error type.",
		"At every moment the predictions that started are those that succeeded, failed or are still active.",
		"A label value that is over the budget of its label is recorded as other.",
		"An empty label value is recorded as unknown.",
	}
	for _, m := range contract.Metrics.All() {
		lines = append(lines, metric(m)...)
	}
	for _, l := range contract.Labels.All() {
		if len(l.Values) > 0 {
			lines = append(lines, fmt.Sprintf("Values of %s: %s.", l.Key, and(l.Values)))
		}
	}
	return strings.Join(lines, "\n\n") + "\n"
}

func metric(m views.Metric) []string {
	lines := []string{fmt.Sprintf("The %s %s tells: %s.", m.Kind, m.Name, lowerFirst(m.Description))}
	if len(m.Labels) > 0 {
		lines = append(lines, fmt.Sprintf("The labels of %s are %s.", m.Name, and(m.Labels)))
	}
	if m.Kind == views.Histogram {
		bounds := make([]string, len(m.Buckets))
		for i, bound := range m.Buckets {
			bounds[i] = strconv.FormatFloat(bound, 'g', -1, 64)
		}
		lines = append(lines, fmt.Sprintf("The histogram %s uses the buckets %s seconds.", m.Name, and(bounds)))
	}
	return lines
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func and(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
