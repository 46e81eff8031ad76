package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
)

// spendsByModel reports whether the contract says which model costs what.
func (r ruler) spendsByModel() bool {
	return exists(r.metrics.Cost) && slices.Contains(r.metrics.Cost.Labels, r.contract.Labels.Model.Key)
}

// spendingLevel are the labels that spending is recorded by, beside that of a service.
func (r ruler) spendingLevel() []string { return append(r.level(), r.contract.Labels.Model.Key) }

func (r ruler) recordSpending() string {
	return strings.Join(r.spendingLevel(), "_") + ":" + strings.TrimSuffix(r.metrics.Cost.Name, "_total") + rate5m
}

// spendingAlerts compare with the budget of a day: of each service, and of each model
// that has one of its own.
func (r ruler) spendingAlerts() []rule {
	if !exists(r.metrics.Cost) {
		return nil
	}
	var rules []rule
	if usd := r.objectives.DailyBudget; usd > 0 {
		series := r.record(r.metrics.Cost, rate5m)
		rules = append(rules, spending{
			over: func(window string) string { return promql.Range("sum_over_time", series, window+":5m") },
			who:  fmt.Sprintf("The predictions of {{ $labels.%s }}", r.contract.Labels.Service.Key),
			usd:  usd,
		}.alerts()...)
	}
	model := r.contract.Labels.Model.Key
	for _, name := range slices.Sorted(maps.Keys(r.objectives.ModelBudgets)) {
		series := fmt.Sprintf("%s{%s=%q}", r.recordSpending(), model, name)
		alerts := spending{
			over: func(window string) string {
				return promql.Sum(promql.Range("sum_over_time", series, window+":5m"), append(target(), model)...)
			},
			who: fmt.Sprintf("The predictions with the model {{ $labels.%s }}", model),
			usd: r.objectives.ModelBudgets[name],
		}.alerts()
		for _, a := range alerts {
			// The series have this label too. It is here so that alerts of one name differ even when none fires.
			a.Labels[model] = name
		}
		rules = append(rules, alerts...)
	}
	return rules
}

// spending is what somebody spends, and the budget of a day in US dollars.
type spending struct {
	// over adds up the rates of a window, one every 5 minutes.
	over func(window string) string
	who  string
	usd  float64
}

// alerts fire when the budget is spent, and before, when it is about to be. Both look
// back from now: no hour of the day is special, and nothing starts anew at midnight.
//
// What is projected is that the last 6 hours go on. They must have cost a quarter of
// the budget for that, so a service with little traffic, or one that has just started,
// needs no threshold of its own. The last half hour must be as expensive, and that for
// an hour: a batch that has ended leads to nothing more.
func (s spending) alerts() []rule {
	over := func(window string, windows int) string {
		return fmt.Sprintf("%s * %d > %s", s.over(window), 300*windows, promql.Number(s.usd))
	}
	spent := over("1d", 1)
	soon := alert("DSPyOverBudgetSoon", "warning", "1h",
		fmt.Sprintf("%s\nand\n%s\nunless\n%s", over("6h", 4), over("30m", 48), spent),
		"More money is about to be spent than is meant to be.",
		fmt.Sprintf(`%s would cost {{ $value | printf "%%.2f" }} US dollars in 24 hours at the rate of the last 6 hours; the budget is %s.`, s.who, promql.Number(s.usd)))
	// Until DSPyOverBudget, which waits as well, takes its place.
	soon.KeepFiringFor = "10m"
	return []rule{
		alert("DSPyOverBudget", "warning", "5m", spent,
			"More money is spent than is meant to be.",
			fmt.Sprintf(`%s cost {{ $value | printf "%%.2f" }} US dollars in the last 24 hours; the budget is %s.`, s.who, promql.Number(s.usd))),
		soon,
	}
}
