package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
)

// objectives are what dashboards and rules hold a service to.
type objectives struct {
	Availability  float64  `default:"${availability}" placeholder:"SHARE" help:"Share of predictions that shall succeed (${default})."`
	Latency       float64  `default:"${latency}" placeholder:"SHARE" help:"Share of predictions that shall be fast (${default})."`
	LatencyBound  float64  `default:"${latency_bound}" placeholder:"SECONDS" help:"What is fast: a bucket bound of the duration (${default})."`
	P95           float64  `name:"p95" default:"0" placeholder:"SECONDS" help:"Bucket bound of the duration; DSPyHighLatency fires if the 95th percentile is above it. 0 is the latency bound."`
	ClientErrors  []string `default:"${client_errors}" placeholder:"TYPES" help:"Error types that are the caller's doing and spend no error budget (${default}); an empty list for none."`
	ErrorRate     float64  `default:"${error_rate}" placeholder:"SHARE" help:"Share of failures above which DSPyHighErrorRate fires (${default})."`
	OutageRate    float64  `default:"${outage_rate}" placeholder:"SHARE" help:"Share of failures, or of slow answers, that pages at once (${default})."`
	RefusedRate   float64  `default:"${refused_rate}" placeholder:"SHARE" help:"Share of callers refused for overload above which DSPyRefusing fires (${default})."`
	InvalidRate   float64  `default:"${invalid_rate}" placeholder:"SHARE" help:"Share of requests that are not valid above which DSPyBadRequests fires (${default})."`
	TruncatedRate float64  `default:"${truncated_rate}" placeholder:"SHARE" help:"Share of answers cut off at their length above which DSPyTruncated fires (${default})."`
	ScoreDrop     float64  `default:"${score_drop}" placeholder:"SHARE" help:"Share of itself by which a mean score may fall from one day to the next (${default})."`
	DailyBudget   float64  `default:"${daily_budget}" placeholder:"USD" help:"What a service may spend in 24 hours before DSPyOverBudget fires; 0 for no limit (${default})."`
	CacheHitRate  float64  `default:"${cache_hit_rate}" placeholder:"SHARE" help:"Share of hits below which DSPyLowCacheHitRate and DSPyCacheThrashing fire (${default})."`
	Histograms    string   `default:"both" enum:"both,classic,native" help:"Forms of histograms that rules and dashboards ask for: both, classic or native. VictoriaMetrics has no functions for native ones (${default})."`
	Job           string   `default:"${job}" placeholder:"NAMES" help:"Scrape job of the service; several with | between them, each a name or a regular expression (${default})."`
	CollectorJob  string   `default:"${collector_job}" placeholder:"NAMES" help:"Scrape job of the collector, in the same form (${default})."`
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
	return out
}
