package dashboards

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

func (p writer) latency() []panel {
	m, o := p.metrics, p.objectives
	service, predictionType := p.labels.Service.Key, p.labels.PredictionType.Key
	endpoint, statusCode := p.labels.Endpoint.Key, p.labels.StatusCode.Key
	duration, api := []views.Metric{m.PredictionDuration}, []views.Metric{m.APILatency}
	atObjective := []step{{color: "green"}, {o.LatencyBound, "yellow"}}
	panels := []panel{
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "Prediction duration: P50, P95, P99", needs: duration, steps: atObjective,
			description: "Half of the predictions, 95 and 99 of 100 are faster, by service. The dots are exemplars: each leads to the trace of one prediction. The line is the objective's bound.",
			queries:     p.quantiles(m.PredictionDuration, service),
		},
		{
			kind: heat, width: 12, height: 8, unit: "s", title: "Prediction duration: distribution", needs: duration,
			description: "How many predictions took how long. Two bands are two populations, such as cached and not, which no quantile shows.",
			queries:     []query{{expr: p.distribution(m.PredictionDuration)}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "P95 by prediction type", needs: duration, steps: atObjective,
			description: "Which kind of module is slow. Agents that call tools take longer than a plain predict: judge each against itself.",
			queries: []query{{
				expr: p.quantile(0.95, m.PredictionDuration, service, predictionType), legend: legend(service, predictionType), exemplar: true,
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "Time to first token", needs: []views.Metric{m.TimeToFirstToken}, none: "no streams",
			description: "Time from the start of a streamed prediction to its first content, by service: how long a user looks at nothing.",
			queries:     p.quantiles(m.TimeToFirstToken, service),
		},
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "Time per output token", needs: []views.Metric{m.TimePerOutputToken}, none: "no streams",
			description: "Mean time between the tokens of a stream after the first one, by service: how fast a user can read on.",
			queries:     p.quantiles(m.TimePerOutputToken, service),
		},
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "Overhead", needs: []views.Metric{m.Overhead}, none: "no upstream",
			description: "What predictions took beyond the time of their upstream, by service: the service itself and its waits before retries. The rest of a slow prediction is the model's.",
			queries:     p.quantiles(m.Overhead, service),
		},
		{
			kind: lines, width: 12, height: 8, unit: "s", title: "API latency: P95 by endpoint", needs: api,
			description: "HTTP requests by route, until the handler returned. What it adds to the prediction's duration is queueing and the service itself.",
			queries: []query{{
				expr: p.quantile(0.95, m.APILatency, service, endpoint), legend: legend(service, endpoint), exemplar: true,
			}},
		},
		{
			kind: lines, width: 12, height: 8, unit: "reqps", stacked: true, bad: true, title: "API rate by endpoint and status code", needs: api,
			colors:      []color{{" [123]..$", "green"}, {" 4..$", "yellow"}},
			description: "HTTP responses per second. 429 and 503 are overload, 499 is a client that went away: neither is a prediction.",
			queries: []query{{
				expr: p.count(m.APILatency, rate, service, endpoint, statusCode), legend: legend(service, endpoint, statusCode),
			}},
		},
	}
	for i, above := range []views.Metric{m.PredictionDuration, m.APILatency} {
		if len(above.Buckets) == 0 {
			continue
		}
		top := slices.Max(above.Buckets)
		panels = append(panels, panel{
			kind: lines, width: 12, height: 8, unit: "percentunit", bad: true, needs: []views.Metric{above},
			title:       fmt.Sprintf("%s longer than %v s, the top bucket", []string{"Predictions", "Requests"}[i], top),
			description: fmt.Sprintf("Share of what took longer than %v s, the highest bucket bound. A quantile within that share says %v s whatever the truth is: choose slower buckets.", top, top),
			steps:       []step{{color: "green"}, {0.01, "yellow"}},
			// Rounding may put a share of nothing a little below 0.
			queries: []query{{expr: "clamp_min(" + p.beyond(above, top, rate, service) + ", 0)", legend: legend(service)}},
		})
	}
	return panels
}

// quantiles are the three that everybody asks for.
func (p writer) quantiles(m views.Metric, by ...string) []query {
	var queries []query
	for _, q := range []float64{0.5, 0.95, 0.99} {
		queries = append(queries, query{expr: p.quantile(q, m, by...), legend: strings.TrimSpace(fmt.Sprintf("P%v %s", 100*q, legend(by...))), exemplar: true})
	}
	return queries
}
