package conformance

import (
	"math"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// The kinds of OTLP that pages do not have.
const (
	upDownCounter        = "updowncounter"
	exponentialHistogram = "exponential histogram"
	cumulative           = "cumulative"
)

// family checks one metric that is there.
func (r *review) family(metric views.Metric, family *Family) {
	known := r.kind(metric, family)
	r.unit(metric, family)
	r.help(metric, family)
	if family.temporality != "" && family.temporality != cumulative {
		r.add(Error, WrongTemporality, metric.Name, family.at,
			"set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative",
			"the temporality is %s, want %s: Prometheus has totals, no differences", family.temporality, cumulative)
	}
	groups := r.group(metric, family)
	if !known {
		return
	}
	for _, group := range groups {
		if metric.Kind == views.Histogram {
			r.histogram(metric, family, group)
			continue
		}
		for _, s := range group {
			if !strings.HasSuffix(s.name, "_created") {
				r.value(metric, family, s, metric.Number == views.Int64)
			}
		}
	}
}

// kind checks the type and tells whether the values mean what they should.
func (r *review) kind(metric views.Metric, family *Family) bool {
	want := metric.Kind.String()
	if metric.Kind == views.UpDownCounter && r.exposition.Format != OTLP {
		want = "gauge"
	}
	if metric.Form == views.Native && r.exposition.Format == OTLP {
		want = exponentialHistogram
	}
	at := family.kindAt
	if at.line == 0 {
		at = family.at
	}
	openMetricsCounter := r.exposition.Format == OpenMetrics && metric.Kind == views.Counter
	switch {
	case openMetricsCounter && family.name == metric.Name:
		r.add(Error, WrongType, metric.Name, at, "write # TYPE "+strings.TrimSuffix(metric.Name, "_total")+" counter",
			"in OpenMetrics the metadata of a counter has its name without _total")
		return false
	case family.kind == "":
		r.add(Error, WrongType, metric.Name, at, "write # TYPE "+metric.Name+" "+want+" before the first series",
			"%s has no TYPE line, want %s", family.name, want)
		return false
	case family.kind == exponentialHistogram && metric.Kind == views.Histogram && (r.NativeHistograms || metric.Form != views.Classic):
		return false
	case family.kind != want || family.name != metric.Name && !openMetricsCounter:
		r.add(Error, WrongType, metric.Name, at, "", "the type is %s, want %s", family.kind, want)
		return false
	}
	return true
}

// unit checks what OTLP and OpenMetrics say apart from the name. A page need
// not say it.
func (r *review) unit(metric views.Metric, family *Family) {
	if r.exposition.Format == OTLP {
		if family.unit != metric.Unit {
			r.add(Error, WrongUnit, metric.Name, family.at, "", "the unit is %q, want %q", short(family.unit), metric.Unit)
		}
		return
	}
	want := map[string]string{"s": "seconds", "By": "bytes"}[metric.Unit]
	if family.unitAt.line > 0 && family.unit != want {
		r.add(Error, WrongUnit, metric.Name, family.unitAt, "", "the unit is %q, want %q", short(family.unit), want)
	}
}

func (r *review) help(metric views.Metric, family *Family) {
	switch {
	case !family.hasHelp:
		r.add(Warning, WrongHelp, metric.Name, family.at, "describe it as "+metric.Description, "there is no help text")
	case strings.TrimSuffix(family.help, ".") != metric.Description:
		r.add(Warning, WrongHelp, metric.Name, family.helpAt, "", "the help text is %q, want %q", short(family.help), metric.Description)
	}
}

// group checks the labels of each series once, and returns the samples by
// series: those of one histogram belong together.
func (r *review) group(metric views.Metric, family *Family) [][]sample {
	var groups [][]sample
	index := make(map[string]int)
	seen := make(map[string]struct{}, len(family.samples))
	for _, s := range family.samples {
		twin := s.name + s.series()
		if _, ok := seen[twin]; ok {
			continue // The judge has found it.
		}
		seen[twin] = struct{}{}
		key := s.series("le")
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
			r.series(metric, s)
		}
		r.bound(metric, s)
		groups[i] = append(groups[i], s)
	}
	return groups
}

// series checks the labels of a series.
func (r *review) series(metric views.Metric, s sample) {
	for _, key := range metric.Labels {
		l, ok := s.label(key)
		switch {
		case !ok:
			r.wrong(MissingLabel, metric, s, s.at, "", "the label %q is missing", key)
		case l.value == "":
			r.wrong(UnknownValue, metric, s, l.at, "write "+views.Unknown+" for what is not known",
				"the label %q is empty, which Prometheus takes for no label", key)
		default:
			r.labelValue(metric, s, l)
		}
	}
	for _, l := range s.labels {
		switch {
		case slices.Contains(metric.Labels, l.name), l.name == "le", slices.Contains(r.AllowedLabels, l.name):
		case l.name == "job", l.name == "instance":
			r.add(Warning, ExtraLabel, metric.Name, l.at, "fine on the page of a collector: allow it there",
				"the label %q is for Prometheus to add: on a service's own page it becomes exported_%s", l.name, l.name)
		default:
			r.wrong(ExtraLabel, metric, s, l.at, "the labels are "+strings.Join(metric.Labels, ", "),
				"the label %q is not one of the metric", short(l.name))
		}
	}
}

func (r *review) labelValue(metric views.Metric, s sample, l label) {
	if l.value == views.Other || l.value == views.Unknown {
		return
	}
	definition := r.labels[l.name]
	if definition.Closed && !slices.Contains(definition.Values, l.value) {
		r.wrong(UnknownValue, metric, s, l.at, "the values are "+strings.Join(definition.Values, ", ")+"; write "+views.Other+" for all else",
			"the label %q has the unknown value %q", l.name, short(l.value))
		return
	}
	if r.values[l.name] == nil {
		r.values[l.name] = make(map[string]position)
	}
	if _, ok := r.values[l.name][l.value]; !ok {
		r.values[l.name][l.value] = l.at
	}
}

// budgets reports labels with more values than they may have.
func (r *review) budgets() {
	for _, definition := range r.Contract.Labels.All() {
		if n := len(r.values[definition.Key]); n > definition.Budget && !definition.Closed {
			r.add(Error, OverBudget, "", position{}, "record what is over the budget as "+views.Other,
				"the label %q has %d values, %d are its budget", definition.Key, n, definition.Budget)
		}
	}
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

// value checks a number: none in the contract can be negative or infinite. What
// the format does not allow, the judge has found.
func (r *review) value(metric views.Metric, family *Family, s sample, whole bool) {
	if invalid(r.exposition.Format, family.kind, family.suffix(s), s.value) != "" {
		return
	}
	switch {
	case math.IsNaN(s.value) || math.IsInf(s.value, 0):
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want a finite number", s.name, s.value)
	case s.value < 0:
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want one that is not negative", s.name, s.value)
	case whole && s.value != math.Trunc(s.value):
		r.wrong(InvalidValue, metric, s, s.at, "", "the value of %s is %v, want a whole number", s.name, s.value)
	}
}
