package conformance

import (
	"hash/maphash"
	"math"
	"strconv"
)

// judge holds families to the rules of their format, whatever a contract says
// of them. It sees each sample once and keeps no sample: of a histogram it keeps
// the bounds and counts until the series is complete.
type judge struct {
	format Format
	add    func(Finding)
	seed   maphash.Seed
}

// stamp is the timestamp of a sample, if it has one.
type stamp struct {
	set  bool
	time float64
}

// state is what the judge has seen of a family that may still go on.
type state struct {
	groups  map[uint64]*group
	order   []*group
	current *group
	series  map[uint64]struct{}
	// gone is set when another family has begun.
	gone bool
}

// group is the samples of one series: those of a histogram belong together.
type group struct {
	first      sample
	stamp      stamp
	buckets    []bound
	count, sum *total
}

// bound is a bucket.
type bound struct {
	le, value float64
	at        position
}

type total struct {
	value float64
	at    position
}

func newJudge(format Format, add func(Finding)) *judge {
	return &judge{format: format, add: add, seed: maphash.MakeSeed()}
}

func (j *judge) om() bool { return j.format == OpenMetrics }

// wrong adds an error about one series.
func (j *judge) wrong(rule Rule, f *Family, s sample, at position, remedy, message string) {
	j.about(Error, rule, f, s, at, remedy, message)
}

// about adds a finding about one series.
func (j *judge) about(severity Severity, rule Rule, f *Family, s sample, at position, remedy, message string) {
	j.add(Finding{
		Severity: severity, Rule: rule, Metric: short(f.documented(j.format)), Labels: s.named(),
		Line: at.line, Column: at.column, Message: message, Remedy: remedy,
	})
}

// sample judges one sample and where it is on the page.
func (j *judge) sample(f *Family, s sample, at stamp) {
	suffix := f.suffix(s)
	if problem := invalid(j.format, f.kind, suffix, s.value); problem != "" {
		j.wrong(InvalidValue, f, s, s.at, "", "the value of "+short(s.name)+" is "+number(s.value)+", want "+problem)
	}
	if !j.labels(f, s, suffix) {
		return
	}
	st := f.state
	if st == nil {
		st = &state{groups: make(map[uint64]*group), series: make(map[uint64]struct{})}
		f.state = st
	}
	if j.duplicate(f, s, at) {
		return
	}
	if !j.om() && !f.bucketed() {
		return
	}
	key := j.hash(s, f.inner(suffix), false, stamp{})
	g, known := st.groups[key]
	if !known {
		g = &group{first: s, stamp: at}
		st.groups[key] = g
		st.order = append(st.order, g)
	}
	if j.om() {
		j.lineUp(f, g, s, at, known)
	}
	st.current = g
	g.take(f, s, suffix)
}

// lineUp checks in OpenMetrics that the samples of a series are together and in
// the order of their timestamps.
func (j *judge) lineUp(f *Family, g *group, s sample, at stamp, known bool) {
	switch {
	case !known:
	case f.state.current != g:
		j.wrong(Grouping, f, s, s.at, "write all samples of one series one after the other",
			"samples of another series come between those of this one")
	case f.kind == "info":
	case g.stamp.set != at.set:
		j.wrong(Grouping, f, s, s.at, "write a timestamp for all samples of a series or for none",
			"some samples of the series have a timestamp and some have none")
	case at.time < g.stamp.time:
		j.wrong(Grouping, f, s, s.at, "write the oldest sample first", "the timestamps of the series go backwards")
	case at.time > g.stamp.time:
		j.shape(f, g)
		*g = group{first: s, stamp: at}
	}
	if known {
		g.stamp = at
	}
}

// duplicate finds a series that the family has already. Samples of OpenMetrics
// with a timestamp may repeat it, as it may have been rounded.
func (j *judge) duplicate(f *Family, s sample, at stamp) bool {
	if j.om() && at.set {
		return false
	}
	key := j.hash(s, "", true, at)
	if _, ok := f.state.series[key]; ok {
		j.wrong(DuplicateSeries, f, s, s.at, "Prometheus keeps only one of the two", short(s.name+s.series())+" occurs twice")
		return true
	}
	f.state.series[key] = struct{}{}
	return false
}

// hash identifies the labels of a sample but one, and its name and timestamp.
func (j *judge) hash(s sample, but string, name bool, at stamp) uint64 {
	var h maphash.Hash
	h.SetSeed(j.seed)
	add := func(text string) { _, _ = h.WriteString(text) } // it never fails
	if name {
		add(s.name)
	}
	for _, l := range s.labels {
		if l.name != but && l.value != "" {
			add("\xff" + l.name + "\xff" + l.value) // 0xff is never in a name
		}
	}
	if at.set {
		add("\xfe" + strconv.FormatUint(math.Float64bits(at.time), 16))
	}
	return h.Sum64()
}

// end judges what can be judged when all of a family is known.
func (j *judge) end(f *Family) {
	if f.state == nil {
		return
	}
	for _, g := range f.state.order {
		j.shape(f, g)
	}
	f.state = &state{gone: true}
}

// bucketed reports whether the samples of a series make up a histogram.
func (f *Family) bucketed() bool { return f.kind == "histogram" || f.kind == "gaugehistogram" }

// inner is the label by which the samples of one series differ.
func (f *Family) inner(suffix string) string {
	switch {
	case f.bucketed() && suffix == "_bucket":
		return "le"
	case f.kind == "summary" && suffix == "":
		return "quantile"
	case f.kind == "stateset":
		return f.name
	default:
		return ""
	}
}

// documented is the name of the metric as a contract has it: in OpenMetrics some
// types add to the name of the family.
func (f *Family) documented(format Format) string {
	switch {
	case format != OpenMetrics:
		return f.name
	case f.kind == "counter":
		return f.name + "_total"
	case f.kind == "info":
		return f.name + "_info"
	default:
		return f.name
	}
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }
