// Package genai has the metrics of OpenTelemetry's conventions for generative AI as
// Prometheus knows them, with the labels that dashboards ask for.
package genai

import (
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/genai"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Metrics are those that have a panel, of both generations.
type Metrics struct {
	// Of the released generation.
	OperationDuration, TimeToFirstChunk, TokenUsage views.Metric
	// Of the new one.
	InvocationDuration, InputTokens, OutputTokens views.Metric
}

// Labels are the names of the labels.
type Labels struct{ Provider, Model, TokenType, ErrorType string }

// NewLabels returns the labels as Prometheus spells them.
func NewLabels() Labels {
	return Labels{
		Provider: underscored(string(genai.ProviderName)), Model: underscored(string(genai.RequestModel)),
		TokenType: underscored(string(genai.TokenType)), ErrorType: underscored(string(genai.ErrorType)),
	}
}

// NewMetrics returns the metrics, each with those of the labels that it has.
func NewMetrics() Metrics {
	labels, usage := NewLabels(), genai.Usage()
	model := []string{labels.Provider, labels.Model}
	return Metrics{
		OperationDuration:  exposed(genai.OperationDuration(), with(model, labels.ErrorType)...),
		TimeToFirstChunk:   exposed(genai.TimeToFirstChunk(), model...),
		TokenUsage:         exposed(genai.TokenUsage(), with(model, labels.TokenType)...),
		InvocationDuration: exposed(genai.InvocationDuration(), labels.Model, labels.ErrorType),
		InputTokens:        exposed(usage[views.TokensInput], model...),
		OutputTokens:       exposed(usage[views.TokensOutput], model...),
	}
}

// All returns the metrics in a fixed order.
func (m Metrics) All() []views.Metric {
	return []views.Metric{m.OperationDuration, m.TimeToFirstChunk, m.TokenUsage, m.InvocationDuration, m.InputTokens, m.OutputTokens}
}

// exposed gives a metric the name that it has on /metrics.
func exposed(m views.Metric, labels ...string) views.Metric {
	m.Name, m.Labels = underscored(m.Instrument), labels
	if m.Unit == "s" {
		m.Name += "_seconds"
	}
	if m.Kind == views.Counter {
		m.Name += "_total"
	}
	return m
}

func underscored(name string) string { return strings.ReplaceAll(name, ".", "_") }

func with(labels []string, more string) []string { return append(slices.Clone(labels), more) }
