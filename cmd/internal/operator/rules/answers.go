package rules

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// answerRecordings are about what the answers cost and how good they are.
func (r ruler) answerRecordings() group {
	g := group{Name: "dspy-answer-recordings", Interval: "1m"}
	if cost := r.metrics.Cost; exists(cost) {
		g.Rules = append(g.Rules, rule{Record: r.record(cost, rate5m), Expr: r.sum(promql.Range("rate", cost.Name, "5m"))})
		if r.spendsByModel() {
			g.Rules = append(g.Rules, rule{Record: r.recordSpending(), Expr: promql.Sum(promql.Range("rate", cost.Name, "5m"), r.spendingLevel()...)})
		}
	}
	if score := r.metrics.PredictionScore; exists(score) {
		sum := func(suffix string) string {
			return promql.Sum(promql.Range("rate", score.Name+suffix, "5m"), r.scoreLevel()...)
		}
		g.Rules = append(g.Rules,
			rule{Record: r.recordScore("_sum"), Expr: r.objectives.Histograms.Choose(sum("_sum"), "histogram_sum("+sum("")+")", promql.Or)},
			rule{Record: r.recordScore("_count"), Expr: r.objectives.Histograms.Choose(sum("_count"), "histogram_count("+sum("")+")", promql.Or)})
	}
	return g
}

// scoreLevel are the labels that scores are recorded by: each function gives scores
// of its own.
func (r ruler) scoreLevel() []string { return append(r.level(), r.contract.Labels.Score.Key) }

func (r ruler) recordScore(suffix string) string {
	return strings.Join(r.scoreLevel(), "_") + ":" + r.metrics.PredictionScore.Name + suffix + rate5m
}

// answerAlerts create tickets: callers get answers, but not good enough ones.
func (r ruler) answerAlerts() group {
	g := group{Name: "dspy-answers", Interval: "1m"}
	if finishes := r.metrics.Finishes; exists(finishes) {
		all := r.sum(promql.Range("rate", finishes.Name, "5m"))
		cut := r.sum(promql.Range("rate", fmt.Sprintf("%s{%s=%q}", finishes.Name, r.contract.Labels.FinishReason.Key, views.FinishLength), "5m"))
		g.Rules = append(g.Rules, alert("DSPyTruncated", "warning", "15m",
			fmt.Sprintf("%s\n/\n(%s > 0) > %s\nand\n%s * 300 >= %s",
				cut, all, promql.Number(r.objectives.TruncatedRate), all, promql.Number(r.objectives.Volume)),
			"Answers are cut off at their length.",
			fmt.Sprintf(`{{ $value | humanizePercentage }} of the answers that {{ $labels.%s }} got from language models in the last 5 minutes ended at the limit of their length.`, r.contract.Labels.Service.Key)))
	}
	if exists(r.metrics.PredictionScore) {
		mean := func(window, offset string) string {
			return fmt.Sprintf("sum_over_time(%s[%s]%s)\n/\n(sum_over_time(%s[%[2]s]%[3]s) > 0)",
				r.recordScore("_sum"), window, offset, r.recordScore("_count"))
		}
		g.Rules = append(g.Rules, alert("DSPyScoreDrop", "warning", "15m",
			fmt.Sprintf("%s\n< (1 - %s) *\n%s\nand\nsum_over_time(%s[1h:1m]) * 60 >= %s",
				promql.Parentheses(mean("1h", "")), promql.Number(r.objectives.ScoreDrop), promql.Parentheses(mean("1d:5m", " offset 1h")),
				r.recordScore("_count"), promql.Number(r.objectives.Volume)),
			"Answers are worse than the day before.",
			fmt.Sprintf(`The mean score {{ $labels.%s }} of the predictions of {{ $labels.%s }} was {{ $value | printf "%%.2f" }} in the last hour, more than %s below that of the day before.`,
				r.contract.Labels.Score.Key, r.contract.Labels.Service.Key, percent(r.objectives.ScoreDrop))))
	}
	g.Rules = append(g.Rules, r.spendingAlerts()...)
	return g
}

// saturated compares by instance: an instance makes predictions for several services,
// and has one limit.
func (r ruler) saturated() rule {
	instance := append(target(), "instance")
	return alert("DSPySaturated", "warning", "10m",
		fmt.Sprintf("%s\n/\n(%s > 0)\n> 0.9",
			promql.Sum(r.metrics.ActivePredictions.Name, instance...),
			promql.Aggregate("max", r.metrics.ActivePredictionsLimit.Name, instance...)),
		"An instance is nearly full.",
		`{{ $labels.instance }} makes {{ $value | humanizePercentage }} of the predictions that it may at a time. More callers will be refused.`)
}

// notReady is about what kube-state-metrics says of a deployment that is named as the
// job is, which is what the example and the chart make. Without it the alert is silent.
func (r ruler) notReady() rule {
	replicas := func(metric string) string {
		return promql.Sum(fmt.Sprintf(`label_replace(%s{%s}, "job", "$1", "deployment", "(.+)")`, metric, promql.Match("deployment", r.objectives.Job)), target()...)
	}
	return alert("DSPyNotReady", "critical", "5m",
		fmt.Sprintf("%s == 0\nand\n%s > 0", replicas("kube_deployment_status_replicas_ready"), replicas("kube_deployment_spec_replicas")),
		"No replica is ready.",
		`For 5 minutes no replica of the deployment {{ $labels.job }} in the namespace {{ $labels.namespace }} has been ready.`)
}
