package dashboards

import (
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// breakdown shows the predictions by a label of the user's own, as far as their
// metrics have it.
func (p writer) breakdown(label string) []panel {
	m, o := p.metrics, p.objectives
	panels := []panel{
		{
			unit: "reqps", stacked: true, title: "Request rate", needs: []views.Metric{m.Predictions},
			description: "Predictions that end per second: whose load it is.",
			queries:     []query{{expr: p.total(m.Predictions, rate, label)}},
		},
		{
			unit: "percentunit", bad: true, title: "Error ratio", needs: []views.Metric{m.Predictions},
			description: "Share of predictions that fail: whether all are affected, or one.",
			steps:       rising(slo.Rest(o.Availability), o.ErrorRate),
			queries:     []query{{expr: p.failedShare(rate, label)}},
		},
		{
			unit: "s", title: "P95 duration", needs: []views.Metric{m.PredictionDuration},
			description: "95 of 100 predictions are faster. The line is the objective's bound.",
			steps:       []step{{color: "green"}, {o.LatencyBound, "yellow"}},
			queries:     []query{{expr: p.quantile(0.95, m.PredictionDuration, label), exemplar: true}},
		},
		{
			unit: "cps", title: "Tokens", needs: []views.Metric{m.Tokens}, none: "no tokens reported",
			description: "Tokens spent per second, by type. Cached ones are part of the input and reasoning is part of the output.",
			queries:     []query{{expr: p.total(m.Tokens, rate, label, p.labels.TokenType.Key), legend: legend(label, p.labels.TokenType.Key)}},
		},
		{
			unit: "currencyUSD", title: "Cost per hour", needs: []views.Metric{m.Cost}, none: "no cost reported",
			description: "US dollars an hour at the present rate: who spends the money.",
			queries:     []query{{expr: p.total(m.Cost, rate, label) + " * 3600"}},
		},
	}
	panels = slices.DeleteFunc(panels, func(one panel) bool { return !slices.Contains(one.needs[0].Labels, label) })
	for i := range panels {
		panels[i].kind, panels[i].width, panels[i].height = lines, 12, 8
		panels[i].title += " by " + label
		if panels[i].queries[0].legend == "" {
			panels[i].queries[0].legend = legend(label)
		}
	}
	return panels
}

// own shows the user's own metrics, each as its kind asks for.
func (p writer) own() []panel {
	var panels []panel
	for _, m := range p.metrics.Own {
		by := slices.Clone(m.Labels[:min(len(m.Labels), 2)]) // more would be too many lines
		one := panel{
			kind: lines, width: 12, height: 8, title: m.Name, needs: []views.Metric{m}, none: "none reported",
			description: m.Description + "." + among(by), negative: m.Kind == views.Gauge || m.Kind == views.UpDownCounter,
		}
		amounts, rates := unitsOf(m.Unit)
		switch m.Kind {
		case views.Counter:
			one.unit, one.queries = rates, []query{{expr: p.total(m, rate, by...)}}
		case views.Histogram:
			one.unit, one.queries = amounts, p.quantiles(m, by...)
		case views.Gauge: // two instances do not add up
			by = append(by, instance)
			fallthrough
		default:
			one.unit, one.queries = amounts, []query{{expr: promql.Sum(p.selector(m, ""), by...)}}
		}
		if m.Kind != views.Histogram {
			one.queries[0].legend = legend(by...)
		}
		panels = append(panels, one)
	}
	return panels
}

func among(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return " By " + strings.Join(labels, " and ") + "."
}

// unitsOf returns Grafana's units of an amount and of its growth per second.
func unitsOf(unit string) (amount, rate string) {
	switch unit {
	case "s":
		return "s", "none"
	case "By":
		return "bytes", "Bps"
	default:
		return "short", "cps"
	}
}
