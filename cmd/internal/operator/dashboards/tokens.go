package dashboards

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func (p writer) tokens() []panel {
	m := p.metrics
	service, tokenType, reason := p.labels.Service.Key, p.labels.TokenType.Key, p.labels.UsageReason.Key
	model, source := p.labels.Model.Key, p.labels.Source.Key
	panels := []panel{
		{
			kind: lines, width: 9, height: 8, unit: "cps", title: "Tokens by type", needs: []views.Metric{m.Tokens}, none: "no tokens reported",
			description: "Tokens spent per second. Cached ones are part of the input and reasoning is part of the output, so the lines do not add up.",
			queries:     []query{{expr: p.total(m.Tokens, rate, service, tokenType), legend: legend(service, tokenType)}},
		},
		{
			kind: lines, width: 6, height: 8, unit: "currencyUSD", title: "Cost per hour", needs: []views.Metric{m.Cost}, none: "no cost reported",
			description: "US dollars an hour at the present rate, by service. What an endless loop of an agent looks like first.",
			queries:     []query{{expr: p.total(m.Cost, rate, service) + " * 3600", legend: legend(service)}},
		},
		{
			kind: lines, width: 6, height: 8, unit: "currencyUSD", title: "Cost per prediction", needs: []views.Metric{m.Cost, m.Predictions}, none: "no cost reported",
			description: "US dollars per prediction, cached ones included: the cache pays off here.",
			queries: []query{{
				expr: p.total(m.Cost, rate, service) + "\n/\n(" + p.total(m.Predictions, rate, service) + " > 0)", legend: legend(service),
			}},
		},
		{
			kind: value, width: 3, height: 8, unit: "currencyUSD", title: "Cost", needs: []views.Metric{m.Cost}, none: "no cost reported",
			description: "US dollars spent in the time range.",
			queries:     []query{{expr: p.total(m.Cost, increase("$__range")), instant: true}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", stacked: true, title: "Output tokens by model", needs: []views.Metric{m.Tokens}, none: "no tokens reported",
			description: "Tokens that each model wrote per second.",
			queries: []query{{
				expr: promql.Sum(rate(p.selector(m.Tokens, "", fmt.Sprintf("%s=%q", tokenType, views.TokensOutput))), model), legend: legend(model),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "currencyUSD", stacked: true, title: "Cost per hour by model", needs: []views.Metric{m.Cost}, none: "no cost reported",
			description: "US dollars an hour at the present rate, by model and by who says so: the provider, or the price list of the service.",
			queries:     []query{{expr: p.total(m.Cost, rate, model, source) + " * 3600", legend: legend(model, source)}},
		},
		{
			kind: lines, width: 24, height: 6, unit: "cps", stacked: true, bad: true, title: "Answers of unknown usage", needs: []views.Metric{m.UsageMissing}, none: "none reported",
			description: "Answers per second whose tokens or cost are not known, by reason. What the other panels of this row show is too low by these.",
			queries:     []query{{expr: p.total(m.UsageMissing, rate, service, reason), legend: legend(service, reason)}},
		},
	}
	if shares := p.budgetShares(); len(shares) > 0 {
		panels = append(panels, panel{
			kind: value, width: 24, height: 4, unit: "percentunit", title: "Daily budget by model", needs: []views.Metric{m.Cost}, none: "no cost reported", alert: "DSPyOverBudget",
			description: "Share of the daily budget of a service that each model has cost it in the last 24 hours and, of a model with a budget of its own, the share of that. Red is more than there is.",
			steps:       rising(0.8, 1),
			queries:     shares,
		})
	}
	return panels
}

// budgetShares ask which share of each budget the last 24 hours cost.
func (p writer) budgetShares() []query {
	cost, service, model := p.metrics.Cost, p.labels.Service.Key, p.labels.Model.Key
	if !slices.Contains(cost.Labels, model) {
		return nil
	}
	day := increase("1d")
	var out []query
	if usd := p.objectives.DailyBudget; usd > 0 {
		out = append(out, query{expr: p.total(cost, day, service, model) + " / " + promql.Number(usd), legend: legend(service, model), instant: true})
	}
	for _, name := range slices.Sorted(maps.Keys(p.objectives.ModelBudgets)) {
		spent := promql.Sum(day(p.selector(cost, "", fmt.Sprintf("%s=%q", model, name))), model)
		out = append(out, query{expr: spent + " / " + promql.Number(p.objectives.ModelBudgets[name]), legend: legend(model) + " of its own", instant: true})
	}
	return out
}
