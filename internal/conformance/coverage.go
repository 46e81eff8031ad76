package conformance

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Coverage contains which metrics of a contract were seen, on one exposition or on
// several.
type Coverage struct {
	items map[string]*item
	order []string
}

// item is a metric with its labels and their known values.
type item struct {
	name   string
	terms  contract.Terms
	seen   bool
	labels []string
	parts  map[string]bool // label, or label="value"
}

// Covered is the coverage of one metric.
type Covered struct {
	Metric string `json:"metric"`
	Level  string `json:"level"`
	Seen   bool   `json:"seen"`
	// Missing are labels and known values that no series had, for a metric that was
	// seen.
	Missing []string `json:"missing,omitempty"`
}

// Coverage returns what of the contract the exposition has.
func (c Checker) Coverage(e *Exposition) Coverage {
	r := newReview(c, e)
	r.index()
	cover := Coverage{items: make(map[string]*item)}
	for i, metric := range r.contract.Metrics {
		// One target may spell the names in another way, so they are known by
		// their place.
		key := c.Contract.Metrics[i].Stream
		one := &item{name: metric.Name, terms: metric.Terms, parts: make(map[string]bool)}
		for _, label := range metric.Labels {
			if label.Template {
				continue
			}
			one.add(label.Key)
			for _, value := range label.Values {
				if label.Closed || value.Level != "" {
					one.add(part(label.Key, value.Text))
				}
			}
		}
		for _, family := range r.families[metric.Name] {
			one.seen = one.seen || family.seen
			for _, s := range family.samples {
				for _, l := range s.labels {
					one.see(l.name)
					one.see(part(l.name, l.value))
				}
			}
		}
		cover.items[key] = one
		cover.order = append(cover.order, key)
	}
	return cover
}

func part(label, value string) string { return label + "=" + value }

func (i *item) add(name string) {
	if _, ok := i.parts[name]; !ok {
		i.labels = append(i.labels, name)
		i.parts[name] = false
	}
}

func (i *item) see(name string) {
	if _, ok := i.parts[name]; ok {
		i.parts[name] = true
	}
}

// With returns what was seen by either.
func (c Coverage) With(other Coverage) Coverage {
	if c.items == nil {
		return other
	}
	merged := Coverage{items: maps.Clone(c.items), order: c.order}
	for key, theirs := range other.items {
		ours, ok := merged.items[key]
		if !ok {
			merged.items[key] = theirs
			merged.order = append(slices.Clip(merged.order), key)
			continue
		}
		both := *ours
		both.parts = maps.Clone(ours.parts)
		if theirs.seen && !ours.seen {
			both = *theirs // with the spelling of the target that has it
			both.parts = maps.Clone(theirs.parts)
		}
		for name, seen := range ours.parts {
			both.parts[name] = both.parts[name] || seen && has(both.labels, name)
		}
		for name, seen := range theirs.parts {
			both.parts[name] = both.parts[name] || seen && has(both.labels, name)
		}
		merged.items[key] = &both
	}
	return merged
}

func has(names []string, name string) bool { return slices.Contains(names, name) }

// Metrics returns the coverage of each metric, in the order of the contract.
func (c Coverage) Metrics() []Covered {
	all := make([]Covered, 0, len(c.order))
	for _, key := range c.order {
		one := c.items[key]
		covered := Covered{Metric: one.name, Level: string(cmp.Or(one.terms.Level, contract.Recommended)), Seen: one.seen}
		for _, name := range one.labels {
			if one.seen && !one.parts[name] {
				covered.Missing = append(covered.Missing, name)
			}
		}
		all = append(all, covered)
	}
	return all
}

// Seen reports whether the metric with this name was seen.
func (c Coverage) Seen(name string) bool {
	for _, one := range c.items {
		if one.name == name {
			return one.seen
		}
	}
	return false
}

// Namespace counts the metrics with the same first word, and those that were
// seen.
type Namespace struct {
	Name  string `json:"name"`
	Seen  int    `json:"seen"`
	Total int    `json:"total"`
}

// Namespaces returns the counts in alphabetical order. Deprecated metrics do not
// count, because they are not expected.
func (c Coverage) Namespaces() []Namespace {
	counts := make(map[string]*Namespace)
	for _, one := range c.items {
		if one.terms.Deprecated != "" {
			continue
		}
		name, _, _ := strings.Cut(strings.NewReplacer(".", "_").Replace(one.name), "_")
		if counts[name] == nil {
			counts[name] = &Namespace{Name: name}
		}
		counts[name].Total++
		if one.seen {
			counts[name].Seen++
		}
	}
	var all []Namespace
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, *counts[name])
	}
	return all
}

// Percent is how many of the metrics were seen, of a hundred. Of no metrics all
// were.
func (c Coverage) Percent() float64 {
	seen, total := 0, 0
	for _, namespace := range c.Namespaces() {
		seen += namespace.Seen
		total += namespace.Total
	}
	if total == 0 {
		return 100
	}
	return 100 * float64(seen) / float64(total)
}
