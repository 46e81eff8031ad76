package dashboards

import (
	"fmt"
	"math"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// objective is the variable with the share of predictions that shall succeed.
const objective = "slo_target"

func (p writer) overview() board {
	b := board{
		uid: "dspy-overview", title: "DSPy / Overview", from: "now-1h",
		description: "Predictions, their errors, durations, caches and cost, and whether the telemetry about them can be trusted.",
		variables: append(p.variables(false),
			constant(objective, "The share of predictions that shall succeed", p.objectives.Availability)),
		rows: []row{
			{title: "Overview", panels: p.summary()},
			{title: "Traffic and errors", panels: p.traffic()},
			{title: "Latency", collapsed: true, panels: p.latency()},
			{title: "Answers", collapsed: true, panels: p.answers()},
			{title: "Tokens and cost", collapsed: true, panels: p.tokens()},
			{title: "Cache", collapsed: true, panels: p.cache()},
			{title: "Saturation", collapsed: true, panels: p.saturation()},
			{title: "Service level objective", collapsed: true, panels: p.budget()},
		},
	}
	for _, label := range p.labels.Own {
		if panels := p.breakdown(label.Key); len(panels) > 0 {
			b.rows = append(b.rows, row{title: "By " + label.Key, collapsed: true, panels: panels})
		}
	}
	if own := p.own(); len(own) > 0 {
		b.rows = append(b.rows, row{title: "Own metrics", collapsed: true, panels: own})
	}
	b.rows = append(b.rows, row{title: "Telemetry", collapsed: true, panels: p.telemetry()})
	return b
}

// summary answers at a glance whether somebody has to look further down: is it up, what
// fails, is it slow; then, is it full, and what does it cost. It is low, so that the graphs
// of traffic and errors begin on the first screen.
func (p writer) summary() []panel {
	m, o := p.metrics, p.objectives
	predictions := []views.Metric{m.Predictions}
	return []panel{
		{
			kind: value, width: 3, height: 3, unit: "short", title: "Instances up", alert: "DSPyDown", none: "not scraped",
			description: "Instances that Prometheus can scrape. Of a service that pushes there are none; DSPyServiceAbsent watches those.",
			steps:       []step{{color: "red"}, {1, "green"}},
			queries:     []query{{expr: promql.Sum(p.ofOurs(series("up"))), instant: true}},
		},
		{
			kind: value, width: 3, height: 3, unit: "reqps", title: "Request rate", needs: predictions,
			description: "Predictions that end per second. A sudden drop to nothing is an outage that no error ratio shows; DSPyMetricsStale watches for it.",
			queries:     []query{{expr: p.total(m.Predictions, rate)}},
		},
		{
			kind: value, width: 3, height: 3, unit: "percentunit", full: true, title: "Availability", needs: predictions,
			description: "Share of the predictions in the time range that succeeded. Green is the objective; DSPyErrorBudgetBurn watches it.",
			steps:       falling(slo.Rest(o.ErrorRate), o.Availability),
			queries:     []query{{expr: "1 - " + p.failedShare(increase("$__range")), instant: true}},
		},
		{
			kind: value, width: 3, height: 3, unit: "percentunit", title: "Error ratio", needs: predictions,
			description: "Share of predictions that fail now. DSPyHighErrorRate fires in the red.",
			steps:       rising(slo.Rest(o.Availability), o.ErrorRate),
			queries:     []query{{expr: p.failedShare(rate), instant: true}},
		},
		{
			kind: value, width: 3, height: 3, unit: "percentunit", full: true, title: "Refused callers", needs: []views.Metric{m.Predictions, m.Errors}, alert: "DSPyRefusing",
			description: "Share of the callers who are refused because the service is full. They are no predictions, so no other ratio shows them. DSPyRefusing fires in the red.",
			steps:       rising(o.RefusedRate/10, o.RefusedRate),
			queries:     []query{{expr: p.refusedShare(), instant: true}},
		},
		{
			kind: value, width: 3, height: 3, unit: "s", title: "P95 duration", needs: []views.Metric{m.PredictionDuration},
			description: "95 of 100 predictions are faster. It never exceeds the top bucket bound of a classic histogram: see the share above it. Yellow from the latency objective on; DSPyHighLatency watches it.",
			steps:       []step{{color: "green"}, {o.LatencyBound, "yellow"}},
			queries:     []query{{expr: p.quantile(0.95, m.PredictionDuration), instant: true}},
		},
		{
			kind: firings, width: 6, height: 6, title: "Firing alerts",
			description: "Alerts of these rules that fire now, in Prometheus or in Grafana. Each names its runbook.",
		},
		{
			kind: value, width: 4, height: 3, unit: "short", title: "Active predictions", needs: []views.Metric{m.ActivePredictions}, none: "none reported",
			description: "Predictions that have started and not ended, of all types. If it stays up while nothing completes, they hang: DSPyPredictionsStuck.",
			queries:     []query{{expr: promql.Sum(p.selector(m.ActivePredictions, ""))}},
		},
		{
			kind: value, width: 5, height: 3, unit: "percentunit", full: true, title: "Fullest instance, of its limit", needs: []views.Metric{m.ActivePredictions, m.ActivePredictionsLimit}, none: "no limit", alert: "DSPySaturated",
			description: "How much of what it may do at a time the busiest instance does. DSPySaturated fires in the red.",
			steps:       rising(0.7, 0.9),
			queries: []query{{expr: fmt.Sprintf("max(\n  %s\n  /\n  (%s > 0)\n)",
				promql.Sum(p.selector(m.ActivePredictions, ""), instance), promql.Aggregate("max", p.selector(m.ActivePredictionsLimit, ""), instance)), instant: true}},
		},
		{
			kind: value, width: 4, height: 3, unit: "percentunit", full: true, title: "Cache hit ratio", needs: []views.Metric{m.CacheHits, m.CacheMisses}, none: "no lookups",
			description: "Share of cache lookups that found an answer. Every miss is paid for in time and tokens, but a cache that has just started is no failure: DSPyLowCacheHitRate fires when the yellow lasts.",
			steps:       []step{{color: "yellow"}, {o.CacheHitRate, "green"}},
			queries:     []query{{expr: p.hitShare(rate), instant: true}},
		},
		{
			kind: value, width: 5, height: 3, unit: "currencyUSD", title: "Cost per hour", needs: []views.Metric{m.Cost}, none: "none reported", alert: "DSPyOverBudget",
			description: "US dollars that predictions cost an hour, at the rate of now. Yellow is more than the daily budget allows.",
			steps:       p.spending(),
			queries:     []query{{expr: p.total(m.Cost, rate) + " * 3600"}},
		},
	}
}

// refusedShare is the share of callers for whom there was no place.
func (p writer) refusedShare() string {
	refused := promql.Sum(rate(p.selector(p.metrics.Errors, "", fmt.Sprintf("%s=%q", p.labels.ErrorType.Key, views.ErrorOverloaded))))
	all := p.total(p.metrics.Predictions, rate)
	return fmt.Sprintf("(%s or 0 * %s)\n/\n((%[2]s + (%[1]s or 0 * %[2]s)) > 0)", refused, all)
}

// spending colors what is spent an hour by the daily budget, if there is one.
func (p writer) spending() []step {
	if p.objectives.DailyBudget == 0 {
		return nil
	}
	return []step{{color: "green"}, {math.Round(100*p.objectives.DailyBudget/24) / 100, "yellow"}}
}
