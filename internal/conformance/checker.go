package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/otlptranslator"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Checker holds expositions against a contract. Its methods may be called
// concurrently.
type Checker struct {
	// Contract is the contract to check against.
	Contract contract.Contract
	// Strategy is the translation of OpenTelemetry's names on pages. If it is empty, the
	// strategy is used that finds most metrics of the contract on the page.
	Strategy otlptranslator.TranslationStrategyOption
	// AllowedLabels are labels that any series may have besides its own, such as
	// those that a collector adds.
	AllowedLabels []string
	// Buckets replace those of the contract, by the metric's name, for a service
	// that is configured so.
	Buckets map[string][]float64
	// NativeHistograms allows OTLP's exponential histograms, which have no
	// buckets to compare, of metrics that are classic in the contract.
	NativeHistograms bool
	// OnlyContract leaves metrics that are not in the contract alone: their lines
	// need only be readable.
	OnlyContract bool
	// WithoutPriming accepts counters whose series come with their first
	// measurement.
	WithoutPriming bool
}

// Validate returns what is wrong with the buckets of the checker.
func (c Checker) Validate() error {
	var errs []error
	for name, buckets := range c.Buckets {
		i := slices.IndexFunc(c.Contract.Metrics, func(m contract.Metric) bool { return m.Name == name || m.Stream == name })
		ascending := slices.IsSortedFunc(buckets, func(a, b float64) int { return cmp.Or(cmp.Compare(a, b), 1) })
		switch {
		case i < 0 || c.Contract.Metrics[i].Kind != contract.Histogram:
			errs = append(errs, fmt.Errorf("buckets of %q: no such histogram in the contract", name))
		case len(buckets) == 0 || !ascending:
			errs = append(errs, fmt.Errorf("buckets of %q: bounds must be ascending", name))
		}
	}
	return errors.Join(errs...)
}

// Check returns what is wrong with the exposition, in the order of the
// contract and at most a handful of each kind; the rest is counted.
func (c Checker) Check(e *Exposition) []Finding {
	r := newReview(c, e)
	r.index()
	r.points()
	for _, metric := range r.contract.Metrics {
		for _, family := range telling(r.families[metric.Name]) {
			r.family(metric, family)
		}
	}
	r.budgets()
	for _, metric := range r.contract.Metrics {
		r.presence(metric)
	}
	return r.found.all()
}

// telling leaves out families that are less than another of the metric: metadata
// beside samples, or a text without a type. A page repeats metadata only by mistake,
// which was found when it was parsed.
func telling(families []*Family) []*Family {
	if len(families) < 2 {
		return families
	}
	rank := func(f *Family) int {
		switch {
		case f.seen:
			return 2
		case f.kind != "":
			return 1
		default:
			return 0
		}
	}
	most := rank(slices.MaxFunc(families, func(a, b *Family) int { return cmp.Compare(rank(a), rank(b)) }))
	return slices.DeleteFunc(slices.Clone(families), func(f *Family) bool { return rank(f) < most })
}

// scope are the names that metrics of the contract may have on a page or a
// stream, with their namespaces.
type scope struct {
	names      map[string]struct{}
	namespaces []string
}

func (c Checker) scope() scope {
	s := scope{names: make(map[string]struct{}, len(c.Contract.Metrics)), namespaces: c.Contract.Namespaces}
	for _, strategy := range c.strategies() {
		for _, metric := range c.Contract.Translated(strategy).Metrics {
			s.names[metric.Name] = struct{}{}
			s.names[metric.Stream] = struct{}{}
		}
	}
	return s
}

// strategies are those to try.
func (c Checker) strategies() []otlptranslator.TranslationStrategyOption {
	translated := func(m contract.Metric) bool { return m.Name == "" }
	switch {
	case c.Strategy != "":
		return []otlptranslator.TranslationStrategyOption{c.Strategy}
	case slices.ContainsFunc(c.Contract.Metrics, translated):
		return contract.Strategies()
	default:
		return contract.Strategies()[:1]
	}
}

// wanted reports whether the name is one of the contract's, or what a format or a
// mistake makes of one.
func (s scope) wanted(name string) bool {
	if s.reserved(name) {
		return true
	}
	has := func(name string) bool { _, ok := s.names[name]; return ok }
	if has(name) || has(name+"_total") || has(name+"_info") {
		return true
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && has(base) {
			return true
		}
	}
	return false
}

// reserved reports whether Prometheus would show the name under a namespace of the
// contract. Prometheus writes an underscore for the separators between the words of
// an instrument name.
func (s scope) reserved(name string) bool {
	return contract.Contract{Namespaces: s.namespaces}.Reserves(name)
}
