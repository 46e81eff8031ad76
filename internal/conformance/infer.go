package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// How many values of a label are listed, and how many are counted.
const (
	listedValues  = 20
	countedValues = 10_000
)

// Inferred is a contract that follows from what was seen, and what a person has to
// decide about it: by the name of a metric in OTLP, the ID of a label, or "" for
// the whole.
type Inferred struct {
	contract.Contract
	Remarks map[string]string
}

// Infer makes a contract that the expositions keep, which [Parse] or a [Client]
// has read. What one cannot see stays open: which labels have no other values,
// how many they may have, which metrics must be there.
func Infer(expositions ...*Exposition) Inferred {
	in := &inference{metrics: make(map[string]*inferredMetric), values: make(map[string]map[string]struct{})}
	for _, e := range expositions {
		for _, family := range e.Families {
			in.family(e.Format, family)
		}
	}
	return in.contract(len(expositions))
}

type inference struct {
	metrics map[string]*inferredMetric
	order   []string
	values  map[string]map[string]struct{} // by label
}

type inferredMetric struct {
	contract.Metric
	seen, targets int
	labels        map[string]int // on how many samples
	keys          []string
	doubts        []string
}

func (in *inference) family(format Format, f *Family) {
	name := f.documented(format)
	m, ok := in.metrics[name]
	if !ok {
		m = &inferredMetric{Metric: first(format, f, name), labels: make(map[string]int)}
		if m.Kind == contract.Unknown {
			m.doubts = append(m.doubts, "the page does not say its type")
		}
		in.metrics[name] = m
		in.order = append(in.order, name)
	}
	if f.seen {
		m.targets++
	}
	m.histogram(f)
	if kind := kindOf(f); ok && kind != m.Kind && (f.seen || m.targets == 0) {
		m.doubts = append(m.doubts, fmt.Sprintf("it is a %s and a %s", m.Kind, kind))
		m.Kind = contract.AnyKind
	}
	if ok && contract.Sentence(f.help) != m.Help {
		m.Help = ""
	}
	for _, s := range f.samples {
		m.seen++
		inner := f.inner(f.suffix(s))
		for _, l := range s.labels {
			if l.name != inner && l.value != "" {
				in.label(m, l)
			}
		}
	}
}

// first returns what is known of a metric before its samples.
func first(format Format, f *Family, name string) contract.Metric {
	m := contract.Metric{Name: name, Stream: name, Kind: kindOf(f), Help: contract.Sentence(f.help)}
	if format == OTLP {
		m.Name, m.Unit = "", f.unit
		return m
	}
	m.Unit = f.unit
	base := strings.TrimSuffix(f.name, "_total")
	for word, unit := range map[string]string{"seconds": "s", "bytes": "By"} {
		if f.unit == word || f.unit == "" && strings.HasSuffix(base, "_"+word) {
			m.Unit = unit
		}
	}
	return m
}

func kindOf(f *Family) contract.Kind {
	switch f.kind {
	case "", "untyped":
		return contract.Unknown
	case ExponentialHistogram:
		return contract.Histogram
	default:
		return contract.Kind(f.kind)
	}
}

// histogram takes the buckets, if all series have the same.
func (m *inferredMetric) histogram(f *Family) {
	switch {
	case f.kind == ExponentialHistogram && m.Form == "":
		m.Form = contract.Native
	case !f.bucketed() || !f.seen:
	case f.mixed || m.Buckets != nil && !slices.Equal(m.Buckets, f.bounds):
		m.doubts = append(m.doubts, "its series have different buckets")
		m.Buckets, m.Form = nil, ""
	case len(f.bounds) > 0 && m.Form == contract.Native:
		m.Buckets, m.Form = f.bounds, contract.ClassicAndNative
	case len(f.bounds) > 0:
		m.Buckets, m.Form = f.bounds, contract.Classic
	default:
		m.doubts = append(m.doubts, "it shows the bucket of +Inf alone, as a native histogram does")
	}
}

func (in *inference) label(m *inferredMetric, l label) {
	if m.labels[l.name] == 0 {
		m.keys = append(m.keys, l.name)
	}
	m.labels[l.name]++
	values := in.values[l.name]
	if values == nil {
		values = make(map[string]struct{})
		in.values[l.name] = values
	}
	if len(values) < countedValues {
		values[strings.Clone(l.value)] = struct{}{}
	}
}

func (in *inference) contract(targets int) Inferred {
	out := Inferred{Remarks: map[string]string{
		"": fmt.Sprintf("This contract was inferred from %d exposition(s), which keep it.\n"+
			"A person decides what cannot be seen: look for the word DECIDE.\n"+
			"To reserve names for it, add to an attribute group: annotations: {contract: {namespaces: [first_word]}}", targets),
	}}
	for _, name := range in.order {
		m := in.metrics[name]
		m.Level = contract.Recommended
		if m.targets < targets {
			m.Level = contract.Optional
			m.doubts = append(m.doubts, "not every target has it: is it required, recommended or optional?")
		}
		slices.Sort(m.keys)
		for _, key := range m.keys {
			m.Labels = append(m.Labels, in.definition(m, key))
		}
		if len(m.doubts) > 0 {
			slices.Sort(m.doubts)
			out.Remarks[m.Stream] = "DECIDE: " + strings.Join(slices.Compact(m.doubts), "; ")
		}
		out.Metrics = append(out.Metrics, m.Metric)
	}
	for key := range in.values {
		out.Remarks[key] = in.doubt(key)
	}
	return out
}

// definition is the label of a metric. Its values and budget are those of the
// label on all metrics.
func (in *inference) definition(m *inferredMetric, key string) contract.Label {
	label := contract.Label{ID: key, Budget: in.budget(key)}
	if m.Name != "" {
		label.Key = key
	}
	if m.labels[key] < m.seen {
		label.Level = contract.Optional
	}
	if values := in.values[key]; len(values) <= listedValues {
		for _, value := range slices.Sorted(maps.Keys(values)) {
			label.Values = append(label.Values, contract.Value{Text: value})
		}
	}
	return label
}

// budget is twice what was seen, and no odd number.
func (in *inference) budget(key string) int {
	n := max(2*len(in.values[key]), 10)
	for step := 10; ; step *= 10 {
		if n <= 10*step {
			return (n + step - 1) / step * step
		}
	}
}

func (in *inference) doubt(key string) string {
	n := len(in.values[key])
	if n > listedValues {
		return fmt.Sprintf("DECIDE: %s values were seen; how many may there be?", cmp.Or(map[bool]string{true: "at least " + strconv.Itoa(n)}[n >= countedValues], strconv.Itoa(n)))
	}
	return fmt.Sprintf("DECIDE: %d value(s) were seen; if there are no others, add closed: true, else say how many there may be", n)
}
