package views

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dspy-metrics/dspy-metrics/internal/invalid"
	"github.com/dspy-metrics/dspy-metrics/internal/terms"
)

// mistakes are those of one metric or label.
type mistakes struct {
	metric, label string
	all           []error
}

// add has a mistake in a field; index is -1 unless it is in a list.
func (m *mistakes) add(field string, index int, format string, args ...any) {
	m.all = append(m.all, &invalid.Error{
		Metric: m.metric, Label: m.label, Field: field, Index: index, Problem: fmt.Sprintf(format, args...),
	})
}

// Validate returns all mistakes of the contract, joined, or nil. Each names the
// metric or the label, and says what to do.
//
// Names must be legal in Prometheus under every translation strategy and start
// with dspy_, instrument names with dspy., but for [Metrics.Own], which must not;
// a counter's name ends in _total, and
// a name ends in its base unit where it has one. Names, instruments and
// descriptions are unique. Buckets are finite, ascending and only on
// histograms. Labels are defined, legal and not reserved by Prometheus; their
// values are valid UTF-8, unique, and fit their budget.
//
// Sources: Prometheus' metric and label naming practices, the OpenMetrics
// specification on suffixes, the OpenTelemetry metrics API on instrument names.
func (c Contract) Validate() error {
	var errs []error
	for _, label := range c.Labels.All() {
		errs = append(errs, label.validate()...)
	}
	for _, metric := range fields[Metric](&c.Metrics) {
		if !metric.leftOut() {
			errs = append(errs, metric.validate(c.Labels, false)...)
		}
	}
	for _, metric := range c.Metrics.Own {
		errs = append(errs, metric.validate(c.Labels, true)...)
	}
	metrics := c.Metrics.All()
	errs = append(errs, unique("Name", metrics, func(m Metric) (string, mistakes) { return m.Name, m.mistakes() })...)
	errs = append(errs, unique("Instrument", metrics, func(m Metric) (string, mistakes) { return m.Instrument, m.mistakes() })...)
	errs = append(errs, unique("Description", metrics, func(m Metric) (string, mistakes) { return m.Description, m.mistakes() })...)
	errs = append(errs, unique("Key", c.Labels.All(), func(l Label) (string, mistakes) { return l.Key, l.mistakes() })...)
	return errors.Join(errs...)
}

// matches compiles where it is used, so that the package has no variables;
// validation is no hot path.
func matches(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }

func (m Metric) mistakes() mistakes { return mistakes{metric: m.Name} }

// validate returns the mistakes of a documented metric or an own one.
func (m Metric) validate(labels Labels, own bool) []error {
	bad := m.mistakes()
	m.validateNames(&bad, own)
	if own && m.Form == ClassicAndNative {
		bad.add("Form", -1, "form %s is for the documented metrics: choose classic or %s", m.Form, Native)
	}
	if m.Description == "" || strings.HasSuffix(m.Description, ".") || !utf8.ValidString(m.Description) {
		bad.add("Description", -1, "description %q is not one sentence without a period at its end", m.Description)
	}
	if (m.Kind == Counter) != strings.HasSuffix(m.Name, "_total") {
		bad.add("Name", -1, "a name ends in _total if, and only if, it is a counter's; this is a %s", m.Kind)
	}
	if !slices.Contains([]Kind{Counter, UpDownCounter, Gauge, Histogram}, m.Kind) {
		bad.add("Kind", -1, "kind %q is unknown", m.Kind)
	}
	m.validateUnit(&bad)
	m.validateBuckets(&bad)
	m.validateTerms(&bad)
	for i, key := range m.Labels {
		if labels.Named(key) == nil {
			bad.add("Labels", i, "label %q is not defined", key)
		}
		if slices.Contains(m.Labels[:i], key) {
			bad.add("Labels", i, "label %q occurs twice", key)
		}
	}
	return bad.all
}

// validateNames checks the forms of both names.
func (m Metric) validateNames(bad *mistakes, own bool) {
	first, example := "dspy", "dspy"
	if own {
		first, example = "[a-z][a-z0-9]*", "prefix"
	}
	if !matches(`^`+first+`(_[a-z0-9]+)+$`, m.Name) {
		bad.add("Name", -1, "name is not of the form %s_lower_case_words", example)
	}
	if !matches(`^`+first+`(\.[a-z0-9_]+)+$`, m.Instrument) || len(m.Instrument) > 255 {
		bad.add("Instrument", -1, "instrument %q is not of the form %s.lower_case.words", m.Instrument, example)
	}
	if !own {
		return
	}
	const remedy = "is under dspy, which is for the documented metrics: choose a prefix of your own"
	if reserved(m.Name) {
		bad.add("Name", -1, "the name %s", remedy)
	}
	if reserved(m.Instrument) {
		bad.add("Instrument", -1, "the instrument %q %s", m.Instrument, remedy)
	}
}

