package rules

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
)

// predictionAlerts are about what the callers of the service notice.
func (r ruler) predictionAlerts() group {
	g := group{Name: "dspy-predictions"}
	service := r.contract.Labels.Service.Key
	if predictions := r.metrics.Predictions; exists(predictions) {
		a := alert("DSPyHighErrorRate", "warning", "5m",
			fmt.Sprintf("%s > %s\nand\n%s * 300 >= %s",
				r.record(predictions, failedRatio+"5m"), promql.Number(r.objectives.ErrorRate),
				r.record(predictions, ":rate5m"), promql.Number(r.objectives.Volume)),
			"Many predictions fail.",
			fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} failed in the last 5 minutes.`, service))
		a.KeepFiringFor = "5m"
		g.Rules = append(g.Rules, a)
	}
	if duration := r.metrics.PredictionDuration; exists(duration) {
		a := alert("DSPyHighLatency", "warning", "5m",
			fmt.Sprintf("%s > %s\nand\n%s >= %s",
				r.record(duration, ":p95_5m"), promql.Number(r.objectives.P95),
				promql.Parentheses(r.observations(duration, "increase", "5m")), promql.Number(r.objectives.Volume)),
			"Predictions are slow.",
			fmt.Sprintf(`The 95th percentile of the predictions of {{ $labels.%s }} was {{ $value | humanizeDuration }} in the last 5 minutes.`, service))
		a.KeepFiringFor = "5m"
		g.Rules = append(g.Rules, a)
	}
	if active, predictions := r.metrics.ActivePredictions, r.metrics.Predictions; exists(active, predictions) {
		instance := by(append(target(), "instance", service)...)
		g.Rules = append(g.Rules, alert("DSPyPredictionsStuck", "warning", "5m",
			fmt.Sprintf("sum %[1]s (min_over_time(%[2]s[10m])) > 0\nunless\nsum %[1]s (rate(%[3]s[10m])) > 0",
				instance, active.Name, predictions.Name),
			"Predictions are active and none ends.",
			fmt.Sprintf(`At least {{ $value }} predictions of {{ $labels.%s }} on {{ $labels.instance }} were active for 10 minutes, and none ended.`, service)))
	}
	return g
}

// cacheAlerts are about caches.
func (r ruler) cacheAlerts() group {
	g := group{Name: "dspy-cache"}
	if hits, misses := r.metrics.CacheHits, r.metrics.CacheMisses; exists(hits, misses) {
		g.Rules = append(g.Rules, alert("DSPyLowCacheHitRate", "info", "10m",
			fmt.Sprintf("%s < %s\nand\n(%s + %s) * 300 >= %s",
				r.record(hits, ":ratio_rate5m"), promql.Number(r.objectives.CacheHitRate),
				r.record(hits, ":rate5m"), r.record(misses, ":rate5m"), promql.Number(r.objectives.LookupVolume)),
			"The cache answers few of its lookups.",
			fmt.Sprintf(`{{ $value | humanizePercentage }} of the cache lookups of {{ $labels.%s }} were hits in the last 5 minutes.`, r.contract.Labels.Service.Key)))
	}
	return g
}
