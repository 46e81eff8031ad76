package dashboards

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// lowScore is the bound below which an answer is poor: a bucket's.
const lowScore = 0.5

// answers tells how predictions come about, and whether they are any good.
func (p writer) answers() []panel {
	m := p.metrics
	service, predictionType, model := p.labels.Service.Key, p.labels.PredictionType.Key, p.labels.Model.Key
	reason, score, tokenType := p.labels.FinishReason.Key, p.labels.Score.Key, p.labels.TokenType.Key
	return []panel{
		{
			kind: lines, width: 12, height: 8, unit: "short", title: "Language model calls per prediction", needs: []views.Metric{m.LMCalls, m.Predictions}, none: "no calls reported",
			description: "How many calls of language models a prediction takes, by service and type. An agent that loops is seen here first.",
			queries:     []query{{expr: p.perPrediction(m.LMCalls, service, predictionType), legend: legend(service, predictionType)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", stacked: true, title: "Language model calls by model", needs: []views.Metric{m.LMCalls}, none: "no calls reported",
			description: "Calls of language models per second, those that a cache answered included.",
			queries:     []query{{expr: p.total(m.LMCalls, rate, model), legend: legend(model)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "short", title: "Tool calls per prediction", needs: []views.Metric{m.ToolCalls, m.Predictions}, none: "no calls reported",
			description: "How many calls of tools a prediction takes, by service and type.",
			queries:     []query{{expr: p.perPrediction(m.ToolCalls, service, predictionType), legend: legend(service, predictionType)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "short", bad: true, title: "Parse failures per prediction", needs: []views.Metric{m.ParseFailures, m.Predictions}, none: "no failures reported",
			description: "Completions that could not be parsed, by service and type. Each costs another call; truncation is a usual cause.",
			queries:     []query{{expr: p.perPrediction(m.ParseFailures, service, predictionType), legend: legend(service, predictionType)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", stacked: true, title: "Finish reasons", needs: []views.Metric{m.Finishes}, none: "none reported",
			description: "Answers of language models per second, by why they ended. Green ended by themselves or to call a tool.",
			colors: []color{
				{"^(" + views.FinishStop + "|" + views.FinishToolCalls + ")$", "green"},
				{"^" + views.FinishLength + "$", "yellow"},
				{"^(" + views.FinishContentFilter + "|" + views.FinishError + ")$", "red"},
			},
			queries: []query{{expr: p.total(m.Finishes, rate, reason), legend: legend(reason)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "percentunit", bad: true, title: "Truncated answers", needs: []views.Metric{m.Finishes}, none: "none reported",
			description: "Share of the answers of language models that reached their limit of tokens, by service. What is cut off can rarely be parsed; DSPyTruncated watches it.",
			steps:       rising(0.01, 0.05),
			queries: []query{{
				expr: promql.Sum(rate(p.selector(m.Finishes, "", fmt.Sprintf("%s=%q", reason, views.FinishLength))), service) +
					"\n/\n(" + p.total(m.Finishes, rate, service) + " > 0)",
				legend: legend(service),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "none", full: true, title: "Mean score (1 is best)", needs: []views.Metric{m.PredictionScore}, none: "no scores reported",
			description: "Mean of the scores that predictions got, by service and metric function; DSPyScoreDrop compares it with the day before.",
			queries: []query{{
				expr: promql.Parentheses(p.amount(m.PredictionScore, rate, service, score)) + "\n/\n(" + p.count(m.PredictionScore, rate, service, score) + " > 0)", legend: legend(service, score),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "percentunit", full: true, bad: true, title: "Poor scores (0.5 or less)", needs: []views.Metric{m.PredictionScore}, none: "no scores reported",
			description: "Share of the scores that are 0.5 or less, by service and metric function. A mean hides a few answers that are very bad.",
			queries:     []query{{expr: p.within(m.PredictionScore, lowScore, rate, service, score), legend: legend(service, score)}},
		},
		{
			kind: lines, width: 24, height: 6, unit: "cps", title: "Tokens saved by caches", needs: []views.Metric{m.TokensSaved}, none: "none reported",
			description: "Tokens per second that cached answers once cost and this time did not, by service and type.",
			queries:     []query{{expr: p.total(m.TokensSaved, rate, service, tokenType), legend: legend(service, tokenType)}},
		},
	}
}

// perPrediction is how much of a counter falls on a prediction.
func (p writer) perPrediction(m views.Metric, by ...string) string {
	return p.total(m, rate, by...) + "\n/\n(" + p.total(p.metrics.Predictions, rate, by...) + " > 0)"
}
