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
	labels     map[string]contract.Label      // by their ID
	values     map[string]map[string]position // by the label's ID
}

func newReview(c Checker, e *Exposition) *review {
	r := &review{
		Checker: c, exposition: e, scope: c.scope(),
		families: make(map[string][]*Family),
		labels:   make(map[string]contract.Label),
		values:   make(map[string]map[string]position),
	}
	r.found.list = slices.Clone(e.problems.list)
	r.found.count, r.found.total = maps.Clone(e.problems.count), maps.Clone(e.problems.total)
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

// metric finds the metric of a family, under the name that its format gives it
// or that a mistake in its type leaves it with.
func (r *review) metric(family *Family) (contract.Metric, bool) {
	if metric, ok := r.metrics[family.name]; ok {
		// Of two families of one name in OpenMetrics, one is a counter.
		if r.exposition.Format != OpenMetrics || family.kind != "counter" || metric.Kind == contract.Counter {
			return metric, true
		}
	}
	if r.exposition.Format == OpenMetrics {
		for suffix, kind := range map[string]contract.Kind{"_total": contract.Counter, "_info": contract.Info} {
			if metric, ok := r.metrics[family.name+suffix]; ok && (metric.Kind == kind || metric.Kind == contract.AnyKind) {
				return metric, true
			}
		}
	}
	if metric, ok := r.metrics[family.name]; ok {
		return metric, true
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		base, ok := strings.CutSuffix(family.name, suffix)
		if metric, known := r.metrics[base]; ok && known && metric.Kind == contract.Histogram {
			return metric, true
		}
	}
	return contract.Metric{}, false
}

// created tells whether the family holds the times at which the series of a
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
