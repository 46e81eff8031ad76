// Package contract is what a promise of metrics says, whatever form it was
// written in: the documented contract of package views, a registry of
// OpenTelemetry's semantic conventions, or a page from which it was inferred.
//
// It knows no format. Package registry reads and writes the forms, package
// conformance holds a page or a stream against it.
package contract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/terms"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Contract is a promise of metrics.
type Contract struct {
	// Metrics are in the order of the source.
	Metrics []Metric
	// Namespaces are the first words of names that the contract has for itself: a
	// metric under one that is not in the contract breaks it. The namespace * is of
	// all names.
	Namespaces []string
}

// Metric is one metric of a contract.
type Metric struct {
	// Name is how a page of Prometheus' text format spells it. If it is empty, the
	// name follows from Stream: see [Contract.Translated].
	Name string
	// Stream is the name in OTLP.
	Stream string
	// Instrument is the name under which the program declares it, if that is
	// another one.
	Instrument string
	Kind       Kind
	// Whole values have no fraction; NonNegative ones are finite and not below zero.
	Whole, NonNegative bool
	// Unit is a UCUM unit, for example "s"; empty if nothing is said.
	Unit string
	// Help is the help text, without a period at its end; empty if nothing is said.
	Help string
	// Labels are all labels that a series may have, unless OpenLabels is set.
	Labels     []Label
	OpenLabels bool
	// Buckets are the bounds of a histogram, without +Inf; nil if nothing is said.
	Buckets []float64
	Form    Form
	// Primed counters have their series over well-known label values from the
	// start.
	Primed bool
	Terms
}

// Label is a label of one metric.
type Label struct {
	// ID identifies the definition, of which several metrics may have the label:
	// the attribute's name in OTLP.
	ID string
	// Key is the name of the label on a page. If it is empty, it follows from ID.
	Key string
	// Type is string, int, double or boolean; empty if nothing is said.
	Type string
	Help string
	// Values are the known ones. A closed label has no other.
	Values []Value
	Closed bool
	// Enumerated values were listed as complete by a form that allows others still.
	Enumerated bool
	// Budget is how many distinct values the label may have; 0 if nothing is said.
	Budget int
	// Template is set if ID and Key are only the beginning of the name.
	Template bool
	Terms
}

// Value is a known value of a label.
type Value struct {
	Text string
	Terms
}

// Terms are what is said of a metric, a label or a value beside its definition. The
// zero value says nothing.
type Terms struct {
	Level Level
	// Stability is one of [terms.Stabilities].
	Stability string
	// Deprecated says why it should not be used any more; empty if it may be.
	Deprecated string
	// Replacement is what to use instead, if there is something.
	Replacement string
}

// Kind is the type of a metric.
type Kind string

// The kinds. Streams have the first four, pages all but the second.
const (
	Counter        Kind = "counter"
	UpDownCounter  Kind = "updowncounter"
	Gauge          Kind = "gauge"
	Histogram      Kind = "histogram"
	GaugeHistogram Kind = "gaugehistogram"
	Summary        Kind = "summary"
	Info           Kind = "info"
	StateSet       Kind = "stateset"
	// Unknown is a metric of which a page does not say the type.
	Unknown Kind = "unknown"
	// AnyKind is a metric of which the contract does not say the type.
	AnyKind Kind = ""
)

// Form is how a histogram keeps its observations.
type Form string

// The forms. The empty one says nothing.
const (
	Classic          Form = "classic"
	Native           Form = "native"
	ClassicAndNative Form = "classic+native"
)

// Level is the requirement level. By default a metric is recommended, a label is
// required, and a value is optional.
type Level string

// The levels.
const (
	Required    Level = terms.Required
	Recommended Level = terms.Recommended
	Optional    Level = terms.Optional
)

// Stable is the stability of what does not change any more.
const Stable = terms.Stable

// Sentence returns a help text as contracts have it and as it is compared: in one
// line, with one space between words, and without a period at the end.
func Sentence(text string) string {
	return strings.TrimRight(strings.Join(strings.Fields(text), " "), ". ")
}

// Reserves reports whether the contract has the name for itself, so that a metric of
// this name has to be in it.
func (c Contract) Reserves(name string) bool {
	return slices.ContainsFunc(c.Namespaces, func(namespace string) bool {
		words := len(namespace)
		return namespace == "*" ||
			len(name) > words && strings.EqualFold(name[:words], namespace) && strings.IndexByte("_./-", name[words]) >= 0
	})
}

// Label returns the label with this key.
func (m Metric) Label(key string) (Label, bool) {
	i := slices.IndexFunc(m.Labels, func(l Label) bool { return l.Key == key })
	if i < 0 {
		return Label{}, false
	}
	return m.Labels[i], true
}

// Known reports whether the value is one of those that are listed.
func (l Label) Known(text string) bool {
	return slices.ContainsFunc(l.Values, func(v Value) bool { return v.Text == text })
}

// Of returns the documented contract, or what a file made of it, in this form.
func Of(documented views.Contract) Contract {
	c := Contract{Namespaces: []string{"dspy"}}
	for _, m := range documented.Metrics.All() {
		metric := Metric{
			Name: m.Name, Stream: m.Name, Instrument: m.Instrument, Kind: Kind(m.Kind),
			Whole: !m.Float, NonNegative: true, Unit: m.Unit, Help: m.Description,
			Buckets: m.Buckets,
			Terms:   Terms{Level: Level(m.Level), Stability: m.Stability, Deprecated: m.Deprecated, Replacement: m.Replacement},
		}
		metric.Level = cmp.Or(metric.Level, Recommended)
		if m.Kind == views.Histogram {
			metric.Form = cmp.Or(Form(m.Form), Classic)
		}
		// Nobody promises to have the own ones there from the start.
		own := slices.ContainsFunc(documented.Metrics.Own, func(o views.Metric) bool { return o.Name == m.Name })
		metric.Primed = m.Kind == views.Counter && !own && primed(documented, m)
		for _, key := range m.Labels {
			metric.Labels = append(metric.Labels, labelOf(*documented.Labels.Named(key)))
		}
		c.Metrics = append(c.Metrics, metric)
	}
	return c
}

// primed reports whether the series of a counter can be there from the start: every
// label has well-known values, but for the service and the own ones, of which a
// recorder has one value.
func primed(documented views.Contract, m views.Metric) bool {
	shared := append([]views.Label{documented.Labels.Service}, documented.Labels.Own...)
	for _, key := range m.Labels {
		label := documented.Labels.Named(key)
		if label == nil || len(label.Values) == 0 && !slices.ContainsFunc(shared, func(s views.Label) bool { return s.Key == key }) {
			return false
		}
	}
	return true
}

func labelOf(l views.Label) Label {
	label := Label{ID: l.Key, Key: l.Key, Help: l.Description, Closed: l.Closed, Budget: l.Budget, Terms: Terms{Level: Required}}
	for _, value := range l.Values {
		label.Values = append(label.Values, Value{Text: value})
	}
	return label
}
