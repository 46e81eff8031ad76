package views

import "slices"

// Kind is the kind of an instrument.
type Kind string

// The kinds that the contract uses.
const (
	// Counter only goes up.
	Counter Kind = "counter"
	// UpDownCounter goes up and down by differences.
	UpDownCounter Kind = "updowncounter"
	// Gauge is set to a value.
	Gauge Kind = "gauge"
	// Histogram counts observations in buckets.
	Histogram Kind = "histogram"
)

// Form is how a histogram keeps its observations.
type Form string

// The forms of histograms.
const (
	// Classic histograms have the documented buckets: OpenTelemetry's explicit
	// bucket histogram. It is the zero value, and the form of every histogram of
	// [Default].
	Classic Form = ""
	// Native histograms have buckets that follow the observations, at a relative
	// error of a few percent: OpenTelemetry's exponential histogram, Prometheus'
	// native one. A Prometheus that is to have them must scrape them, by its
	// scrape_native_histograms; the text formats cannot carry their buckets.
	Native Form = "native"
	// ClassicAndNative histograms are kept in both forms, under one name: for the
	// time in which dashboards move from one to the other. Not for [Metrics.Own],
	// which the SDK measures; nor does the prometheus exporter of the collector
	// pass both.
	ClassicAndNative Form = "classic+native"
)

// Metric is one row of the contract. The zero value, and any without a name, is a
// metric that is left out.
type Metric struct {
	// Name is the documented name that every backend shows,
	// for example "dspy_predictions_total".
	Name string
	// Instrument is the OpenTelemetry name under which the instrument is
	// declared, for example "dspy.predictions".
	Instrument string
	// Kind is the kind of the instrument.
	Kind Kind
	// Float says that the values are fractions; without it they are whole numbers.
	Float bool
	// Unit is a UCUM unit, for example "s", "By" or "{prediction}".
	// Units in braces do not show in the documented name.
	Unit string
	// Description is one sentence without a period at its end; it is the HELP
	// text of the exposition.
	Description string
	// Labels are the keys of the metric's labels, in the order of the
	// documentation. Each is defined in [Contract.Labels].
	Labels []string
	// Buckets are the upper bounds of a histogram, ascending, in the metric's
	// unit and without +Inf. Nil for every other kind. A [Native] histogram keeps
	// them for whoever reads it in classic form; rules and dashboards take their
	// bounds from them.
	Buckets []float64
	// Form is how a histogram keeps its observations; [Classic] for every other
	// kind.
	Form Form

	// Level says whether the metric must be there: required, recommended or
	// optional. Empty is recommended. The view does not look at it, nor at what
	// follows; the command check does.
	Level string
	// Stability says how much the metric may still change: development, alpha,
	// beta, release_candidate or stable, the words of OpenTelemetry's document
	// status. It may be empty.
	Stability string
	// Deprecated says why the metric should not be used any more; empty if it may
	// be.
	Deprecated string
	// Replacement is what to use instead of a deprecated metric, if there is
	// something.
	Replacement string
}

// leftOut reports whether the metric is not in the contract.
func (m Metric) leftOut() bool { return m.Name == "" }

func (m Metric) clone() Metric {
	m.Labels = slices.Clone(m.Labels)
	m.Buckets = slices.Clone(m.Buckets)
	return m
}
