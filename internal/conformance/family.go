package conformance

import (
	"math"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// ExponentialHistogram is the kind of a [Metric] that no page has.
const ExponentialHistogram = "exponential histogram"

// Cumulative is the temporality that Prometheus needs.
const Cumulative = "Cumulative"

// family checks one metric that is there.
func (r *review) family(metric contract.Metric, family *Family) {
	known := r.kind(metric, family)
	r.unit(metric, family)
	r.help(metric, family)
	if family.temporality != "" && family.temporality != Cumulative {
		r.add(Error, WrongTemporality, metric.Name, family.at,
			"set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=Cumulative",
			"the temporality is %s, want %s: Prometheus has totals, no differences", family.temporality, Cumulative)
	}
	groups := r.group(metric, family)
	if !known {
		return
	}
	for _, group := range groups {
		if family.kind == string(contract.Histogram) {
			r.histogram(metric, family, group)
			continue
		}
		for _, s := range group {
			if !strings.HasSuffix(s.name, "_created") {
				r.value(metric, family, s, metric.Whole)
			}
		}
	}
}

// kind checks the type and reports whether the values mean what they should.
func (r *review) kind(metric contract.Metric, family *Family) bool {
	want := string(metric.Kind)
	if metric.Kind == contract.UpDownCounter && r.exposition.Format != OTLP {
		want = string(contract.Gauge)
	}
	if metric.Form == contract.Native && r.exposition.Format == OTLP {
		want = ExponentialHistogram
	}
	at := family.kindAt
	if at.line == 0 {
		at = family.at
	}
	if metric.Kind == contract.AnyKind {
		return true
	}
	openMetricsCounter := r.exposition.Format == OpenMetrics && metric.Kind == contract.Counter
	openMetricsInfo := r.exposition.Format == OpenMetrics && metric.Kind == contract.Info
	got := family.kind
	if got == "untyped" || got == "" && metric.Kind == contract.Unknown {
		got = string(contract.Unknown)
	}
	asGauge := got == string(contract.Gauge) && (metric.Kind == contract.Info || metric.Kind == contract.StateSet)
	if r.exposition.Format == Text && (asGauge || family.apart && metric.Kind == contract.GaugeHistogram) {
		got = want // The text format has no such types.
	}
	switch {
	case openMetricsCounter && family.name == metric.Name && strings.HasSuffix(metric.Name, "_total"):
		r.add(Error, WrongType, metric.Name, at, "write # TYPE "+strings.TrimSuffix(metric.Name, "_total")+" counter",
			"in OpenMetrics the metadata of a counter has its name without _total")
		return false
	case got == "":
		r.add(Error, WrongType, metric.Name, at, "write # TYPE "+metric.Name+" "+want+" before the first series",
			"%s has no TYPE line, want %s", family.name, want)
		return false
	case got == ExponentialHistogram && metric.Kind == contract.Histogram && (r.NativeHistograms || metric.Form != contract.Classic):
		return false
	case got != want || family.name != metric.Name && !openMetricsCounter && !openMetricsInfo:
		r.add(Error, WrongType, metric.Name, at, "", "the type is %s, want %s", got, want)
		return false
	}
	return true
}

// unit checks what OTLP and OpenMetrics say apart from the name. A page need
// not say it.
func (r *review) unit(metric contract.Metric, family *Family) {
	if metric.Unit == "" {
		return
	}
	if r.exposition.Format == OTLP {
		if family.unit != metric.Unit {
			r.add(Error, WrongUnit, metric.Name, family.at, "", "the unit is %q, want %q", short(family.unit), metric.Unit)
		}
		return
	}
	want := contract.UnitWord(metric.Unit)
	if family.unitAt.line > 0 && family.unit != want && family.unit != metric.Unit {
		r.add(Error, WrongUnit, metric.Name, family.unitAt, "", "the unit is %q, want %q", short(family.unit), want)
	}
}

func (r *review) help(metric contract.Metric, family *Family) {
	switch {
	case metric.Help == "":
	case !family.hasHelp:
		r.add(Warning, WrongHelp, metric.Name, family.at, "write "+metric.Help, "the help text is missing")
	case contract.Sentence(family.help) != contract.Sentence(metric.Help):
		r.add(Warning, WrongHelp, metric.Name, family.helpAt, "", "the help text is %q, want %q", short(family.help), metric.Help)
	}
}

// group checks the labels of each series once, and returns the samples by
// series: those of one histogram belong together.
func (r *review) group(metric contract.Metric, family *Family) [][]sample {
	var groups [][]sample
	index := make(map[string]int)
	seen := make(map[string]struct{}, len(family.samples))
	for _, s := range family.samples {
		twin := s.name + s.series()
		if _, ok := seen[twin]; ok {
			continue // The judge has found it.
		}
		seen[twin] = struct{}{}
		key := s.series("le", "quantile")
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
			r.series(metric, family, s)
		}
		r.bound(metric, s)
		groups[i] = append(groups[i], s)
	}
	return groups
}

// points judges what an OTLP client has sent by the rules that hold for every
// format. Those of a page were judged when it was parsed.
func (r *review) points() {
	if r.exposition.Format != OTLP {
		return
	}
	j := newJudge(OTLP, r.found.add)
	for _, family := range r.exposition.Families {
		if r.OnlyContract && !family.kept {
			continue
		}
		family.state = nil
		for _, s := range family.samples {
			j.sample(family, s, stamp{})
		}
		j.end(family)
	}
}

// value checks a number against the contract. What the format does not allow, the
// judge has found.
func (r *review) value(metric contract.Metric, family *Family, s sample, whole bool) {
	if invalid(r.exposition.Format, family.kind, family.suffix(s), s.value) != "" {
		return
	}
	switch {
	case !metric.NonNegative:
	case math.IsNaN(s.value) || math.IsInf(s.value, 0):
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want a finite number", s.name, s.value)
	case s.value < 0:
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want one that is not negative", s.name, s.value)
	}
	if whole && s.value != math.Trunc(s.value) {
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want a whole number", s.name, s.value)
	}
}
