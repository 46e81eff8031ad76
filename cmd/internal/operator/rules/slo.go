package rules

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// windows returns the windows of a kind: short ones are cheap to read again
// often, long ones move slowly.
func windows(kind string) []string {
	if kind == "short" {
		return []string{"5m", "30m", "1h", "2h"}
	}
	return []string{"6h", "1d", "3d"}
}

const (
	failedRatio = "_failed:ratio_rate"
	slowRatio   = "_slow:ratio_rate"
)

// ratios are the shares of bad predictions over the windows of the alerts.
func (r ruler) ratios(kind, interval string) group {
	g := group{Name: "dspy-slo-" + kind, Interval: interval}
	for _, window := range windows(kind) {
		predictions := r.metrics.Predictions
		// The one of five minutes is among the recordings.
		if exists(predictions) && window != "5m" {
			all := r.sum("rate(" + r.selector() + "[" + window + "])")
			failed := promql.OrZero(r.sum("rate("+r.failures()+"["+window+"])"), all)
			g.Rules = append(g.Rules, rule{
				Record: r.record(predictions, failedRatio+window),
				Expr:   promql.Parentheses(failed) + "\n/\n(" + all + " > 0)",
			})
		}
		if duration := r.metrics.PredictionDuration; exists(duration) {
			g.Rules = append(g.Rules, rule{
				Record: r.record(duration, slowRatio+window),
				Expr:   r.above(r.objectives.LatencyBound, duration, window),
			})
		}
	}
	return g
}

// budgets are the alerts on the error budgets.
func (r ruler) budgets() group {
	g := group{Name: "dspy-slo-alerts"}
	if predictions := r.metrics.Predictions; exists(predictions) {
		for _, b := range slo.BurnRates() {
			volume := r.sum("increase(" + r.selector() + "[" + b.Long + "])")
			g.Rules = append(g.Rules, r.burnAlert(b, "DSPyErrorBudgetBurn", "availability", predictions, failedRatio, r.objectives.Availability, volume,
				"Predictions fail faster than the availability objective allows.",
				fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} failed in the last %s; the objective allows %s.`,
					r.contract.Labels.Service.Key, b.Long, percent(1-r.objectives.Availability))))
		}
	}
	if duration := r.metrics.PredictionDuration; exists(duration) {
		for _, b := range slo.BurnRates() {
			volume := r.observations(duration, "increase", b.Long)
			g.Rules = append(g.Rules, r.burnAlert(b, "DSPyLatencyBudgetBurn", "latency", duration, slowRatio, r.objectives.Latency, promql.Parentheses(volume),
				"Predictions are slower than the latency objective allows.",
				fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} took longer than %s s in the last %s; the objective allows %s.`,
					r.contract.Labels.Service.Key, promql.Number(r.objectives.LatencyBound), b.Long, percent(1-r.objectives.Latency))))
		}
	}
	return g
}

func (r ruler) burnAlert(b slo.BurnRate, name, objective string, metric views.Metric, ratio string, target float64, volume, summary, description string) rule {
	threshold := fmt.Sprintf("%s * (1 - %s)", promql.Number(b.Factor), promql.Number(target))
	expr := fmt.Sprintf("%s > %s\nand\n%s > %s\nand\n%s >= %s",
		r.record(metric, ratio+b.Long), threshold,
		r.record(metric, ratio+b.Short), threshold,
		volume, promql.Number(r.objectives.BudgetVolume))
	a := alert(name, b.Severity, b.Wait, expr, summary,
		fmt.Sprintf("%s At this rate the budget of 30 days is spent within %.2g days.", description, slo.Days/b.Factor))
	a.Labels["slo"], a.Labels["long"], a.Labels["short"] = objective, b.Long, b.Short
	return a
}

func percent(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }
