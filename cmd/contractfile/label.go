package contractfile

import (
	"slices"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// bounded is a label being read.
type bounded struct {
	views.Label
	metrics []string // of an own label; all if it is nil
}

func labelKeys() []key[bounded] {
	return []key[bounded]{
		{"description", false, text("One sentence without a period at its end"), func(r *reader, v value, to *bounded) {
			to.Description, _ = r.text(v, "a sentence")
		}},
		{"values", false, texts("The well-known values, of any that the label may have; series over them exist from the start"), func(r *reader, v value, to *bounded) {
			to.Values, to.Closed = r.texts(v), false
		}},
		{"only", false, texts("The values that the label may have: an allow-list, any other is recorded as " + views.Other), func(r *reader, v value, to *bounded) {
			to.Values, to.Closed = r.texts(v), true
			to.Budget = len(to.Values)
		}},
		{"add", false, texts("More well-known values beside the documented ones"), func(r *reader, v value, to *bounded) {
			to.Values = append(slices.Clip(to.Values), r.texts(v)...)
			if to.Closed {
				to.Budget = len(to.Values)
			}
		}},
		{"budget", false, schema{
			"description": "How many distinct values the label may have, well-known ones included; any more are recorded as " + views.Other,
			"type":        "integer", "minimum": 1, "maximum": views.MaxBudget,
		}, func(r *reader, v value, to *bounded) {
			to.Budget, _ = r.whole(v)
		}},
	}
}

// ownLabelKeys has nothing documented to add to.
func ownLabelKeys() []key[bounded] {
	keys := slices.DeleteFunc(labelKeys(), func(k key[bounded]) bool { return k.name == "add" })
	keys[0].required = true
	return append(keys, key[bounded]{"metrics", false, schema{
		"description": "The documented metrics that have the label; by default all that have the label " + views.Default().Labels.Service.Key,
		"type":        "array", "items": schema{"enum": metricNames()},
	}, func(r *reader, v value, to *bounded) {
		to.metrics = r.names(v, "metric", metricNames())
	}})
}

// label changes a documented label.
func (r *reader) label(e entry) {
	label := r.contract.Labels.Named(e.name)
	if !slices.Contains(labelKeyNames(), e.name) || label == nil {
		r.bad(value{r.places[e.path], e.path}, "unknown label %q: %s (a label of your own goes under own_labels)", short(e.name), spelling.Remedy(e.name, labelKeyNames()))
		return
	}
	b := bounded{Label: *label}
	readObject(r, e.value, labelKeys(), &b)
	r.oneSet(e)
	*label = b.Label
}

// ownLabel adds a label of the user's own.
func (r *reader) ownLabel(e entry) {
	if slices.Contains(labelKeyNames(), e.name) {
		r.bad(value{r.places[e.path], e.path}, "%q is a documented label: change it under labels", e.name)
		return
	}
	b := bounded{Label: views.Label{Key: e.name}}
	readObject(r, e.value, ownLabelKeys(), &b)
	r.oneSet(e)
	if !b.Closed && r.places[e.path+".budget"] == nil && !r.wrong[e.path] {
		r.bad(value{r.places[e.path], e.path + ".budget"}, `label %q has no bound: write the values it may have as "only", or how many as "budget"`, short(e.name))
	}
	var metrics []*views.Metric
	for _, name := range b.metrics {
		metrics = append(metrics, r.contract.Metrics.Named(name))
	}
	r.contract.AddLabel(b.Label, metrics...)
}

// oneSet reports keys that each set the allowed values, of which only one may be
// used.
func (r *reader) oneSet(e entry) {
	first := ""
	for _, name := range []string{"values", "only", "add"} {
		place := r.places[join(e.path, name)]
		switch {
		case place == nil:
		case first == "":
			first = name
		default:
			r.bad(value{place, join(e.path, name)}, "%q beside %q: keep one of them", name, first)
		}
	}
}

// labelKeyNames are the keys of the documented labels.
func labelKeyNames() []string {
	var names []string
	for _, label := range views.Default().Labels.All() {
		names = append(names, label.Key)
	}
	return names
}
