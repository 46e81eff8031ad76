package dashboards

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Objectives are what the dashboards hold a service to, over 30 days.
type Objectives struct {
	// Availability is the share of predictions that shall succeed, between 0
	// and 1.
	Availability float64
	// Latency is the share of predictions that shall take no longer than
	// LatencyBound, between 0 and 1.
	Latency float64
	// LatencyBound is in seconds, and a bucket bound of the duration histogram:
	// between bounds a classic histogram can only guess.
	LatencyBound float64

	// ErrorRate is the share of failed predictions, between 0 and 1, from which
	// on panels are red.
	ErrorRate float64
	// CacheHitRate is the share of lookups, between 0 and 1, below which panels
	// are red.
	CacheHitRate float64
}

// budgetWindow is the time over which the objectives hold, as PromQL writes it.
const budgetWindow = "30d"

// DefaultObjectives returns objectives to start from: 99 % available, 95 %
// within 10 s, at most 5 % errors at any time, half of the lookups a hit.
func DefaultObjectives() Objectives {
	return Objectives{Availability: 0.99, Latency: 0.95, LatencyBound: 10, ErrorRate: 0.05, CacheHitRate: 0.5}
}

// rest is what a share leaves of the whole, without the digits that binary
// fractions add.
func rest(share float64) float64 { return math.Round((1-share)*1e9) / 1e9 }

// validate returns all mistakes, joined, or nil.
func (o Objectives) validate(duration views.Metric) error {
	var errs []error
	share := func(name string, value float64) {
		// Written so that NaN is a mistake too.
		if !(value > 0 && value < 1) {
			errs = append(errs, fmt.Errorf("%s %v is not between 0 and 1", name, value))
		}
	}
	share("availability", o.Availability)
	share("latency", o.Latency)
	share("error rate", o.ErrorRate)
	share("cache hit rate", o.CacheHitRate)
	if o.ErrorRate <= rest(o.Availability) {
		errs = append(errs, fmt.Errorf("error rate %v is within what availability %v allows: it marks what is worse", o.ErrorRate, o.Availability))
	}
	if duration.Name != "" && !slices.Contains(duration.Buckets, o.LatencyBound) {
		errs = append(errs, fmt.Errorf("latency bound %v is no bucket bound of %q: choose one of %v, or add it to the buckets", o.LatencyBound, duration.Name, duration.Buckets))
	}
	return errors.Join(errs...)
}
