package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// Format is how an exposition was written.
type Format string

// The formats.
const (
	Text        Format = "text"
	OpenMetrics Format = "openmetrics"
	OTLP        Format = "otlp"
)

// The limits of what is kept of one exposition.
const (
	maxFamilies = 100_000
	maxSamples  = 1_000_000 // of a page
	maxKept     = 32 << 20  // bytes of an OTLP client, as sizes count them
	maxLabels   = 100
	maxText     = 4096 // bytes of a name, a unit or a help text by OTLP
	maxNames    = 100  // of labels that are remembered of a family
)

// Exposition contains the metrics that a service exposed at one moment.
type Exposition struct {
	// Format is how it was written.
	Format Format
	// Families are the metrics in order, with the samples that are kept.
	Families []*Family
	// read is how many samples a page has, kept or not.
	read int
	// problems are the findings of reading the exposition.
	problems findings
	// started is when the process started, in seconds since the epoch; 0 if it
	// does not say.
	started float64
}

// Series returns how many series of the contract's namespace there are; a
// histogram's buckets are one each.
func (e *Exposition) Series() int {
	n := 0
	for _, family := range e.Families {
		if family.kept {
			n += len(family.samples)
		}
	}
	return n
}

// Samples returns how many samples a page has, whether they are of the contract or
// not.
func (e *Exposition) Samples() int { return max(e.read, e.Series()) }

// Family is one metric with its series.
type Family struct {
	name, kind, help, unit string
	hasHelp                bool
	at, kindAt             position
	helpAt, unitAt         position
	samples                []sample
	kept                   bool // whether its samples are kept
	seen                   bool // whether there was a sample, kept or not
	// labels are the names on the samples of a page, kept or not, the first ones.
	labels []string
	// apart is set if the count and the sum of a histogram are gauges of their own,
	// as which the text format has gauge histograms.
	apart bool
	// temporality is an OTLP metric's.
	temporality string
	// bounds are the buckets of a histogram's first series; mixed is set if another
	// series has others.
	bounds []float64
	mixed  bool
	// state is the state of the checks until the family is complete.
	state *state
	// predecessor is another family of the same name, which is complete.
	predecessor *Family
}

// sample is one line of a page. A point of an OTLP histogram is several.
type sample struct {
	name   string
	labels []label // sorted by name
	value  float64
	at     position
	start  uint64 // when an OTLP point started to count; 0 on a page
}

type label struct {
	name, value string
	at          position // of the value, or of the name if that is wrong
}

// position is from 1; zero if there is none.
type position struct{ line, column int }

// suffix returns the part of the sample's name after the family's name.
func (f *Family) suffix(s sample) string { return strings.TrimPrefix(s.name, f.name) }

func (s sample) label(name string) (label, bool) {
	i := slices.IndexFunc(s.labels, func(l label) bool { return l.name == name })
	if i < 0 {
		return label{}, false
	}
	return s.labels[i], true
}

// named is the labels for a finding, nothing if there are none.
func (s sample) named() string {
	if text := s.series("le", "quantile"); text != "{}" {
		return short(text)
	}
	return ""
}

// series writes the labels in the notation of the text format, but some.
func (s sample) series(but ...string) string {
	var b strings.Builder
	for _, l := range s.labels {
		if slices.Contains(but, l.name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(l.name)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(l.value))
	}
	return "{" + b.String() + "}"
}

// short keeps hostile names and values from filling a screen.
func short(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
