package dashboards

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// latencyObjective is the variable with the share of predictions that shall be
// fast.
const latencyObjective = "slo_latency_target"

// slo is for one service: objectives are promised per service.
func (p writer) slo() board {
	return board{
		uid: "dspy-slo", title: "DSPy / Service level objectives", from: "now-7d",
		description: "What one service promises, how fast it spends its error budgets, and what is left of them.",
		variables: append(p.variables(true),
			constant(objective, "The share of predictions that shall succeed", p.objectives.Availability),
			constant(latencyObjective, "The share of predictions that shall be fast", p.objectives.Latency)),
		rows: []row{
			{title: "Objectives over " + slo.Window, panels: p.standing()},
			{title: "Availability", panels: p.availability()},
			{title: "Latency", panels: p.promptness()},
		},
	}
}

// burning colors a burn rate: yellow where the slowest alert begins, orange and
// red where the two begin that page. A service that burns at the fastest factor
// spends 2 % of a month's budget in an hour.
func burning() []step {
	rates := slo.BurnRates()
	return []step{{color: "green"}, {rates[len(rates)-1].Factor, "yellow"}, {rates[1].Factor, "orange"}, {rates[0].Factor, "red"}}
}

// remaining colors what is left of a budget.
func remaining() []step { return falling(0, 0.25) }

// budget is the row of the overview board.
func (p writer) budget() []panel {
	predictions := []views.Metric{p.metrics.Predictions}
	return []panel{
		p.burnRates("Burn rate (below 1 is good)", predictions, func(window string) string { return burn(p.lost(window), objective) }, "1h", "6h"),
		p.budgetLeft("Error budget left", predictions, left(p.lost(slo.Window), objective)),
	}
}

func (p writer) burnRates(title string, needs []views.Metric, expr func(window string) string, windows ...string) panel {
	out := panel{
		kind: lines, width: 18, height: 8, unit: "none", title: title, needs: needs, steps: burning(),
		description: "How many times faster than allowed the error budget is spent. At 1 it lasts exactly as long as it has to; the lines at 6 and 14.4 are what pages, if a short window agrees with a long one.",
	}
	for _, window := range windows {
		out.queries = append(out.queries, query{expr: expr(window), legend: legend(p.labels.Service.Key) + " " + window})
	}
	return out
}

func (p writer) budgetLeft(title string, needs []views.Metric, expr string) panel {
	return panel{
		kind: value, width: 6, height: 8, unit: "percentunit", negative: true, title: title, needs: needs, steps: remaining(),
		description: "Share of the error budget of the last " + slo.Window + " that is left; below 0 the objective is missed. It is what the recording rules have recorded: Prometheus keeps 15 days unless told otherwise, and knows only those.",
		queries:     []query{{expr: expr, legend: legend(p.labels.Service.Key), instant: true}},
	}
}

// recorded selects what the rules record of a service: the share of predictions that
// were bad in a window.
func (p writer) recorded(metric views.Metric, series string) string {
	var matchers []string
	for _, label := range append(place(), job, p.labels.Service.Key) {
		matchers = append(matchers, chosen(label))
	}
	return rules.Recorded(p.labels, metric, series) + "{" + strings.Join(matchers, ", ") + "}"
}

// lost is the recorded share of callers who got no answer, and beyond that of slow
// predictions, by service, over all clusters, namespaces and jobs that are chosen.
func (p writer) lost(window string) string {
	return promql.Aggregate("max", p.recorded(p.metrics.Predictions, rules.LostRatio(p.metrics)+window), p.labels.Service.Key)
}

func (p writer) slow(window string) string {
	return promql.Aggregate("max", p.recorded(p.metrics.PredictionDuration, rules.SlowRatio+window), p.labels.Service.Key)
}