// validateUnit checks the unit and that the name ends in what Prometheus would
// append for it; else the name would change with the translation strategy.
func (m Metric) validateUnit(bad *mistakes) {
	suffix := ""
	switch {
	case m.Unit == "s":
		suffix = "_seconds"
	case m.Unit == "By":
		suffix = "_bytes"
	case !matches(`^\{[A-Za-z]+\}$`, m.Unit):
		bad.add("Unit", -1, "unit %q is none of s, By and an annotation such as {prediction}", m.Unit)
		return
	}
	if !strings.HasSuffix(strings.TrimSuffix(m.Name, "_total"), suffix) {
		bad.add("Unit", -1, "unit %q asks for a name that ends in %s", m.Unit, suffix)
	}
}

func (m Metric) validateBuckets(bad *mistakes) {
	if m.Kind != Histogram {
		if len(m.Buckets) > 0 {
			bad.add("Buckets", -1, "a %s has no buckets", m.Kind)
		}
		if m.Form != Classic {
			bad.add("Form", -1, "a %s has no buckets, and so no form", m.Kind)
		}
		return
	}
	if !slices.Contains([]Form{Classic, Native, ClassicAndNative}, m.Form) {
		bad.add("Form", -1, "form %q of the histogram is unknown", m.Form)
	}
	if len(m.Buckets) == 0 {
		bad.add("Buckets", -1, "a histogram needs at least one bucket")
	}
	for i, bound := range m.Buckets {
		switch {
		case math.IsNaN(bound) || math.IsInf(bound, 0):
			bad.add("Buckets", i, "bucket %d: %v is not finite (+Inf is implied)", i, bound)
			return
		case i > 0 && bound <= m.Buckets[i-1]:
			bad.add("Buckets", i, "bucket %d: %v does not come after %v: buckets must ascend", i, bound, m.Buckets[i-1])
			return
		}
	}
}

func (m Metric) validateTerms(bad *mistakes) {
	if m.Level != "" && !slices.Contains(terms.Levels(), m.Level) {
		bad.add("Level", -1, "level %q is none of %q", m.Level, terms.Levels())
	}
	if m.Stability != "" && !slices.Contains(terms.Stabilities(), m.Stability) {
		bad.add("Stability", -1, "stability %q is none of %q", m.Stability, terms.Stabilities())
	}
	if m.Replacement != "" && m.Deprecated == "" {
		bad.add("Replacement", -1, "replacement %q is of a metric that is not deprecated: say why it is", m.Replacement)
	}
}

func (l Label) mistakes() mistakes { return mistakes{label: l.Key} }

func (l Label) validate() []error {
	bad := l.mistakes()
	switch {
	case !matches(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`, l.Key):
		bad.add("Key", -1, "key is not of the form lower_case_words")
	case slices.Contains([]string{"le", "quantile", "job", "instance"}, l.Key):
		bad.add("Key", -1, "key is reserved by Prometheus: choose another")
	}
	if l.Description == "" || strings.HasSuffix(l.Description, ".") {
		bad.add("Description", -1, "description %q is not one sentence without a period at its end", l.Description)
	}
	seen := make(map[string]bool, len(l.Values))
	for i, value := range l.Values {
		if value == "" || !utf8.ValidString(value) {
			bad.add("Values", i, "value %q is empty or not valid UTF-8", value)
		}
		if seen[value] {
			bad.add("Values", i, "value %q occurs twice", value)
		}
		seen[value] = true
	}
	switch {
	case l.Budget < 1 || l.Budget > MaxBudget:
		bad.add("Budget", -1, "budget %d is not between 1 and %d", l.Budget, MaxBudget)
	case l.Budget < len(l.Values):
		bad.add("Budget", -1, "budget %d is less than its %d well-known values: raise it, or list fewer", l.Budget, len(l.Values))
	case l.Closed && l.Budget != len(l.Values):
		bad.add("Budget", -1, "budget %d of a closed label is not the number of its %d values: leave it out, or open the label", l.Budget, len(l.Values))
	}
	return bad.all
}

// unique finds what has the same text as one before it.
func unique[T any](field string, all []T, of func(T) (string, mistakes)) []error {
	var errs []error
	seen := make(map[string]bool)
	for _, one := range all {
		text, bad := of(one)
		if seen[text] {
			bad.add(field, -1, "%s %q occurs twice", strings.ToLower(field), text)
			errs = append(errs, bad.all...)
		}
		seen[text] = true
	}
	return errs
}
