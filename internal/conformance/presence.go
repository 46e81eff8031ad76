package conformance

import (
	"cmp"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// presence reports metrics and series that are not there, and those that should
// not be used any more.
func (r *review) presence(metric contract.Metric) {
	sampled := slices.ContainsFunc(r.families[metric.Name], func(f *Family) bool { return f.seen })
	switch {
	case metric.Primed && !r.WithoutPriming:
		r.primed(metric)
	case sampled:
		r.terms(metric, metric.Terms, r.families[metric.Name][0].at, "metric", metric.Name)
		if metric.Form == contract.ClassicAndNative && r.exposition.Format == OTLP {
			r.classicForm(metric)
		}
	case metric.Deprecated != "":
	case metric.Level == contract.Required:
		r.add(Error, MissingMetric, metric.Name, position{}, "", "the %s is required, but has no series", what(metric))
	case cmp.Or(metric.Level, contract.Recommended) == contract.Recommended:
		r.add(Warning, MissingMetric, metric.Name, position{}, "",
			"the %s has no series; it may not have been measured yet", what(metric))
	}
	r.requiredValues(metric)
}

// terms reports the use of what is deprecated, or not stable.
func (r *review) terms(metric contract.Metric, terms contract.Terms, at position, what, name string) {
	switch {
	case terms.Deprecated != "":
		remedy := ""
		if terms.Replacement != "" {
			remedy = "use " + terms.Replacement
		}
		r.add(Warning, Deprecated, metric.Name, at, remedy, "the %s %s is deprecated: %s", what, short(name), short(terms.Deprecated))
	case what == "metric" && terms.Stability != "" && terms.Stability != contract.Stable:
		r.add(Info, NotStable, metric.Name, at, "", "the %s %s is in %s, and may change", what, short(name), terms.Stability)
	}
}

// requiredValues reports values of labels that must be there.
func (r *review) requiredValues(metric contract.Metric) {
	for _, label := range metric.Labels {
		for _, value := range label.Values {
			if value.Level != contract.Required && value.Level != contract.Recommended {
				continue
			}
			if _, seen := r.values[label.ID][value.Text]; seen {
				continue
			}
			severity := Error
			if value.Level == contract.Recommended {
				severity = Info
			}
			r.add(severity, MissingValue, metric.Name, position{}, "", "no series has the value %q of the label %q, which is %s", value.Text, label.Key, value.Level)
		}
	}
}

// classicForm reports that OTLP lacks the explicit buckets of a histogram in both forms. Only a scrape has the native ones,
// and only in protobuf.
func (r *review) classicForm(metric contract.Metric) {
	want := string(metric.Kind)
	if !slices.ContainsFunc(r.families[metric.Name], func(f *Family) bool { return f.kind == want }) {
		r.add(Error, MissingMetric, metric.Name, position{}, "", "%s is missing; the form in the contract is %s", want, metric.Form)
	}
}

// what names the kind of the metric in a sentence.
func what(metric contract.Metric) string {
	if metric.Kind == contract.AnyKind || metric.Kind == contract.Unknown {
		return "metric"
	}
	return string(metric.Kind)
}
