package dashboards

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func (p writer) traffic() []panel {
	m, o := p.metrics, p.objectives
	service, errorType := p.labels.Service.Key, p.labels.ErrorType.Key
	predictionType, status := p.labels.PredictionType.Key, p.labels.Status.Key
	outcome := p.labels.Outcome.Key
	predictions, errors := []views.Metric{m.Predictions}, []views.Metric{m.Errors}
	return []panel{
		{
			kind: lines, width: 12, height: 8, unit: "reqps", title: "Request rate by service and type", needs: predictions,
			description: "Predictions that end per second, cached ones included. Compare with yesterday before believing any other panel.",
			queries:     []query{{expr: p.total(m.Predictions, rate, service, predictionType), legend: legend(service, predictionType)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "percentunit", bad: true, title: "Error ratio by service", needs: predictions,
			description: "Share of predictions that fail, by service; a gap is a time without traffic. The lines are the objective and the threshold of DSPyHighErrorRate.",
			steps:       rising(slo.Rest(o.Availability), o.ErrorRate),
			queries:     []query{{expr: p.failedShare(rate, service), legend: legend(service)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "reqps", bars: true, stacked: true, bad: true, title: "Failed predictions", needs: predictions, alert: "DSPyOutage",
			description: "Predictions per second that end in another status than success. The volume behind the error ratio: one failure at night is no incident.",
			queries: []query{{
				expr: promql.Sum(rate(p.selector(m.Predictions, "", p.failed()...)), service, status), legend: legend(service, status),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", stacked: true, bad: true, title: "Errors by type", needs: errors, alert: "DSPyHighErrorRate",
			description: "Errors per second, with those of requests refused before a prediction starts. The type tells whose fault it is: the caller's, the upstream's or ours.",
			queries:     []query{{expr: p.total(m.Errors, rate, service, errorType), legend: legend(service, errorType)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", bad: true, title: "Error rate trend", needs: errors,
			description: "Errors per second over the hour before, beside the same hour of the day before: whether this is new or how it always is.",
			queries: []query{
				{expr: p.total(m.Errors, increase("1h"), service) + " / 3600", legend: legend(service)},
				{expr: promql.Sum("increase("+p.selector(m.Errors, "")+"[1h] offset 1d)", service) + " / 3600", legend: legend(service) + " a day before"},
			},
		},
		{
			kind: rows, width: 12, height: 8, unit: "short", title: "Top errors", counted: "Errors", needs: errors, none: "no errors",
			description: "The 20 most frequent errors in the time range, by service and type. Where to start reading logs and traces.",
			queries: []query{{
				expr: "topk(20, " + p.total(m.Errors, increase("$__range"), service, errorType) + " > 0)", instant: true,
			}},
		},
		{
			kind: lines, width: 24, height: 6, unit: "reqps", stacked: true, bad: true, title: "Upstream attempts by outcome", needs: []views.Metric{m.UpstreamAttempts}, none: "none reported",
			description: "Attempts to get an answer from upstream per second, retries included. More attempts than predictions are retries that the error ratio does not show.",
			colors:      []color{{"^" + views.StatusSuccess + "$", "green"}},
			queries:     []query{{expr: p.total(m.UpstreamAttempts, rate, outcome), legend: legend(outcome)}},
		},
	}
}
