package dashboards

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// series selects the targets' series of a metric that is not ours.
func series(name string) string { return others(name, target()...) }

// ofOurs keeps the series of the jobs that have our metrics: where all jobs are
// chosen, that may be all that Prometheus has.
func (p writer) ofOurs(expr string) string {
	active := p.metrics.ActivePredictions
	if active.Name == "" {
		return expr
	}
	return expr + " and on (" + job + ") last_over_time(" + p.selector(active, "") + "[$__range])"
}

func (p writer) saturation() []panel {
	m := p.metrics
	service := p.labels.Service.Key
	const missing = "not exposed by this target"
	return []panel{
		{
			kind: lines, width: 12, height: 8, unit: "short", stacked: true, title: "Active predictions by instance", needs: []views.Metric{m.ActivePredictions}, none: "none reported",
			description: "Predictions under way, of all types. One instance far above the others is a load balancer's mistake, or predictions that hang there: DSPyPredictionsStuck.",
			queries:     []query{{expr: promql.Sum(p.selector(m.ActivePredictions, ""), service, instance), legend: legend(service, instance)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "percentunit", title: "Active predictions of the limit", needs: []views.Metric{m.ActivePredictions, m.ActivePredictionsLimit}, none: "no limit reported",
			description: "Share of the predictions that an instance may make at a time which are under way. At 1 it refuses more as overloaded; DSPySaturated watches it.",
			steps:       rising(0.7, 0.9),
			queries: []query{{
				expr: promql.Sum(p.selector(m.ActivePredictions, ""), service, instance) + "\n/\n" +
					promql.Sum(p.selector(m.ActivePredictionsLimit, ""), service, instance),
				legend: legend(service, instance),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "cps", bad: true, title: "Refused as overloaded", needs: []views.Metric{m.Errors},
			description: "Requests per second that were refused because an instance makes as many predictions as it may. DSPyRefusing watches it.",
			queries: []query{{
				expr:   promql.Sum(rate(p.selector(m.Errors, "", fmt.Sprintf("%s=%q", p.labels.ErrorType.Key, views.ErrorOverloaded))), service, instance),
				legend: legend(service, instance),
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "short", title: "Busy predictions (rate × duration)", needs: []views.Metric{m.PredictionDuration},
			description: "How many predictions are under way on average, by Little's law: rate times mean duration. Unlike the gauge it misses nothing between scrapes; capacity is planned with it.",
			queries:     []query{{expr: p.amount(m.PredictionDuration, rate, service), legend: legend(service)}},
		},
		{
			kind: lines, width: 8, height: 8, unit: "percentunit", title: "CPU", none: missing,
			description: "Processor time by instance; 100 % is one core.",
			queries:     []query{{expr: promql.Sum(p.ofOurs(rate(series("process_cpu_seconds_total"))), instance), legend: legend(instance)}},
		},
		{
			kind: lines, width: 8, height: 8, unit: "bytes", title: "Resident memory", none: missing,
			description: "Memory by instance, the cache of the process included. One that only grows ends in a restart.",
			queries:     []query{{expr: promql.Sum(p.ofOurs(series("process_resident_memory_bytes")), instance), legend: legend(instance)}},
		},
		{
			kind: lines, width: 8, height: 8, unit: "short", title: "Goroutines", none: missing,
			description: "Goroutines by instance. They rise and fall with active predictions; if they only rise, something leaks.",
			queries:     []query{{expr: promql.Sum(p.ofOurs(series("go_goroutines")), instance), legend: legend(instance)}},
		},
	}
}
