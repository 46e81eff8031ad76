package conformance

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// series checks the labels of a series.
func (r *review) series(metric contract.Metric, family *Family, s sample) {
	for _, label := range metric.Labels {
		l, ok := s.label(label.Key)
		switch {
		case label.Template:
		case ok && l.value != "":
			r.terms(metric, label.Terms, l.at, "label", label.Key)
			r.labelValue(metric, label, s, l)
		case cmp.Or(label.Level, contract.Required) == contract.Optional:
		case label.Level == contract.Recommended:
			r.about(Info, MissingLabel, metric, s, s.at, "", "the label %q is missing, which is recommended", label.Key)
		case !ok:
			r.wrong(MissingLabel, metric, s, s.at, "", "the label %q is missing", label.Key)
		default:
			r.wrong(UnknownValue, metric, s, l.at, "write "+views.Unknown+" for an unknown value",
				"the label %q is empty, which Prometheus treats as missing", label.Key)
		}
	}
	for _, l := range s.labels {
		if !r.allowed(metric, family, s, l) {
			r.wrong(ExtraLabel, metric, s, l.at, "the labels are "+keys(metric), "the label %q is not one of the metric", short(l.name))
		}
	}
}

// allowed reports whether a series may have the label, or whether the label was
// already reported.
func (r *review) allowed(metric contract.Metric, family *Family, s sample, l label) bool {
	_, known := metric.Label(l.name)
	switch {
	case known, metric.OpenLabels, slices.Contains(r.AllowedLabels, l.name):
		return true
	case l.name == "le", l.name == family.inner(family.suffix(s)):
		return true // bound looks at it.
	case slices.ContainsFunc(metric.Labels, func(t contract.Label) bool { return t.Template && strings.HasPrefix(l.name, t.Key) }):
		return true
	case l.value == "":
		return true // It is no label.
	case l.name == "job", l.name == "instance":
		r.add(Warning, ExtraLabel, metric.Name, l.at, "allow it with --allow-label if the page is a collector's",
			"the label %q is for Prometheus to add: on a service's own page it becomes exported_%s", l.name, l.name)
		return true
	default:
		return false
	}
}

func keys(metric contract.Metric) string {
	names := make([]string, len(metric.Labels))
	for i, label := range metric.Labels {
		names[i] = label.Key
	}
	return strings.Join(names, ", ")
}

func (r *review) labelValue(metric contract.Metric, label contract.Label, s sample, l label) {
	i := slices.IndexFunc(label.Values, func(v contract.Value) bool { return v.Text == l.value })
	standIn := l.value == views.Other || l.value == views.Unknown
	switch {
	case i >= 0:
		r.terms(metric, label.Values[i].Terms, l.at, "value "+strconv.Quote(short(l.value))+" of the label", label.Key)
	case standIn && !label.Enumerated:
		return
	case label.Closed:
		r.wrong(UnknownValue, metric, s, l.at, "the values are "+list(label)+"; write "+views.Other+" for all others",
			"the label %q has the unknown value %q", l.name, short(l.value))
		return
	case label.Enumerated:
		r.about(Info, UnknownValue, metric, s, l.at, "", "the label %q has the value %q, which is not listed", l.name, short(l.value))
	}
	if !fits(label.Type, l.value) {
		r.wrong(UnknownValue, metric, s, l.at, "", "the label %q has the value %q, want a value of the type %s", l.name, short(l.value), label.Type)
	}
	if r.values[label.ID] == nil {
		r.values[label.ID] = make(map[string]position)
	}
	if _, ok := r.values[label.ID][l.value]; !ok {
		r.values[label.ID][l.value] = l.at
	}
}

func list(label contract.Label) string {
	texts := make([]string, len(label.Values))
	for i, value := range label.Values {
		texts[i] = value.Text
	}
	return strings.Join(texts, ", ")
}

// fits reports whether the text can be a value of the type.
func fits(kind, text string) bool {
	var err error
	switch kind {
	case "int":
		_, err = strconv.ParseInt(text, 10, 64)
	case "double":
		_, err = strconv.ParseFloat(text, 64)
	case "boolean":
		return text == "true" || text == "false"
	}
	return err == nil
}

// budgets reports labels with more values than they may have.
func (r *review) budgets() {
	var all []contract.Label
	for _, label := range r.labels {
		all = append(all, label)
	}
	slices.SortFunc(all, func(a, b contract.Label) int { return cmp.Compare(a.ID, b.ID) })
	for _, label := range all {
		if n := len(r.values[label.ID]); label.Budget > 0 && n > label.Budget && !label.Closed {
			r.add(Error, OverBudget, "", position{}, "record values over the budget as "+views.Other,
				"the label %q has %d values, %d are its budget", label.Key, n, label.Budget)
		}
	}
}
