package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// objective is one of availability or latency: a part of a whole, both recorded.
type objective struct {
	name, alert string
	metric      views.Metric
	part, whole string
	target      float64
	summary     string
	description string
}

func (r ruler) promises() []objective {
	var all []objective
	part, whole := r.loss()
	if exists(r.metrics.Predictions) {
		all = append(all, objective{
			name: "availability", alert: "DSPyErrorBudgetBurn", metric: r.metrics.Predictions,
			part: part, whole: whole, target: r.objectives.Availability,
			summary:     "Predictions fail, or are refused, faster than the availability objective allows.",
			description: fmt.Sprintf("as many of the callers of {{ $labels.%s }} get no answer", r.contract.Labels.Service.Key),
		})
	}
	if exists(r.metrics.PredictionDuration) {
		all = append(all, objective{
			name: "latency", alert: "DSPyLatencyBudgetBurn", metric: r.metrics.PredictionDuration,
			part: slow, target: r.objectives.Latency,
			summary:     "Predictions are slower than the latency objective allows.",
			description: fmt.Sprintf("as many of the predictions of {{ $labels.%s }} take longer than %s s", r.contract.Labels.Service.Key, promql.Number(r.objectives.LatencyBound)),
		})
	}
	return all
}

// ratios are the shares of bad predictions over the windows of the alerts. They
// read what is recorded every 30 seconds: the series of the fleet are read once,
// for 5 minutes, however far the windows reach.
func (r ruler) ratios() group {
	g := group{Name: "dspy-slo-short", Interval: "30s"}
	for _, o := range r.promises() {
		for _, window := range []string{"30m", "1h", "2h"} {
			g.Rules = append(g.Rules, r.windowRatio(o, window, rate5m, window))
		}
	}
	return g
}

// longRatios change slowly. So a subquery takes a rate of 5 minutes only every 5
// minutes, or a rate of an hour every hour. These rates cover the whole window.
func (r ruler) longRatios() group {
	g := group{Name: "dspy-slo-long", Interval: "2m"}
	for _, o := range r.promises() {
		for _, window := range []string{"6h", "1d", "3d"} {
			g.Rules = append(g.Rules, r.windowRatio(o, window, rate5m, window+":5m"))
		}
		for _, series := range []string{o.part, o.whole} {
			g.Rules = append(g.Rules, rule{
				Record: r.record(o.metric, series+":rate1h"),
				Expr:   promql.Range("avg_over_time", r.record(o.metric, series+rate5m), "1h"),
			})
		}
	}
	return g
}

// monthRatios are for the board: what is left of the budgets. Every 4 minutes, as a
// recorded value is found for 5.
func (r ruler) monthRatios() group {
	g := group{Name: "dspy-slo-budget", Interval: "4m"}
	for _, o := range r.promises() {
		month := r.windowRatio(o, slo.Window, ":rate1h", slo.Window+":1h")
		// Within the first hour there is no rate at the full hour.
		month.Expr += "\nor\n" + r.record(o.metric, o.part+ratio+"3d")
		g.Rules = append(g.Rules, month)
	}
	return g
}

func (r ruler) windowRatio(o objective, window, of, over string) rule {
	return rule{
		Record: r.record(o.metric, o.part+ratio+window),
		Expr: fmt.Sprintf("%s\n/\n(%s > 0)",
			promql.Range("sum_over_time", r.record(o.metric, o.part+of), over),
			promql.Range("sum_over_time", r.record(o.metric, o.whole+of), over)),
	}
}

// budgets are the alerts on the error budgets.
func (r ruler) budgets() group {
	g := group{Name: "dspy-slo-alerts", Interval: "30s"}
	for _, o := range r.promises() {
		for _, b := range slo.BurnAlerts() {
			g.Rules = append(g.Rules, r.burnAlert(o, b))
		}
	}
	return g
}

// burnAlert is true if the budget burns fast enough in any of its long windows, and
// still does in the short one. A page also requires a burn in the last five minutes.
// So an incident that is over pages nobody, even while a long window contains it.
func (r ruler) burnAlert(o objective, b slo.BurnAlert) rule {
	rest := promql.Parentheses("1 - " + promql.Number(o.target))
	rest = strings.NewReplacer("\n  ", "", "\n", "").Replace(rest)
	var conditions, windows []string
	for _, rate := range b.Rates {
		threshold := promql.Number(rate.Factor) + " * " + rest
		shorts := []string{rate.Short}
		if b.Severity == "critical" && rate.Short != "5m" {
			shorts = append(shorts, "5m")
		}
		all := []string{fmt.Sprintf("(%s > %s) / %s", r.record(o.metric, o.part+ratio+rate.Long), threshold, rest)}
		for _, short := range shorts {
			all = append(all, fmt.Sprintf("%s > %s", r.record(o.metric, o.part+ratio+short), threshold))
		}
		all = append(all, fmt.Sprintf("%s >= %s", r.recordedVolume(o, rate.Long), promql.Number(r.objectives.BudgetVolume)))
		conditions = append(conditions, promql.Parentheses(strings.Join(all, "\nand\n")))
		windows = append(windows, rate.Long+"/"+rate.Short)
	}
	a := alert(o.alert, b.Severity, b.Wait, strings.Join(conditions, "\nor\n"), o.summary,
		fmt.Sprintf("{{ $value | humanize }} times %s as the objective of %s allows. The budget of %d days lasts that much shorter.",
			o.description, percent(o.target), slo.Days))
	a.Labels["slo"], a.Labels["windows"] = o.name, strings.Join(windows, " ")
	return a
}

// recordedVolume is how many predictions a window has seen: rates of 5 minutes,
// each for as long as the step to the next one.
func (r ruler) recordedVolume(o objective, window string) string {
	step, seconds := "5m", 300
	if window == "1h" {
		step, seconds = "1m", 60
	}
	return fmt.Sprintf("%s * %d", promql.Range("sum_over_time", r.record(o.metric, o.whole+rate5m), window+":"+step), seconds)
}

func percent(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }
