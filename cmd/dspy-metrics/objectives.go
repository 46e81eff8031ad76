package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
)

// objectives are what dashboards and rules hold a service to.
type objectives struct {
	Availability float64 `default:"${availability}" placeholder:"SHARE" help:"Share of predictions that shall succeed (${default})."`
	Latency      float64 `default:"${latency}" placeholder:"SHARE" help:"Share of predictions that shall be fast (${default})."`
	LatencyBound float64 `default:"${latency_bound}" placeholder:"SECONDS" help:"What is fast: a bucket bound of the duration (${default})."`
	P95          float64 `name:"p95" default:"${p95}" placeholder:"SECONDS" help:"95th percentile above which DSPyHighLatency fires (${default})."`
	ErrorRate    float64 `default:"${error_rate}" placeholder:"SHARE" help:"Share of failures above which DSPyHighErrorRate fires (${default})."`
	CacheHitRate float64 `default:"${cache_hit_rate}" placeholder:"SHARE" help:"Share of hits below which DSPyLowCacheHitRate fires (${default})."`
	Job          string  `default:"${job}" placeholder:"NAME" help:"Scrape job of the service (${default})."`
	CollectorJob string  `default:"${collector_job}" placeholder:"NAME" help:"Scrape job of the collector (${default})."`
}

// objectiveDefaults are the defaults above.
func objectiveDefaults() kong.Vars {
	o := slo.Default()
	return kong.Vars{
		"availability":   fmt.Sprint(o.Availability),
		"latency":        fmt.Sprint(o.Latency),
		"latency_bound":  fmt.Sprint(o.LatencyBound),
		"p95":            fmt.Sprint(o.P95),
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
	out.P95, out.ErrorRate, out.CacheHitRate = o.P95, o.ErrorRate, o.CacheHitRate
	return out
}