// standing are the figures to report.
func (p writer) standing() []panel {
	m, o, service := p.metrics, p.objectives, p.labels.Service.Key
	predictions, duration := []views.Metric{m.Predictions}, []views.Metric{m.PredictionDuration}
	stats := []panel{
		{
			title: "Availability", unit: "percentunit", full: true, needs: predictions, steps: falling(slo.Rest(o.ErrorRate), o.Availability),
			description: "Share of the callers who got an answer, or none through their own doing. Green is the objective.",
			queries:     []query{{expr: "1 - " + p.lost(slo.Window)}},
		},
		p.budgetLeft("Availability budget left", predictions, left(p.lost(slo.Window), objective)),
		{
			title: "Fast predictions", unit: "percentunit", full: true, needs: duration, steps: []step{{color: "red"}, {o.Latency, "green"}},
			description: "Share of predictions that took no longer than the bound of the latency objective. Green is the objective.",
			queries:     []query{{expr: "1 - " + p.slow(slo.Window)}},
		},
		p.budgetLeft("Latency budget left", duration, left(p.slow(slo.Window), latencyObjective)),
		{
			title: "Predictions a day", unit: "short", needs: predictions,
			description: "How many predictions of the last day these figures rest on. With few of them one failure spends a budget, which is why the alerts ask for a volume.",
			queries:     []query{{expr: p.total(m.Predictions, increase("1d"), service)}},
		},
		{
			title: "Failures a day", unit: "short", needs: predictions, none: "none",
			description: "How many predictions of the last day failed, whoever is to blame.",
			queries:     []query{{expr: promql.Sum(increase("1d")(p.selector(m.Predictions, "", p.failed()...)), service)}},
		},
	}
	for i := range stats {
		stats[i].kind, stats[i].width, stats[i].height = value, 4, 5
		stats[i].queries[0].instant, stats[i].queries[0].legend = true, legend(service)
	}
	return stats
}

func (p writer) availability() []panel {
	m, service := p.metrics, p.labels.Service.Key
	predictions := []views.Metric{m.Predictions}
	rates := p.burnRates("Availability burn rate (below 1 is good)", predictions, func(window string) string { return burn(p.lost(window), objective) }, windows()...)
	rates.width, rates.alert = 12, "DSPyErrorBudgetBurn"
	return []panel{
		rates,
		p.budgetOverTime("Availability budget over time", predictions, left(p.lost(slo.Window), objective)),
		{
			kind: lines, width: 24, height: 8, unit: "cps", stacked: true, bad: true, title: "What spends it: errors by type", needs: []views.Metric{m.Errors}, none: "no errors",
			description: "Errors per second. Those that are the caller's doing are here too, though they spend no budget.",
			queries:     []query{{expr: p.total(m.Errors, rate, service, p.labels.ErrorType.Key), legend: legend(service, p.labels.ErrorType.Key)}},
		},
	}
}

func (p writer) promptness() []panel {
	m, o, service := p.metrics, p.objectives, p.labels.Service.Key
	duration := []views.Metric{m.PredictionDuration}
	rates := p.burnRates("Latency burn rate (below 1 is good)", duration, func(window string) string { return burn(p.slow(window), latencyObjective) }, windows()...)
	rates.width, rates.alert = 12, "DSPyLatencyBudgetBurn"
	return []panel{
		rates,
		p.budgetOverTime("Latency budget over time", duration, left(p.slow(slo.Window), latencyObjective)),
		{
			kind: lines, width: 24, height: 8, unit: "s", title: "What spends it: P50, P95, P99", needs: duration, steps: []step{{color: "green"}, {o.LatencyBound, "yellow"}},
			description: "Duration of predictions, failed ones included. The line is the objective's bound; the dots are exemplars, each with the trace of one prediction.",
			queries:     p.quantiles(m.PredictionDuration, service),
		},
	}
}

// windows are the long and short ones of the burn-rate alerts.
func windows() []string { return []string{"5m", "1h", "6h", "3d"} }

func (p writer) budgetOverTime(title string, needs []views.Metric, expr string) panel {
	out := p.budgetLeft(title, needs, expr)
	out.kind, out.width = lines, 12
	out.queries[0].instant = false
	return out
}
