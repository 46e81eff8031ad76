package dashboards

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/genai"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// notEmitted is what panels say where the metrics are off.
const notEmitted = "no gen_ai metrics: --genai"

// genai shows the metrics of OpenTelemetry's conventions, by model. A panel reads the
// released generation and, for models that have only the new one, that.
func (p writer) genai() board {
	m, labels := genai.NewMetrics(), genai.NewLabels()
	p.labels.Own, p.models = nil, []string{labels.Provider, labels.Model}
	return board{
		uid: "dspy-genai", title: "DSPy / Generative AI by model", from: "now-1h",
		description: "The gen_ai.* metrics of OpenTelemetry's conventions by model: load, failures, durations and tokens. They are off unless the service has --genai.",
		variables:   p.modelVariables(m, labels),
		rows: []row{
			{title: "Operations", panels: p.operations(m, labels)},
			{title: "Tokens", panels: p.modelTokens(m, labels)},
		},
	}
}

// modelVariables are the controls of the board. A series without a model is meant by
// all of them.
func (p writer) modelVariables(m genai.Metrics, labels genai.Labels) []dashboard.VariableModel {
	list := p.variables(false)[:1] // the data source
	var narrowed []string
	for _, label := range []struct{ key, title, all string }{
		{place()[0], title(place()[0]), ".*"},
		{place()[1], title(place()[1]), ".*"},
		{job, "Job", ".+"},
		{instance, "Instance", ".+"},
		{labels.Provider, "Provider", ".*"},
		{labels.Model, "Model", ".*"},
	} {
		names := fmt.Sprintf(`__name__=~"(%s|%s)(_count)?"`, m.OperationDuration.Name, m.InvocationDuration.Name)
		selector := "{" + strings.Join(append([]string{names}, narrowed...), ", ") + "}"
		list = append(list, choice(label.key, label.title, label.all, "label_values("+selector+", "+label.key+")"))
		narrowed = append(narrowed, chosen(label.key))
	}
	return list
}

// generations is an expression over the metric of the released generation or, for
// series that it does not have, of the new one.
func generations(released, latest views.Metric, expr func(views.Metric) string) string {
	return promql.Parentheses(expr(released)) + "\nor\n" + promql.Parentheses(expr(latest))
}

func (p writer) operations(m genai.Metrics, labels genai.Labels) []panel {
	model := labels.Model
	count := func(over over, by ...string) string {
		return generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string { return p.count(one, over, by...) })
	}
	panels := []panel{
		{
			unit: "reqps", stacked: true, title: "Operations by model",
			description: "Predictions per second, by the model that was asked for. One that uses several models has none of them.",
			queries:     []query{{expr: count(rate, model)}},
		},
		{
			unit: "percentunit", bad: true, title: "Failed operations by model",
			description: "Share of the predictions that failed, by model: whether all are affected, or one. Retries within a prediction are not seen here.",
			queries: []query{{expr: generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string {
				all, failed := p.count(one, rate, model), p.part(one, "count", []string{labels.ErrorType + `!=""`}, rate, model)
				return fmt.Sprintf("(\n(%s) or 0 * (%s)\n)\n/\n((%[2]s) > 0)", failed, all)
			})}},
		},
		{
			unit: "cps", stacked: true, bad: true, title: "Failed operations by error type",
			description: "Failures per second, by model and type of error.", none: "no failures",
			queries: []query{{
				expr: generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string {
					return p.part(one, "count", []string{labels.ErrorType + `!=""`}, rate, model, labels.ErrorType)
				}),
				legend: legend(model, labels.ErrorType),
			}},
		},
		{
			unit: "s", title: "P95 duration by model",
			description: "95 of 100 predictions are faster, failed and cached ones included. It never exceeds the top bucket bound of a classic histogram: see the share above it.",
			queries: []query{{exemplar: true, expr: generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string {
				return p.quantile(0.95, one, model)
			})}},
		},
		{
			unit: "s", title: "P95 time to first chunk by model", none: "no streams",
			description: "95 of 100 streams begin sooner. The released generation has it alone, and it ends at its top bucket bound too.",
			queries:     []query{{exemplar: true, expr: p.quantile(0.95, m.TimeToFirstChunk, model)}},
		},
		{
			unit: "percentunit", bad: true, title: "Share above the top bucket by model",
			steps:       []step{{color: "green"}, {0.05, "yellow"}},
			description: "Share of the predictions that took longer than the top bucket bound. If it is more than 5 %, P95 is higher than the panel beside says.",
			queries: []query{{expr: generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string {
				return p.beyond(one, one.Buckets[len(one.Buckets)-1], rate, model)
			})}},
		},
	}
	return byModel(panels, model)
}

func (p writer) modelTokens(m genai.Metrics, labels genai.Labels) []panel {
	model := labels.Model
	tokens := func(tokenType string, latest views.Metric) string {
		released := p.part(m.TokenUsage, "sum", []string{fmt.Sprintf("%s=%q", labels.TokenType, tokenType)}, rate, model)
		return promql.Parentheses(released) + "\nor\n" + promql.Parentheses(p.total(latest, rate, model))
	}
	perOperation := func(tokens string) string {
		return promql.Parentheses(tokens) + "\n/\n(\n(" + generations(m.OperationDuration, m.InvocationDuration, func(one views.Metric) string {
			return p.count(one, rate, model)
		}) + ") > 0)"
	}
	input, output := tokens(views.TokensInput, m.InputTokens), tokens(views.TokensOutput, m.OutputTokens)
	return byModel([]panel{
		{
			unit: "cps", stacked: true, title: "Input tokens by model", none: "no tokens reported",
			description: "Tokens of prompts per second, those that the provider had cached included.",
			queries:     []query{{expr: input}},
		},
		{
			unit: "cps", stacked: true, title: "Output tokens by model", none: "no tokens reported",
			description: "Tokens of completions per second, those of reasoning included.",
			queries:     []query{{expr: output}},
		},
		{
			unit: "short", title: "Output tokens per operation by model", none: "no tokens reported",
			description: "Mean length of what a prediction with this model writes. Tokens of a prediction with several models are counted with each, and the prediction with none.",
			queries:     []query{{expr: perOperation(output)}},
		},
		{
			unit: "short", title: "Input tokens per operation by model", none: "no tokens reported",
			description: "Mean length of what a prediction with this model reads: prompts that grow are seen here.",
			queries:     []query{{expr: perOperation(input)}},
		},
	}, model)
}

// byModel gives the panels of the board what they share. A series without a model has a
// name in the legend too: that of a failure before any was named, or of a cached answer.
func byModel(panels []panel, model string) []panel {
	for i := range panels {
		one := &panels[i]
		one.kind, one.width, one.height = lines, 12, 8
		if one.none == "" {
			one.none = notEmitted
		}
		asked := &one.queries[0]
		asked.expr = fmt.Sprintf("label_replace(\n  %s,\n  %q, %q, %[2]q, \"\"\n)", strings.ReplaceAll(asked.expr, "\n", "\n  "), model, views.Unknown)
		if asked.legend == "" {
			asked.legend = legend(model)
		}
	}
	return panels
}
