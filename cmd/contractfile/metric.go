package contractfile

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
	"github.com/dspy-metrics/dspy-metrics/internal/terms"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// off leaves a metric out. YAML before version 1.2 takes it for false.
const off = "off"

// kinds are named as the contract names them.
func kinds() []string {
	return []string{string(views.Counter), string(views.UpDownCounter), string(views.Gauge), string(views.Histogram)}
}

// numbers are the types of values, named as those of OpenTelemetry's instruments.
func numbers() []string { return []string{whole, fraction} }

const (
	whole    = "int64"
	fraction = "float64"
)

func numberOf(m views.Metric) string {
	if m.Float {
		return fraction
	}
	return whole
}

// classic is the form that has no name in the contract, because it is the default.
const classic = "classic"

func forms() []string { return []string{classic, string(views.Native), string(views.ClassicAndNative)} }

func formOf(m views.Metric) string { return cmp.Or(string(m.Form), classic) }

// presets are the buckets that have a name.
func presets() []string { return []string{"default", views.Fast, views.Slow, views.VerySlow} }

func metricKeys() []key[views.Metric] {
	return []key[views.Metric]{
		{"instrument", false, text("The OpenTelemetry name of the instrument, for example rag.documents"), func(r *reader, v value, to *views.Metric) {
			to.Instrument, _ = r.text(v, "a name")
		}},
		{"kind", false, option("The kind of the instrument", kinds()), func(r *reader, v value, to *views.Metric) {
			kind, _ := r.option(v, "kind", kinds())
			to.Kind = views.Kind(kind)
		}},
		{"number", false, option("The type of its values; by default int64 for what counts, float64 for gauges and histograms", numbers()), func(r *reader, v value, to *views.Metric) {
			number, _ := r.option(v, "number", numbers())
			to.Float = number == fraction
		}},
		{"unit", false, text("The unit: s, By, or an annotation such as {document}"), func(r *reader, v value, to *views.Metric) {
			to.Unit, _ = r.text(v, "a unit")
		}},
		{"description", false, text("One sentence without a period at its end: the help text"), func(r *reader, v value, to *views.Metric) {
			to.Description, _ = r.text(v, "a sentence")
		}},
		{"labels", false, texts("The labels of the metric, documented ones and own ones"), func(r *reader, v value, to *views.Metric) {
			var known []string
			for _, label := range r.contract.Labels.All() {
				known = append(known, label.Key)
			}
			if len(v.Content) > len(known) {
				r.bad(v, "there are %d labels, and only %d are defined: each may occur only once", len(v.Content), len(known))
				return
			}
			to.Labels = r.names(v, "label", known)
		}},
		{"buckets", false, schema{
			"description": "The upper bounds of a histogram, ascending and without +Inf, or a preset: fast (below 1 s), slow (1 to 10 s), very_slow (above 10 s)",
			"oneOf":       []schema{{"enum": presets()}, {"type": "array", "items": schema{"type": "number"}, "minItems": 1}},
		}, readBuckets},
		{"form", false, option("How a histogram keeps its observations", forms()), func(r *reader, v value, to *views.Metric) {
			if form, ok := r.option(v, "form", forms()); ok && form != classic {
				to.Form = views.Form(form)
			} else {
				to.Form = views.Classic
			}
		}},
		{"requirement_level", false, option("Whether check wants it to be there; recommended by default", terms.Levels()), func(r *reader, v value, to *views.Metric) {
			to.Level, _ = r.option(v, "level", terms.Levels())
		}},
		{"stability", false, option("How much it may still change", terms.Stabilities()), func(r *reader, v value, to *views.Metric) {
			to.Stability, _ = r.option(v, "stability", terms.Stabilities())
		}},
		{"deprecated", false, text("Why it should not be used any more"), func(r *reader, v value, to *views.Metric) {
			to.Deprecated, _ = r.text(v, "a sentence")
		}},
		{"replacement", false, text("What to use instead of a deprecated metric"), func(r *reader, v value, to *views.Metric) {
			to.Replacement, _ = r.text(v, "a name")
		}},
	}
}

func readBuckets(r *reader, v value, to *views.Metric) {
	if v.Kind != yaml.ScalarNode {
		to.Buckets = list(r, v, "a preset or a list such as [0.5, 1]", r.number)
		return
	}
	if name, ok := r.option(v, "preset", presets()); ok {
		if buckets := views.Buckets(name); buckets != nil { // the default is the metric's own
			to.Buckets = buckets
		}
	}
}

// ownMetricKeys must say what the documentation says of the others.
func ownMetricKeys() []key[views.Metric] {
	keys := metricKeys()
	for i := range keys {
		keys[i].required = slices.Contains([]string{"instrument", "kind", "unit", "description"}, keys[i].name)
	}
	return keys
}

// metric changes a documented metric, or leaves it out.
func (r *reader) metric(e entry) {
	metric := r.contract.Metrics.Named(e.name)
	if metric == nil {
		r.bad(value{r.places[e.path], e.path}, "unknown metric %q: %s (a metric of your own goes under own_metrics)", short(e.name), spelling.Remedy(e.name, metricNames()))
		return
	}
	if e.Kind == yaml.ScalarNode && (e.Value == off || e.Tag == "!!bool" && e.Value == "false") {
		*metric = views.Metric{}
		return
	}
	if e.Kind == yaml.ScalarNode {
		r.bad(e.value, "this is %s: write %s to leave the metric out, or a mapping", what(e.Node), off)
		return
	}
	changed := *metric
	readObject(r, e.value, metricKeys(), &changed)
	for name, wrong := range map[string]bool{
		"instrument": changed.Instrument != metric.Instrument,
		"kind":       changed.Kind != metric.Kind,
		"number":     changed.Float != metric.Float,
		"unit":       changed.Unit != metric.Unit,
	} {
		if path := join(e.path, name); wrong && !r.wrong[path] {
			r.bad(value{r.places[path], path}, "the %s of %q is documented and cannot be changed: leave the metric out, and add one of your own", name, e.name)
		}
	}
	if path := join(e.path, "labels"); r.places[path] != nil && !r.wrong[path] {
		contract := views.Default()
		for _, label := range contract.Metrics.Named(e.name).Labels {
			if !slices.Contains(changed.Labels, label) {
				r.bad(value{r.places[path], path}, "the documented label %q is missing: labels can be added, not removed", label)
			}
		}
	}
	changed.Instrument, changed.Kind, changed.Float, changed.Unit = metric.Instrument, metric.Kind, metric.Float, metric.Unit
	*metric = changed
}

// ownMetric adds a metric of the user's own.
func (r *reader) ownMetric(e entry) {
	metric := views.Metric{Name: e.name}
	readObject(r, e.value, ownMetricKeys(), &metric)
	if r.places[join(e.path, "number")] == nil {
		metric.Float = metric.Kind != views.Counter && metric.Kind != views.UpDownCounter
	}
	if metric.Kind == views.Histogram && metric.Buckets == nil && !r.wrong[join(e.path, "buckets")] {
		metric.Buckets = views.Default().Metrics.PredictionDuration.Buckets
	}
	r.contract.Metrics.Own = append(r.contract.Metrics.Own, metric)
}

// metricNames are the names of the documented metrics.
func metricNames() []string {
	var names []string
	for _, metric := range views.Default().Metrics.All() {
		names = append(names, metric.Name)
	}
	return names
}
