package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/terms"
)

// Impact is the effect of a contract change on those who use its metrics.
type Impact string

// The impacts, the worst first.
const (
	// Breaking changes make a query, a rule or a dashboard wrong or empty.
	Breaking Impact = "breaking"
	// Compatible changes leave every query as it was.
	Compatible Impact = "compatible"
	// Documentation is for people alone.
	Documentation Impact = "documentation"
)

// Impacts returns all, the worst first.
func Impacts() []Impact { return []Impact{Breaking, Compatible, Documentation} }

// Change is one difference between two contracts.
type Change struct {
	Impact Impact `json:"impact"`
	// Metric is the name that a page shows.
	Metric string `json:"metric"`
	// Label is empty for the metric itself.
	Label string `json:"label,omitempty"`
	Text  string `json:"text"`
}

// Diff returns the changes from one contract to another, the worst first, and in
// the order of the contracts.
func Diff(before, after Contract) []Change {
	d := &diff{}
	before, after = before.Translated(Strategies()[0]), after.Translated(Strategies()[0])
	old, now := before.byName(), after.byName()
	gone := make([]Metric, 0)
	for _, was := range before.Metrics {
		is, ok := now[was.Name]
		if !ok {
			gone = append(gone, was)
			continue
		}
		d.metric(was, is)
	}
	added := make([]Metric, 0)
	for _, is := range after.Metrics {
		if _, ok := old[is.Name]; !ok {
			added = append(added, is)
		}
	}
	names := newNames(added)
	renamed := make(map[string]bool)
	for _, was := range gone {
		renamed[d.gone(was, names)] = true
	}
	for _, is := range added {
		if !renamed[is.Name] {
			d.add(Compatible, is.Name, "", "it is new: a %s", cmp.Or(is.Kind, "metric"))
		}
	}
	slices.SortStableFunc(d.changes, func(a, b Change) int {
		return cmp.Compare(slices.Index(Impacts(), a.Impact), slices.Index(Impacts(), b.Impact))
	})
	return d.changes
}

func (c Contract) byName() map[string]Metric {
	all := make(map[string]Metric, len(c.Metrics))
	for _, m := range c.Metrics {
		if _, ok := all[m.Name]; !ok {
			all[m.Name] = m
		}
	}
	return all
}

// names finds metrics that are new by all names that they have.
type names struct{ pages, streams, instruments map[string]string }

func newNames(added []Metric) names {
	n := names{make(map[string]string), make(map[string]string), make(map[string]string)}
	for _, m := range slices.Backward(added) { // The first of several counts.
		n.pages[m.Name], n.streams[m.Stream] = m.Name, m.Name
		if m.Instrument != "" {
			n.instruments[m.Instrument] = m.Name
		}
	}
	return n
}

// successor is the new name of a metric that had another one.
func (n names) successor(was Metric) string {
	return cmp.Or(n.streams[was.Stream], n.instruments[was.Instrument], n.pages[was.Replacement])
}

type diff struct{ changes []Change }

func (d *diff) add(impact Impact, metric, label, format string, args ...any) {
	d.changes = append(d.changes, Change{impact, metric, label, fmt.Sprintf(format, args...)})
}

// gone reports a metric that is not there any more, or has another name, which it
// returns.
func (d *diff) gone(was Metric, added names) string {
	if name := added.successor(was); name != "" {
		d.add(Breaking, was.Name, "", "its name is now %s", name)
		return name
	}
	switch {
	case was.Deprecated != "" && was.Replacement != "":
		d.add(Breaking, was.Name, "", "it was deprecated and is now removed: use %s", was.Replacement)
	case was.Deprecated != "":
		d.add(Breaking, was.Name, "", "it was deprecated and is now removed")
	default:
		d.add(Breaking, was.Name, "", "it is removed, but was not deprecated before")
	}
	return ""
}

// changed adds a change if two texts differ.
func (d *diff) changed(impact Impact, metric, label, what, before, after string) {
	if before != after {
		d.add(impact, metric, label, "%s was %s and is %s", what, quoted(before), quoted(after))
	}
}

func quoted(text string) string {
	if text == "" {
		return "not stated"
	}
	return fmt.Sprintf("%q", text)
}

