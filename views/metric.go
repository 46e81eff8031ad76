package views

import "slices"

// Kind is the kind of an instrument.
type Kind int

// The kinds that the contract uses.
const (
	// Counter only goes up.
	Counter Kind = iota + 1
	// UpDownCounter goes up and down by differences.
	UpDownCounter
	// Gauge is set to a value.
	Gauge
	// Histogram counts observations in buckets.
	Histogram
)

// String returns the name of the kind, for example "counter".
func (k Kind) String() string {
	switch k {
	case Counter:
		return "counter"
	case UpDownCounter:
		return "updowncounter"
	case Gauge:
		return "gauge"
	case Histogram:
		return "histogram"
	default:
		return "unknown"
	}
}

// Number is the type of the values of an instrument.
type Number int

// The number types that the contract uses.
const (
	// Int64 values are whole numbers.
	Int64 Number = iota + 1
	// Float64 values are fractions.
	Float64
)

// String returns the Go name of the number type, for example "int64".
func (n Number) String() string {
	switch n {
	case Int64:
		return "int64"
	case Float64:
		return "float64"
	default:
		return "unknown"
	}
}

// Metric is one row of the contract.
type Metric struct {
	// Name is the documented name that every backend shows,
	// for example "dspy_predictions_total".
	Name string
	// Instrument is the OpenTelemetry name under which the instrument is
	// declared, for example "dspy.predictions".
	Instrument string
	// Kind and Number choose the instrument.
	Kind   Kind
	Number Number
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
	// unit and without +Inf. Nil for every other kind.
	Buckets []float64
}

func (m Metric) clone() Metric {
	m.Labels = slices.Clone(m.Labels)
	m.Buckets = slices.Clone(m.Buckets)
	return m
}
