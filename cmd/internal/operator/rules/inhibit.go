package rules

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
)

// inhibitors are no news to anybody: Alertmanager keeps other alerts back while they
// fire. What a long window remembers of an incident would become a ticket after the
// page for it has ended.
func (r ruler) inhibitors() group {
	g := group{Name: "dspy-inhibitors", Interval: "1m"}
	if len(r.promises()) == 0 {
		return g
	}
	a := alert("DSPyPagedLately", "info", "0s",
		promql.Aggregate("group", `last_over_time(ALERTS{alertname=~"DSPy(Outage|Refusing|HighLatency|ErrorBudgetBurn|LatencyBudgetBurn)",alertstate="firing",severity="critical"}[6h])`, r.level()...),
		"There was a page about this service within 6 hours.",
		fmt.Sprintf("It keeps the tickets about the error budget of {{ $labels.%s }} back, which would tell of the same incident.", r.contract.Labels.Service.Key))
	g.Rules = append(g.Rules, a)
	return g
}