func (d *diff) metric(was, is Metric) {
	name := is.Name
	d.changed(Breaking, name, "", "the type", string(was.Kind), string(is.Kind))
	d.changed(Breaking, name, "", "the unit", was.Unit, is.Unit)
	d.changed(Breaking, name, "", "the name in OTLP", was.Stream, is.Stream)
	d.changed(Documentation, name, "", "the instrument's name", was.Instrument, is.Instrument)
	d.changed(Documentation, name, "", "the help text", was.Help, is.Help)
	d.buckets(was, is)
	d.level(name, "", cmp.Or(was.Level, Recommended), cmp.Or(is.Level, Recommended))
	d.terms(name, "", was.Terms, is.Terms)
	d.promised(name, "its series are there from the start", was.Primed, is.Primed)
	d.promised(name, "its values are finite and not negative", was.NonNegative, is.NonNegative)
	d.promised(name, "its values have no fraction", was.Whole, is.Whole)
	for _, label := range was.Labels {
		now, ok := is.Label(label.Key)
		if !ok {
			d.add(Breaking, name, label.Key, "the label is removed")
			continue
		}
		d.label(name, label, now)
	}
	for _, label := range is.Labels {
		if _, ok := was.Label(label.Key); !ok {
			d.add(Breaking, name, label.Key, "the label is new: one series may become several, and one-to-one matches in queries need the label")
		}
	}
}

// promised reports a promise that was given or taken back.
func (d *diff) promised(metric, what string, was, is bool) {
	switch {
	case was && !is:
		d.add(Breaking, metric, "", "the contract no longer guarantees that %s", what)
	case is && !was:
		d.add(Compatible, metric, "", "the contract now guarantees that %s", what)
	}
}

// buckets reports others. Those of two versions cannot be added up, even if some
// are the same.
func (d *diff) buckets(was, is Metric) {
	if !slices.Equal(was.Buckets, is.Buckets) {
		d.add(Breaking, is.Name, "", "the buckets were %s and are %s", numbers(was.Buckets), numbers(is.Buckets))
	}
	if was.Form != is.Form {
		impact := Breaking
		if is.Form == ClassicAndNative || was.Form == "" {
			impact = Compatible
		}
		d.changed(impact, is.Name, "", "the form of the histogram", string(was.Form), string(is.Form))
	}
}

func numbers(bounds []float64) string {
	if bounds == nil {
		return "not stated"
	}
	texts := make([]string, len(bounds))
	for i, bound := range bounds {
		texts[i] = fmt.Sprint(bound)
	}
	return strings.Join(texts, ", ")
}

func (d *diff) level(metric, label string, was, is Level) {
	if was == is {
		return
	}
	impact := Compatible
	all := terms.Levels()
	if slices.Index(all, string(is)) > slices.Index(all, string(was)) {
		impact = Breaking
	}
	d.changed(impact, metric, label, "the requirement level", string(was), string(is))
}

func (d *diff) terms(metric, label string, was, is Terms) {
	impact := Documentation
	if was.Stability == Stable {
		impact = Breaking
	}
	// Without a stated stability, it is in development.
	d.changed(impact, metric, label, "the stability", cmp.Or(was.Stability, "development"), cmp.Or(is.Stability, "development"))
	switch {
	case was.Deprecated == "" && is.Deprecated != "":
		text := "it is deprecated now: " + is.Deprecated
		if is.Replacement != "" {
			text += ", use " + is.Replacement
		}
		d.add(Compatible, metric, label, "%s", text)
	case was.Deprecated != "" && is.Deprecated == "":
		d.add(Compatible, metric, label, "it is no longer deprecated")
	default:
		d.changed(Documentation, metric, label, "the note on its deprecation", was.Deprecated, is.Deprecated)
	}
}

func (d *diff) label(metric string, was, is Label) {
	d.changed(Documentation, metric, is.Key, "the meaning", was.Help, is.Help)
	d.changed(Breaking, metric, is.Key, "the type", cmp.Or(was.Type, "string"), cmp.Or(is.Type, "string"))
	d.level(metric, is.Key, cmp.Or(was.Level, Required), cmp.Or(is.Level, Required))
	d.terms(metric, is.Key, was.Terms, is.Terms)
	switch {
	case is.Closed && !was.Closed:
		d.add(Breaking, metric, is.Key, "the label now allows only the listed values")
	case was.Closed && !is.Closed:
		d.add(Compatible, metric, is.Key, "the label now allows other values than the listed ones")
	}
	for _, value := range was.Values {
		if !is.Known(value.Text) {
			impact := Compatible
			if was.Closed || value.Level == Required {
				impact = Breaking
			}
			d.add(impact, metric, is.Key, "the value %q is removed", value.Text)
		}
	}
	for _, value := range is.Values {
		if !was.Known(value.Text) {
			d.add(Compatible, metric, is.Key, "the value %q is new", value.Text)
		}
	}
	switch {
	case was.Closed || is.Closed || was.Budget == is.Budget:
	case is.Budget != 0 && (was.Budget == 0 || is.Budget < was.Budget):
		d.add(Breaking, metric, is.Key, "the budget changed from %[2]s to %[1]d values", is.Budget, budget(was.Budget))
	default:
		d.add(Compatible, metric, is.Key, "the budget changed from %[2]d values to %[1]s", budget(is.Budget), was.Budget)
	}
}

func budget(n int) string {
	if n == 0 {
		return "not stated"
	}
	return fmt.Sprintf("%d values", n)
}
