package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// predictionAlerts are about what the callers of the service notice.
func (r ruler) predictionAlerts() group {
	g := group{Name: "dspy-predictions", Interval: "30s"}
	if exists(r.metrics.Predictions) {
		g.Rules = append(g.Rules, r.outage(), r.highErrorRate())
		if r.refuses() {
			g.Rules = append(g.Rules, r.refusing(), r.badRequests())
		}
	}
	if exists(r.metrics.PredictionDuration) {
		g.Rules = append(g.Rules, r.highLatency("critical", "5m", r.objectives.OutageRate), r.highLatency("warning", "15m", 0.05))
	}
	if exists(r.metrics.ActivePredictions, r.metrics.Predictions) {
		g.Rules = append(g.Rules, r.stuck())
	}
	if exists(r.metrics.ActivePredictions, r.metrics.ActivePredictionsLimit) {
		g.Rules = append(g.Rules, r.saturated())
	}
	return g
}

// quiet are windows in which a service with little traffic has seen a few
// predictions fail and none succeed. A rate of 5 minutes remembers for 5 minutes,
// so each window is 5 minutes longer than it says.
func quiet() []string { return []string{"5m", "55m", "145m", "12h"} }

// outage is true if most predictions fail, or if there are too few of them to
// speak of a share, if three failed and none succeeded.
func (r ruler) outage() rule {
	predictions := r.metrics.Predictions
	conditions := []string{fmt.Sprintf("%s > %s\nand\n%s",
		r.record(predictions, unanswered+ratio+"5m"), promql.Number(r.objectives.OutageRate), r.enough(predictions, ""))}
	for _, window := range quiet() {
		failures := promql.Range("sum_over_time", r.record(predictions, failed+rate5m), window+":1m")
		successes := promql.Range("sum_over_time", r.record(predictions, succeeded+rate5m), window)
		// 2.5, as the third failure takes a while to be seen whole. A share is what
		// the other condition tells too.
		conditions = append(conditions, fmt.Sprintf("(\n  (%s * 60 >= 2.5) * 0 + 1\n  unless\n  %s > 0\n)", failures, successes))
	}
	a := alert("DSPyOutage", "critical", "2m", strings.Join(conditions, "\nor\n"),
		"Most predictions of a service fail, or all of them.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} end without an answer.`, r.contract.Labels.Service.Key))
	a.KeepFiringFor = "15m"
	return a
}

func (r ruler) highErrorRate() rule {
	predictions := r.metrics.Predictions
	a := alert("DSPyHighErrorRate", "warning", "15m",
		fmt.Sprintf("%s > %s\nand\n%s",
			r.record(predictions, failed+ratio+"5m"), promql.Number(r.objectives.ErrorRate), r.enough(predictions, "")),
		"Many predictions fail.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} failed in the last 5 minutes, through no doing of their callers.`, r.contract.Labels.Service.Key))
	a.KeepFiringFor = "5m"
	return a
}

func (r ruler) refusing() rule {
	predictions := r.metrics.Predictions
	a := alert("DSPyRefusing", "critical", "5m",
		fmt.Sprintf("%s > %s\nand\n%s",
			r.record(predictions, refused+ratio+"5m"), promql.Number(r.objectives.RefusedRate), r.enough(predictions, asked)),
		"Callers are refused, because the service is full.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the callers of {{ $labels.%s }} were refused in the last 5 minutes.`, r.contract.Labels.Service.Key))
	a.KeepFiringFor = "15m"
	return a
}

// badRequests compares with all that is answered: a request that is not valid may
// have been refused before its prediction began.
func (r ruler) badRequests() rule {
	predictions := r.metrics.Predictions
	invalid := r.sum("rate(" + r.errorsOf(views.ErrorInvalidInput) + "[5m])")
	requests := promql.Parentheses(fmt.Sprintf("%s\n+\n%s",
		r.record(predictions, succeeded+rate5m), r.sum("rate("+r.errorsBut(views.ErrorCacheUnavailable)+"[5m])")))
	a := alert("DSPyBadRequests", "warning", "15m",
		fmt.Sprintf("%s\n/\n%s > %s\nand\n%s * 300 >= %s",
			invalid, requests, promql.Number(r.objectives.InvalidRate), requests, promql.Number(r.objectives.Volume)),
		"Callers send what the service does not take.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the requests to {{ $labels.%s }} in the last 5 minutes were not valid.`, r.contract.Labels.Service.Key))
	a.KeepFiringFor = "5m"
	return a
}

// highLatency pages if most predictions are slow. One in twenty is the 95th
// percentile: as a share it is exact, where a classic histogram knows no quantile
// above its top bound.
func (r ruler) highLatency(severity, wait string, share float64) rule {
	duration, bound := r.metrics.PredictionDuration, r.objectives.Slow()
	slowRatio := r.record(duration, slow+ratio+"5m")
	if bound != r.objectives.LatencyBound {
		slowRatio = promql.Parentheses(promql.Parentheses(r.above(bound, duration, "5m")) + "\n/\n(" + r.record(duration, rate5m) + " > 0)")
	}
	a := alert("DSPyHighLatency", severity, wait,
		fmt.Sprintf("%s > %s\nand\n%s", slowRatio, promql.Number(share), r.enough(duration, "")),
		"Predictions are slow.",
		fmt.Sprintf(`{{ $value | humanizePercentage }} of the predictions of {{ $labels.%s }} took longer than %s s in the last 5 minutes.`, r.contract.Labels.Service.Key, promql.Number(bound)))
	a.KeepFiringFor = map[string]string{"critical": "15m", "warning": "5m"}[severity]
	return a
}

func (r ruler) stuck() rule {
	instance := by(append(target(), "instance", r.contract.Labels.Service.Key)...)
	return alert("DSPyPredictionsStuck", "warning", "5m",
		fmt.Sprintf("sum %[1]s (min_over_time(%[2]s[10m])) > 0\nunless\nsum %[1]s (rate(%[3]s[10m])) > 0",
			instance, r.metrics.ActivePredictions.Name, r.metrics.Predictions.Name),
		"Predictions are active and none ends.",
		fmt.Sprintf(`At least {{ $value }} predictions of {{ $labels.%s }} on {{ $labels.instance }} were active for 10 minutes, and none ended.`, r.contract.Labels.Service.Key))
}

// enough asks for the volume without which a share says little.
func (r ruler) enough(metric views.Metric, series string) string {
	return r.record(metric, series+rate5m) + " * 300 >= " + promql.Number(r.objectives.Volume)
}

// cacheAlerts are about caches.
func (r ruler) cacheAlerts() group {
	g := group{Name: "dspy-cache", Interval: "1m"}
	hits, misses, evictions := r.metrics.CacheHits, r.metrics.CacheMisses, r.metrics.CacheEvictions
	if !exists(hits, misses) {
		return g
	}
	low := fmt.Sprintf("%s < %s\nand\n(%s + %s) * 300 >= %s",
		r.record(hits, ratio+"5m"), promql.Number(r.objectives.CacheHitRate),
		r.record(hits, rate5m), r.record(misses, rate5m), promql.Number(r.objectives.LookupVolume))
	described := fmt.Sprintf(`{{ $value | humanizePercentage }} of the cache lookups of {{ $labels.%s }} were hits in the last 5 minutes`, r.contract.Labels.Service.Key)
	// A cache that is cold has had no lookups half an hour ago.
	g.Rules = append(g.Rules, alert("DSPyLowCacheHitRate", "info", "10m",
		low+fmt.Sprintf("\nand\n%s offset 30m + %s offset 30m > 0", r.record(hits, rate5m), r.record(misses, rate5m)),
		"The cache answers few of its lookups.", described+"."))
	if exists(evictions) {
		g.Rules = append(g.Rules, alert("DSPyCacheThrashing", "warning", "15m",
			low+fmt.Sprintf("\nand\n%s > 0.5 * %s", r.sum("rate("+evictions.Name+"[5m])"), r.record(misses, rate5m)),
			"The cache gives entries up before they are asked for again.",
			described+", and more than half as many entries were evicted as were looked for in vain."))
	}
	return g
}
