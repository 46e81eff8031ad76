package views

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate returns all mistakes of the contract, joined, or nil.
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
		errs = append(errs, label.validate())
	}
	for _, metric := range c.Metrics.documented() {
		if metric.Exists() {
			errs = append(errs, metric.validateNames("dspy"), metric.validate(c.Labels))
		}
	}
	for _, metric := range c.Metrics.Own {
		errs = append(errs, metric.validateNames("[a-z][a-z0-9]*"), metric.validate(c.Labels))
		if reserved(metric.Name) || reserved(metric.Instrument) {
			errs = append(errs, fmt.Errorf("metric %q: the name, or the instrument %q, is under dspy, which is for the documented metrics: choose a prefix of your own", metric.Name, metric.Instrument))
		}
		if metric.Form == ClassicAndNative {
			errs = append(errs, fmt.Errorf("metric %q: form %s is for the documented metrics: choose %s or %s", metric.Name, metric.Form, Classic, Native))
		}
	}
	metrics := c.Metrics.All()
	errs = append(errs,
		unique("name", metrics, func(m Metric) string { return m.Name }),
		unique("instrument", metrics, func(m Metric) string { return m.Instrument }),
		unique("description", metrics, func(m Metric) string { return m.Description }),
		unique("label key", c.Labels.All(), func(l Label) string { return l.Key }),
	)
	return errors.Join(errs...)
}

// matches compiles where it is used, so that the package has no variables;
// validation is no hot path.
func matches(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }

func (m Metric) validate(labels Labels) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("metric %q: "+format, append([]any{m.Name}, args...)...))
	}

	if m.Description == "" || strings.HasSuffix(m.Description, ".") || !utf8.ValidString(m.Description) {
		bad("description %q is not one sentence without a period at its end", m.Description)
	}
	if (m.Kind == Counter) != strings.HasSuffix(m.Name, "_total") {
		bad("a name ends in _total if, and only if, it is a counter's; this is a %s", m.Kind)
	}
	if m.Kind < Counter || m.Kind > Histogram {
		bad("kind %d is unknown", m.Kind)
	}
	if m.Number != Int64 && m.Number != Float64 {
		bad("number type %d is unknown", m.Number)
	}
	if err := m.validateUnit(); err != nil {
		bad("%w", err)
	}
	if err := m.validateBuckets(); err != nil {
		bad("%w", err)
	}
	for i, key := range m.Labels {
		if _, ok := labels.Find(key); !ok {
			bad("label %q is not defined", key)
		}
		if slices.Contains(m.Labels[:i], key) {
			bad("label %q stands twice", key)
		}
	}
	return errors.Join(errs...)
}

// validateNames checks the forms of both names, which begin with a word.
func (m Metric) validateNames(first string) error {
	var errs []error
	example := strings.ReplaceAll(first, "[a-z][a-z0-9]*", "prefix")
	if !matches(`^`+first+`(_[a-z0-9]+)+$`, m.Name) {
		errs = append(errs, fmt.Errorf("metric %q: name is not of the form %s_lower_case_words", m.Name, example))
	}
	if !matches(`^`+first+`(\.[a-z0-9_]+)+$`, m.Instrument) || len(m.Instrument) > 255 {
		errs = append(errs, fmt.Errorf("metric %q: instrument %q is not of the form %s.lower_case.words", m.Name, m.Instrument, example))
	}
	return errors.Join(errs...)
}

// validateUnit checks the unit and that the name ends in what Prometheus would
// append for it; else the name would change with the translation strategy.
func (m Metric) validateUnit() error {
	suffix := ""
	switch {
	case m.Unit == "s":
		suffix = "_seconds"
	case m.Unit == "By":
		suffix = "_bytes"
	case !matches(`^\{[A-Za-z]+\}$`, m.Unit):
		return fmt.Errorf("unit %q is none of s, By and an annotation such as {prediction}", m.Unit)
	}
	if !strings.HasSuffix(strings.TrimSuffix(m.Name, "_total"), suffix) {
		return fmt.Errorf("unit %q asks for a name that ends in %s", m.Unit, suffix)
	}
	return nil
}

func (m Metric) validateBuckets() error {
	if m.Kind != Histogram {
		if len(m.Buckets) > 0 || m.Form != Classic {
			return fmt.Errorf("a %s has no buckets", m.Kind)
		}
		return nil
	}
	if m.Form < Classic || m.Form > ClassicAndNative {
		return fmt.Errorf("form %d of the histogram is unknown", m.Form)
	}
	if len(m.Buckets) == 0 {
		return errors.New("a histogram needs at least one bucket")
	}
	for i, bound := range m.Buckets {
		if math.IsNaN(bound) || math.IsInf(bound, 0) {
			return fmt.Errorf("bucket %d: %v is not finite (+Inf is implied)", i, bound)
		}
		if i > 0 && bound <= m.Buckets[i-1] {
			return fmt.Errorf("bucket %d: %v does not come after %v: buckets must ascend", i, bound, m.Buckets[i-1])
		}
	}
	return nil
}

func (l Label) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("label %q: "+format, append([]any{l.Key}, args...)...))
	}
	switch {
	case !matches(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`, l.Key):
		bad("key is not of the form lower_case_words")
	case slices.Contains([]string{"le", "quantile", "job", "instance"}, l.Key):
		bad("key is reserved by Prometheus")
	}
	if l.Description == "" || strings.HasSuffix(l.Description, ".") {
		bad("description %q is not one sentence without a period at its end", l.Description)
	}
	for i, value := range l.Values {
		if value == "" || !utf8.ValidString(value) {
			bad("value %q is empty or not valid UTF-8", value)
		}
		if slices.Contains(l.Values[:i], value) {
			bad("value %q stands twice", value)
		}
	}
	switch {
	case l.Budget < 1 || l.Budget > MaxBudget:
		bad("budget %d is not between 1 and %d", l.Budget, MaxBudget)
	case l.Budget < len(l.Values):
		bad("budget %d is less than its %d well-known values", l.Budget, len(l.Values))
	case l.Closed && l.Budget != len(l.Values):
		bad("budget %d of a closed label is not the number of its %d values", l.Budget, len(l.Values))
	}
	return errors.Join(errs...)
}

func unique[T any](what string, all []T, of func(T) string) error {
	var errs []error
	seen := make(map[string]bool)
	for _, one := range all {
		if text := of(one); seen[text] {
			errs = append(errs, fmt.Errorf("%s %q stands twice", what, text))
		} else {
			seen[text] = true
		}
	}
	return errors.Join(errs...)
}
