package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
)

// objectives holds the flags for objectives and alert thresholds of rules and
// dashboards.
type objectives struct {
	Availability     float64            `default:"${availability}" placeholder:"SHARE" help:"Availability objective: share of predictions that must succeed (${default})."`
	Latency          float64            `default:"${latency}" placeholder:"SHARE" help:"Latency objective: share of predictions that must be fast (${default})."`
	LatencyBound     float64            `default:"${latency_bound}" placeholder:"SECONDS" help:"Longest duration that is fast, a bucket bound of the duration (${default})."`
	P95              float64            `name:"p95" default:"0" placeholder:"SECONDS" help:"DSPyHighLatency fires if the 95th percentile of the duration is above this bucket bound. 0 means the latency bound."`
	ClientErrors     []string           `default:"${client_errors}" placeholder:"TYPES" help:"Error types that the caller causes and that spend no error budget (${default}). An empty list means none."`
	ErrorRate        float64            `default:"${error_rate}" placeholder:"SHARE" help:"DSPyHighErrorRate fires above this share of failures (${default})."`
	OutageRate       float64            `default:"${outage_rate}" placeholder:"SHARE" help:"Share of failures, or of slow answers, that pages immediately (${default})."`
	RefusedRate      float64            `default:"${refused_rate}" placeholder:"SHARE" help:"DSPyRefusing fires above this share of callers rejected for overload (${default})."`
	InvalidRate      float64            `default:"${invalid_rate}" placeholder:"SHARE" help:"DSPyBadRequests fires above this share of invalid requests (${default})."`
	TruncatedRate    float64            `default:"${truncated_rate}" placeholder:"SHARE" help:"DSPyTruncated fires above this share of answers that reach their length limit (${default})."`
	ScoreDrop        float64            `default:"${score_drop}" placeholder:"SHARE" help:"DSPyScoreDrop fires if a mean score falls by more than this share from one day to the next (${default})."`
	DailyBudget      float64            `default:"${daily_budget}" placeholder:"USD" help:"DSPyOverBudget fires if a service spends more in 24 hours, and DSPyOverBudgetSoon if it is about to; 0 for no limit (${default})."`
	DailyBudgetModel map[string]float64 `placeholder:"NAME=USD" help:"DSPyOverBudget fires if a model costs all services of a job more in 24 hours. NAME is the value of the label. Repeatable."`
	CacheHitRate     float64            `default:"${cache_hit_rate}" placeholder:"SHARE" help:"DSPyLowCacheHitRate and DSPyCacheThrashing fire below this share of cache hits (${default})."`
	Histograms       string             `default:"both" enum:"both,classic,native" help:"Form of histograms in rules and dashboards: both, classic or native. Use classic for VictoriaMetrics (${default})."`
	Job              string             `default:"${job}" placeholder:"NAMES" help:"Scrape job of the service: a name or a regular expression, several separated by | (${default})."`
	CollectorJob     string             `default:"${collector_job}" placeholder:"NAMES" help:"Scrape job of the collector, in the same format (${default})."`
}

// objectiveDefaults are the defaults above.
func objectiveDefaults() kong.Vars {
	o := slo.Default()
	return kong.Vars{
		"availability":   fmt.Sprint(o.Availability),
		"latency":        fmt.Sprint(o.Latency),
		"latency_bound":  fmt.Sprint(o.LatencyBound),
		"client_errors":  strings.Join(o.ClientErrors, ","),
		"outage_rate":    fmt.Sprint(o.OutageRate),
		"refused_rate":   fmt.Sprint(o.RefusedRate),
		"invalid_rate":   fmt.Sprint(o.InvalidRate),
		"truncated_rate": fmt.Sprint(o.TruncatedRate),
		"score_drop":     fmt.Sprint(o.ScoreDrop),
		"daily_budget":   fmt.Sprint(o.DailyBudget),
		"error_rate":     fmt.Sprint(o.ErrorRate),
		"cache_hit_rate": fmt.Sprint(o.CacheHitRate),
		"job":            o.Job,
		"collector_job":  o.CollectorJob,
	}
}

// parsed returns the objectives, with the default volumes.
func (o objectives) parsed() slo.Objectives {
	out := slo.Default()
	out.Job, out.CollectorJob = o.Job, o.CollectorJob
	out.Availability, out.Latency, out.LatencyBound = o.Availability, o.Latency, o.LatencyBound
	out.ClientErrors, out.Histograms = o.ClientErrors, promql.Forms(o.Histograms)
	out.P95, out.ErrorRate, out.OutageRate, out.RefusedRate, out.InvalidRate = o.P95, o.ErrorRate, o.OutageRate, o.RefusedRate, o.InvalidRate
	out.TruncatedRate, out.ScoreDrop, out.DailyBudget, out.CacheHitRate = o.TruncatedRate, o.ScoreDrop, o.DailyBudget, o.CacheHitRate
	out.ModelBudgets = o.DailyBudgetModel
	return out
}
