package dashboards

import (
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
			{title: "Latency", panels: p.latency()},
			{title: "Answers", panels: p.answers()},
			{title: "Tokens and cost", panels: p.tokens()},
			{title: "Cache", panels: p.cache()},
			{title: "Saturation", panels: p.saturation()},
			{title: "Service level objective", panels: p.budget()},
		},
	}
	for _, label := range p.labels.Own {
		if panels := p.breakdown(label.Key); len(panels) > 0 {
			b.rows = append(b.rows, row{title: "By " + label.Key, panels: panels})
		}
	}
	if own := p.own(); len(own) > 0 {
		b.rows = append(b.rows, row{title: "Own metrics", panels: own})
	}
	b.rows = append(b.rows, row{title: "Telemetry", collapsed: true, panels: p.telemetry()})
	return b
}

// summary answers at a glance whether somebody has to look further down.
func (p writer) summary() []panel {
	m, o := p.metrics, p.objectives
	predictions := []views.Metric{m.Predictions}
	return []panel{
		{
			kind: value, width: 3, height: 4, unit: "percentunit", full: true, title: "Availability", needs: predictions,
			description: "Share of the predictions in the time range that succeeded. Green is the objective; DSPyErrorBudgetBurn watches it.",
			steps:       falling(slo.Rest(o.ErrorRate), o.Availability),
			queries:     []query{{expr: "1 - " + p.failedShare(increase("$__range")), instant: true}},
		},
		{
			kind: value, width: 3, height: 4, unit: "reqps", title: "Request rate", needs: predictions,
			description: "Predictions that end per second. A sudden drop to nothing is an outage that no error ratio shows; DSPyMetricsStale watches for it.",
			queries:     []query{{expr: p.total(m.Predictions, rate)}},
		},
		{
			kind: value, width: 3, height: 4, unit: "percentunit", title: "Error ratio", needs: predictions,
			description: "Share of predictions that fail now. DSPyHighErrorRate fires in the red.",
			steps:       rising(slo.Rest(o.Availability), o.ErrorRate),
			queries:     []query{{expr: p.failedShare(rate), instant: true}},
		},
		{
			kind: value, width: 3, height: 4, unit: "s", title: "P95 duration", needs: []views.Metric{m.PredictionDuration},
			description: "95 of 100 predictions are faster. It never exceeds the top bucket bound of a classic histogram: see the share above it. Yellow from the latency objective on; DSPyHighLatency watches it.",
			steps:       []step{{color: "green"}, {o.LatencyBound, "yellow"}},
			queries:     []query{{expr: p.quantile(0.95, m.PredictionDuration), instant: true}},
		},
		{
			kind: value, width: 3, height: 4, unit: "short", title: "Active predictions", needs: []views.Metric{m.ActivePredictions}, none: "none reported",
			description: "Predictions that have started and not ended, of all types. If it stays up while nothing completes, they hang: DSPyPredictionsStuck.",
			queries:     []query{{expr: promql.Sum(p.selector(m.ActivePredictions, ""))}},
		},
		{
			kind: value, width: 3, height: 4, unit: "percentunit", full: true, title: "Cache hit ratio", needs: []views.Metric{m.CacheHits, m.CacheMisses}, none: "no lookups",
			description: "Share of cache lookups that found an answer. Every miss is paid for in time and tokens; DSPyLowCacheHitRate fires in the red.",
			steps:       []step{{color: "red"}, {o.CacheHitRate, "green"}},
			queries:     []query{{expr: p.hitShare(rate), instant: true}},
		},
		{
			kind: firings, width: 6, height: 4, title: "Firing alerts",
			description: "Alerts of these rules that fire now, in Prometheus or in Grafana. Each names its runbook.",
		},
	}
}
