package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// review is one exposition being checked.
type review struct {
	Checker
	exposition *Exposition
	found      findings
	contract   contract.Contract // with the names of the exposition
	scope      scope
	metrics    map[string]contract.Metric     // by name
	families   map[string][]*Family           // by the metric's name
	exposed    map[string]struct{}            // the names under which the exposition has metrics
	labels     map[string]contract.Label      // by their ID
	values     map[string]map[string]position // by the label's ID
}

func newReview(c Checker, e *Exposition) *review {
	r := &review{
		Checker: c, exposition: e, scope: c.scope(),
		families: make(map[string][]*Family),
		exposed:  make(map[string]struct{}, len(e.Families)),
		labels:   make(map[string]contract.Label),
		values:   make(map[string]map[string]position),
	}
	r.found.list = slices.Clone(e.problems.list)
	r.found.count, r.found.total = maps.Clone(e.problems.count), maps.Clone(e.problems.total)
	for _, family := range e.Families {
		if family.seen {
			r.exposed[family.documented(e.Format)] = struct{}{}
		}
	}
	if e.Format == OTLP {
		r.use(c.Contract.Streamed())
		return r
	}
	most := -1
	for _, strategy := range c.strategies() {
		before := *r
		r.use(c.Contract.Translated(strategy))
		if n := r.matches(); n > most {
			most = n
			continue
		}
		r.contract, r.metrics, r.labels = before.contract, before.metrics, before.labels
	}
	return r
}

// use takes the contract in this spelling.
func (r *review) use(spelled contract.Contract) {
	r.contract, r.metrics = spelled, make(map[string]contract.Metric, len(spelled.Metrics))
	r.labels = make(map[string]contract.Label)
	for i, metric := range spelled.Metrics {
		for _, name := range []string{metric.Name, metric.Stream} {
			if buckets, ok := r.Buckets[name]; ok {
				metric.Buckets = buckets
			}
		}
		spelled.Metrics[i] = metric
		r.metrics[metric.Name] = metric
		for _, label := range metric.Labels {
			if known, ok := r.labels[label.ID]; !ok || known.Budget < label.Budget {
				r.labels[label.ID] = label
			}
		}
	}
}

// matches counts the families that are in the contract.
func (r *review) matches() int {
	n := 0
	for _, family := range r.exposition.Families {
		if _, ok := r.metric(family); ok {
			n++
		}
	}
	return n
}

func (r *review) add(severity Severity, rule Rule, metric string, at position, remedy, format string, args ...any) {
	r.found.add(Finding{
		Severity: severity, Rule: rule, Metric: metric, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// wrong adds an error about one series.
func (r *review) wrong(rule Rule, metric contract.Metric, s sample, at position, remedy, format string, args ...any) {
	r.about(Error, rule, metric, s, at, remedy, format, args...)
}

// about adds a finding about one series.
func (r *review) about(severity Severity, rule Rule, metric contract.Metric, s sample, at position, remedy, format string, args ...any) {
	r.found.add(Finding{
		Severity: severity, Rule: rule, Metric: metric.Name, Labels: s.named(),
		Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// index finds the metric of each family.
func (r *review) index() {
	unknown := 0
	for _, family := range r.exposition.Families {
		if metric, ok := r.metric(family); ok {
			r.families[metric.Name] = append(r.families[metric.Name], family)
			continue
		}
		if r.created(family) || !r.scope.reserved(family.name) {
			continue
		}
		remedy := ""
		if unknown++; unknown <= listed { // Looking through a large contract for each of many would take too long.
			remedy = r.suggestion(family.name)
		}
		r.add(Error, UnknownMetric, short(family.name), family.at, remedy, "%q is not in the contract", short(family.name))
	}
}

// metric finds the metric of a family: the one that has its name in the contract,
// or one that a mistake in the type has left it with. That one is under its own
// name nowhere.
func (r *review) metric(family *Family) (contract.Metric, bool) {
	if metric, ok := r.metrics[family.documented(r.exposition.Format)]; ok {
		return metric, true
	}
	for _, meant := range r.meant(family.name) {
		metric, ok := r.metrics[meant.name]
		if _, there := r.exposed[meant.name]; ok && !there && (meant.kinds == nil || slices.Contains(meant.kinds, metric.Kind)) {
			return metric, true
		}
	}
	return contract.Metric{}, false
}

// meaning is a name in the contract, and the types of metrics that it is meant for;
// nil for all.
type meaning struct {
	name  string
	kinds []contract.Kind
}

// meant are the names that a family would have with another type.
func (r *review) meant(name string) []meaning {
	var names []meaning
	if r.exposition.Format == OpenMetrics {
		names = append(names, meaning{name + "_total", []contract.Kind{contract.Counter, contract.AnyKind}},
			meaning{name + "_info", []contract.Kind{contract.Info, contract.AnyKind}})
	}
	names = append(names, meaning{name: name})
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			names = append(names, meaning{base, []contract.Kind{contract.Histogram}})
		}
	}
	return names
}

// created reports whether the family holds the times at which the series of a
// metric began. Client libraries write them to the text format as gauges.
func (r *review) created(family *Family) bool {
	base, ok := strings.CutSuffix(family.name, "_created")
	if !ok {
		return false
	}
	timed := func(name string) bool {
		metric, ok := r.metrics[name]
		return ok && (metric.Kind == contract.Histogram || metric.Kind == contract.Summary || metric.Kind == contract.Counter)
	}
	return family.kind == "gauge" && (timed(base) || timed(base+"_total"))
}

// suggestion names the metric that was probably meant.
func (r *review) suggestion(name string) string {
	words := strings.NewReplacer(".", "_", "-", "_", "/", "_")
	flat := words.Replace(strings.ToLower(name))
	for _, metric := range r.contract.Metrics {
		if flat == words.Replace(metric.Instrument) || flat == words.Replace(metric.Stream) || flat == metric.Name ||
			strings.HasPrefix(flat, metric.Name) || strings.HasPrefix(metric.Name, flat) {
			return "the documented name is " + metric.Name
		}
	}
	if slices.Contains(r.scope.namespaces, "*") {
		return "add it to the contract, or leave it out"
	}
	return "names under " + r.scope.namespaces[0] + "_ are the contract's: choose another for a metric of your own"
}
