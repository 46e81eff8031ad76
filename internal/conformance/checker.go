package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Checker holds expositions against a contract. Its methods may be called
// concurrently.
type Checker struct {
	// Contract is what was promised.
	Contract views.Contract
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

// Validate returns what is wrong with the checker itself.
func (c Checker) Validate() error {
	errs := []error{c.Contract.Validate()}
	for name, buckets := range c.Buckets {
		i := slices.IndexFunc(c.Contract.Metrics.All(), func(m views.Metric) bool { return m.Name == name })
		ascending := slices.IsSortedFunc(buckets, func(a, b float64) int { return cmp.Or(cmp.Compare(a, b), 1) })
		switch {
		case i < 0 || c.Contract.Metrics.All()[i].Kind != views.Histogram:
			errs = append(errs, fmt.Errorf("buckets of %q: no such histogram in the contract", name))
		case len(buckets) == 0 || !ascending:
			errs = append(errs, fmt.Errorf("buckets of %q: want bounds that ascend", name))
		}
	}
	return errors.Join(errs...)
}

// scope are the names of the metrics of the contract that are not under its
// namespace.
func (c Checker) scope() scope {
	names := make(scope, len(c.Contract.Metrics.Own))
	for _, metric := range c.Contract.Metrics.Own {
		names[metric.Name] = struct{}{}
	}
	return names
}

type scope map[string]struct{}

// wanted tells whether the name is one of the contract's, or what a format or a
// mistake makes of one.
func (s scope) wanted(name string) bool {
	if reserved(name) {
		return true
	}
	has := func(name string) bool { _, ok := s[name]; return ok }
	if has(name) || has(name+"_total") {
		return true
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && has(base) {
			return true
		}
	}
	return false
}

// Check returns what is wrong with the exposition, in the order of the
// contract and at most a handful of each kind; the rest is counted.
func (c Checker) Check(e *Exposition) []Finding {
	r := newReview(c, e)
	r.index()
	r.points()
	for _, metric := range c.Contract.Metrics.All() {
		for _, family := range r.families[metric.Name] {
			r.family(r.metrics[metric.Name], family)
		}
	}
	r.budgets()
	for _, metric := range c.Contract.Metrics.All() {
		r.presence(metric)
	}
	return r.found.all()
}

// review is one exposition being checked.
type review struct {
	Checker
	exposition *Exposition
	found      findings
	metrics    map[string]views.Metric        // by name
	labels     map[string]views.Label         // by key
	families   map[string][]*Family           // by the metric's name
	values     map[string]map[string]position // by the label's key
}

func newReview(c Checker, e *Exposition) *review {
	r := &review{
		Checker: c, exposition: e,
		metrics:  make(map[string]views.Metric),
		labels:   make(map[string]views.Label),
		families: make(map[string][]*Family),
		values:   make(map[string]map[string]position),
	}
	r.found.list = slices.Clone(e.problems.list)
	r.found.count = maps.Clone(e.problems.count)
	for _, metric := range c.Contract.Metrics.All() {
		if buckets, ok := c.Buckets[metric.Name]; ok {
			metric.Buckets = buckets
		}
		r.metrics[metric.Name] = metric
	}
	for _, label := range c.Contract.Labels.All() {
		r.labels[label.Key] = label
	}
	return r
}

func (r *review) add(severity Severity, rule Rule, metric string, at position, remedy, format string, args ...any) {
	r.found.add(Finding{
		Severity: severity, Rule: rule, Metric: metric, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// wrong adds an error about one series.
func (r *review) wrong(rule Rule, metric views.Metric, s sample, at position, remedy, format string, args ...any) {
	r.found.add(Finding{
		Severity: Error, Rule: rule, Metric: metric.Name, Labels: short(s.series("le")),
		Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// index finds the metric of each family.
func (r *review) index() {
	for _, family := range r.exposition.Families {
		if metric, ok := r.metric(family); ok {
			r.families[metric.Name] = append(r.families[metric.Name], family)
			continue
		}
		if r.created(family) || !reserved(family.name) {
			continue
		}
		r.add(Error, UnknownMetric, short(family.name), family.at, r.suggestion(family.name),
			"%q is not in the contract", short(family.name))
	}
}

// metric finds the metric of a family, under the name that its format gives it
// or that a mistake in its type leaves it with.
func (r *review) metric(family *Family) (views.Metric, bool) {
	if metric, ok := r.metrics[family.name]; ok {
		return metric, true
	}
	if r.exposition.Format == OpenMetrics {
		if metric, ok := r.metrics[family.name+"_total"]; ok && metric.Kind == views.Counter {
			return metric, true
		}
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		base, ok := strings.CutSuffix(family.name, suffix)
		if metric, known := r.metrics[base]; ok && known && metric.Kind == views.Histogram {
			return metric, true
		}
	}
	return views.Metric{}, false
}

// created tells whether the family holds the times at which the series of a
// metric began. Client libraries write them to the text format as gauges.
func (r *review) created(family *Family) bool {
	base, ok := strings.CutSuffix(family.name, "_created")
	if !ok {
		return false
	}
	histogram, isHistogram := r.metrics[base]
	_, isCounter := r.metrics[base+"_total"]
	return family.kind == "gauge" && (isCounter || isHistogram && histogram.Kind == views.Histogram)
}

// suggestion names the metric that was probably meant.
func (r *review) suggestion(name string) string {
	flat := strings.NewReplacer(".", "_", "-", "_", "/", "_").Replace(strings.ToLower(name))
	for _, metric := range r.Contract.Metrics.All() {
		instrument := strings.ReplaceAll(metric.Instrument, ".", "_")
		if flat == instrument || flat == metric.Name || strings.HasPrefix(flat, metric.Name) || strings.HasPrefix(metric.Name, flat) {
			return "the documented name is " + metric.Name
		}
	}
	return "names under " + Namespace + " are the contract's: choose another for a metric of your own"
}

// presence reports metrics and series that are not there.
func (r *review) presence(metric views.Metric) {
	sampled := slices.ContainsFunc(r.families[metric.Name], func(f *Family) bool { return f.seen })
	// Nobody promises to have the own ones there from the start.
	primed := metric.Kind == views.Counter && !r.WithoutPriming && reserved(metric.Name)
	switch {
	case primed:
		r.primed(metric)
	case !sampled:
		r.add(Warning, MissingMetric, metric.Name, position{}, "",
			"there is no series of the %s; it may not have been measured yet", metric.Kind)
	case metric.Form == views.ClassicAndNative && r.exposition.Format == OTLP:
		r.bothForms(metric)
	}
}

// bothForms reports a form that OTLP lacks. On a page the native one does not show.
func (r *review) bothForms(metric views.Metric) {
	for _, want := range []string{metric.Kind.String(), exponentialHistogram} {
		if !slices.ContainsFunc(r.families[metric.Name], func(f *Family) bool { return f.kind == want }) {
			r.add(Error, MissingMetric, metric.Name, position{}, "", "there is no %s; in the contract it is %s", want, metric.Form)
		}
	}
}
