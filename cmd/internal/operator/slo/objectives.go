// Package slo holds what a service promises and how fast it may break the
// promise: the objectives and burn rates that rules and dashboards share.
package slo

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Objectives are what rules and dashboards hold a service to. Thresholds of
// alerts that are ratios or quantiles come with a minimum volume, so that a few
// predictions at night wake nobody.
type Objectives struct {
	// Job is the label job of the service: the name of its scrape job, which
	// should be its OpenTelemetry service.name too. Only the alerts about
	// missing telemetry select by it.
	Job string
	// CollectorJob is the label job of the collector's own metrics.
	CollectorJob string

	// Availability is the share of predictions that shall succeed, 0 to 1.
	Availability float64
	// Latency is the share of predictions that shall take no longer than
	// LatencyBound, 0 to 1.
	Latency float64
	// LatencyBound is in seconds, and a bucket bound of the duration histogram:
	// between bounds a classic histogram can only guess.
	LatencyBound float64
	// BudgetVolume is how many predictions the long window of a burn-rate alert
	// must have seen.
	BudgetVolume float64

	// ErrorRate is the share of failed predictions, 0 to 1, above which
	// DSPyHighErrorRate fires and panels are red. It is more than Availability
	// leaves of the whole.
	ErrorRate float64
	// P95 is in seconds: the 95th percentile of the duration above which
	// DSPyHighLatency fires. It is below the top bucket bound of the histogram,
	// which no quantile exceeds.
	P95 float64
	// Volume is how many predictions in 5 minutes these two ask for.
	Volume float64

	// CacheHitRate is the share of lookups, 0 to 1, below which
	// DSPyLowCacheHitRate fires and panels are red.
	CacheHitRate float64
	// LookupVolume is how many lookups in 5 minutes it asks for.
	LookupVolume float64
}

// Default returns objectives to start from: 99 % available, 95 %
// within 10 s, over 30 days.
func Default() Objectives {
	return Objectives{
		Job:          "dspy-metrics",
		CollectorJob: "otel-collector",
		Availability: 0.99,
		Latency:      0.95,
		LatencyBound: 10,
		BudgetVolume: 50,
		ErrorRate:    0.05,
		P95:          1,
		Volume:       20,
		CacheHitRate: 0.5,
		LookupVolume: 100,
	}
}

// Validate returns all mistakes, joined, or nil. The buckets of the duration
// bound what can be measured.
func (o Objectives) Validate(duration views.Metric) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	// Written so that NaN is a mistake too.
	inside := func(name string, value, low, high float64, why string) {
		if !(value > low && value < high) {
			bad("%s %v is not between %.4g and %.4g%s", name, value, low, high, why)
		}
	}

	if o.Job == "" || o.CollectorJob == "" {
		bad("job %q and collector job %q: name both as the scrape jobs are named", o.Job, o.CollectorJob)
	}
	factor := BurnRates()[0].Factor
	why := fmt.Sprintf(": below, not even a service that fails altogether reaches the burn rate %v", factor)
	inside("availability objective", o.Availability, 1-1/factor, 1, why)
	inside("latency objective", o.Latency, 1-1/factor, 1, why)
	inside("error rate", o.ErrorRate, 0, 1, "")
	if o.ErrorRate <= Rest(o.Availability) {
		bad("error rate %v is within what availability %v allows: it marks what is worse", o.ErrorRate, o.Availability)
	}
	inside("cache hit rate", o.CacheHitRate, 0, 1, "")
	inside("budget volume", o.BudgetVolume, 0, math.Inf(1), "")
	inside("volume", o.Volume, 0, math.Inf(1), "")
	inside("lookup volume", o.LookupVolume, 0, math.Inf(1), "")

	if n := len(duration.Buckets); n > 0 {
		if !slices.Contains(duration.Buckets, o.LatencyBound) {
			bad("latency bound %v is no bucket bound of %q: choose one of %v, or add it to the buckets", o.LatencyBound, duration.Name, duration.Buckets)
		}
		inside("p95", o.P95, 0, duration.Buckets[n-1], fmt.Sprintf(", the top bucket bound of %q, which no quantile exceeds: lower it, or choose slower buckets", duration.Name))
	}
	return errors.Join(errs...)
}

// Rest returns what a share leaves of the whole, without the digits that binary
// fractions add.
func Rest(share float64) float64 { return math.Round((1-share)*1e9) / 1e9 }
