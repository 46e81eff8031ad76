// Package slo holds what a service promises and how fast it may break the
// promise: the objectives and burn rates that rules and dashboards share.
package slo

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Objectives are the objectives and alert thresholds of a service, for rules and
// dashboards. Alerts on ratios and quantiles require a minimum volume, so that a few
// failures at night wake nobody.
type Objectives struct {
	// Job is the label job of the service: the name of its scrape job, which
	// should be its OpenTelemetry service.name too; several names have | between
	// them, and each may be a regular expression. Only the alerts about missing
	// telemetry and about processes select by it.
	Job string
	// CollectorJob is the label job of the collector's own metrics, in the same
	// form.
	CollectorJob string

	// Histograms are the forms of histograms that are asked for, both by default.
	Histograms promql.Forms

	// Availability is the share of predictions that shall succeed, 0 to 1. A
	// caller that was refused because the service is full counts as one that
	// failed, and a failure that is one of ClientErrors does not count.
	Availability float64
	// ClientErrors are the error types that are the caller's doing.
	ClientErrors []string
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
	// P95 is in seconds and must be a bucket bound. DSPyHighLatency fires if the 95th
	// percentile of the duration is above it. Zero means LatencyBound.
	P95 float64
	// OutageRate is the share of predictions, 0 to 1, above which so many failures
	// or so many slow answers page at once. It is more than ErrorRate.
	OutageRate float64
	// RefusedRate is the share of callers that are refused because the service is
	// full, 0 to 1, above which DSPyRefusing fires.
	RefusedRate float64
	// InvalidRate is the share of requests that are the caller's mistake, 0 to 1,
	// above which DSPyBadRequests fires.
	InvalidRate float64
	// Volume is how many predictions in 5 minutes these ask for.
	Volume float64

	// TruncatedRate is the share of answers that end at the limit of their length,
	// 0 to 1, above which DSPyTruncated fires.
	TruncatedRate float64
	// ScoreDrop is by which share of itself the mean score may fall from one day to
	// the next, 0 to 1, before DSPyScoreDrop fires.
	ScoreDrop float64
	// DailyBudget is in US dollars: what a service may spend in 24 hours before
	// DSPyOverBudget fires. Zero is no budget, and no alert. DSPyOverBudgetSoon
	// fires before, if the spending of the last hours would lead there.
	DailyBudget float64
	// ModelBudgets are in US dollars too: what a model, by its name in the label,
	// may cost all services of a job in 24 hours before the same alerts fire.
	ModelBudgets map[string]float64

	// CacheHitRate is the share of lookups, 0 to 1, below which
	// DSPyLowCacheHitRate and DSPyCacheThrashing fire.
	CacheHitRate float64
	// LookupVolume is how many lookups in 5 minutes they ask for.
	LookupVolume float64
}

// Default returns objectives to start from: 99 % available, 95 % within 10 s, over 30
// days.
//
// By default, errors that the caller causes spend no error budget: an invalid input,
// and a caller that disconnects. The people on call cannot fix these. Callers that
// disconnect because they get no answer are still noticed: if half of them do,
// DSPyOutage fires.
func Default() Objectives {
	return Objectives{
		Job:           "dspy-metrics",
		CollectorJob:  "otel-collector",
		Availability:  0.99,
		ClientErrors:  []string{views.ErrorCanceled, views.ErrorInvalidInput},
		Latency:       0.95,
		LatencyBound:  10,
		BudgetVolume:  50,
		ErrorRate:     0.05,
		OutageRate:    0.5,
		RefusedRate:   0.1,
		InvalidRate:   0.2,
		Volume:        20,
		TruncatedRate: 0.1,
		ScoreDrop:     0.1,
		DailyBudget:   100,
		CacheHitRate:  0.5,
		LookupVolume:  100,
	}
}

// Slow returns the bound of the 95th percentile: P95, or else LatencyBound.
func (o Objectives) Slow() float64 { return cmp.Or(o.P95, o.LatencyBound) }

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

	for _, job := range []struct{ name, value string }{{"job", o.Job}, {"collector job", o.CollectorJob}} {
		if slices.Contains(strings.Split(job.value, "|"), "") {
			bad("%s %q has an empty name: name the scrape job, or several with | between them", job.name, job.value)
		} else if _, err := regexp.Compile(job.value); err != nil {
			bad("%s %q is not a valid regular expression: %w", job.name, job.value, err)
		}
	}
	for _, errorType := range o.ClientErrors {
		if !regexp.MustCompile(`^[\w.-]+$`).MatchString(errorType) {
			bad("client error %q is not an error type: give names such as %q, separated by commas", errorType, views.ErrorInvalidInput)
		}
	}
	factor := BurnRates()[0].Factor
	why := fmt.Sprintf(": below, not even a service that fails altogether reaches the burn rate %v", factor)
	inside("availability objective", o.Availability, 1-1/factor, 1, why)
	inside("latency objective", o.Latency, 1-1/factor, 1, why)
	inside("error rate", o.ErrorRate, 0, 1, "")
	if o.ErrorRate <= Rest(o.Availability) {
		bad("error rate %v must be higher than what availability %v allows", o.ErrorRate, o.Availability)
	}
	inside("outage rate", o.OutageRate, o.ErrorRate, 1, ", the error rate and the whole")
	inside("refused rate", o.RefusedRate, 0, 1, "")
	inside("invalid rate", o.InvalidRate, 0, 1, "")
	inside("truncated rate", o.TruncatedRate, 0, 1, "")
	inside("score drop", o.ScoreDrop, 0, 1, "")
	inside("cache hit rate", o.CacheHitRate, 0, 1, "")
	inside("budget volume", o.BudgetVolume, 0, math.Inf(1), "")
	inside("volume", o.Volume, 0, math.Inf(1), "")
	inside("lookup volume", o.LookupVolume, 0, math.Inf(1), "")
	if !(o.DailyBudget >= 0) || math.IsInf(o.DailyBudget, 1) {
		bad("daily budget %v is not a valid amount of US dollars: give a number, or 0 for no budget", o.DailyBudget)
	}
	for _, model := range slices.Sorted(maps.Keys(o.ModelBudgets)) {
		if model == "" {
			bad("a daily budget names no model: give the name that the label has, as in gpt-4o=20")
		}
		if strings.Contains(model, "{{") {
			bad("a daily budget is for the model %q: a name with {{ would be a template in a rule", model)
		}
		if usd := o.ModelBudgets[model]; !(usd > 0) || math.IsInf(usd, 1) {
			bad("daily budget %v of the model %q is not a valid amount of US dollars: give a number above 0, or leave the model out", usd, model)
		}
	}

	if len(duration.Buckets) > 0 {
		bound := func(name string, value float64) {
			if !slices.Contains(duration.Buckets, value) {
				bad("%s %v is not a bucket bound of %q: choose one of %v, or add it to the buckets", name, value, duration.Name, duration.Buckets)
			}
		}
		bound("latency bound", o.LatencyBound)
		if o.Slow() != o.LatencyBound {
			bound("p95", o.P95)
		}
	}
	return errors.Join(errs...)
}

// Rest returns what a share leaves of the whole, without the digits that binary
// fractions add.
func Rest(share float64) float64 { return math.Round((1-share)*1e9) / 1e9 }
