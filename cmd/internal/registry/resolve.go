package registry

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// contract makes the contract of a registry: its own metrics, and those that it
// imports.
func (l *loader) contract(s *source) contract.Contract {
	c := contract.Contract{Namespaces: s.namespaces, Metrics: make([]contract.Metric, 0, len(s.metrics))}
	seen := make(map[string]bool, len(s.metrics))
	add := func(from *source, g *group) {
		metric, ok := l.metric(from, g)
		if !ok {
			return
		}
		if seen[metric.Stream] {
			if g.Ref == "" {
				l.add(g.file, g.node, "the metric %q is defined twice", short(metric.Stream))
			}
			return
		}
		seen[metric.Stream] = true
		c.Metrics = append(c.Metrics, metric)
	}
	// A refinement stands for the metric that it refines.
	for _, refined := range []bool{true, false} {
		for _, g := range s.metrics {
			if (g.Ref != "") == refined {
				if g.Ref == "" && seen[g.metricName()] && s.defined[g.metricName()] == g {
					continue
				}
				add(s, g)
			}
		}
	}
	for _, p := range s.imports {
		l.imported(s, p, func(from *source, g *group) {
			if !seen[g.metricName()] {
				add(from, g)
			}
		})
	}
	return c
}

// imported finds what an import names.
func (l *loader) imported(s *source, p pattern, add func(*source, *group)) {
	expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(p.text), `\*`, ".*") + "$"
	matches := regexp.MustCompile(expression) // quoted, so it compiles
	found := false
	for _, from := range all(s.depends) {
		for _, g := range from.metrics {
			if g.Ref == "" && matches.MatchString(g.metricName()) {
				found = true
				add(from, g)
			}
		}
	}
	if !found {
		l.add(p.file, p.node, "the import %q of metrics finds none%s", short(p.text), lacks(s))
	}
}

// lacks names the dependencies that are missing.
func lacks(s *source) string {
	if len(s.missing) == 0 {
		return ""
	}
	return ": " + strings.Join(s.missing, " and ") + " is not in a local folder, download it and name its folder as registry_path"
}

// all returns registries and what they depend on, each once.
func all(sources []*source) []*source {
	var list []*source
	for queue := slices.Clone(sources); len(queue) > 0; queue = queue[1:] {
		if !slices.Contains(list, queue[0]) {
			list = append(list, queue[0])
			queue = append(queue, queue[0].depends...)
		}
	}
	return list
}

// metricName is that of a metric in either form.
func (g *group) metricName() string {
	if g.MetricName != "" {
		return g.MetricName
	}
	return g.Name
}

// attribute finds the definition of an attribute here or in what the registry
// depends on.
func (s *source) attribute(name string) (*attribute, bool) {
	for _, from := range all([]*source{s}) {
		if a, ok := from.attributes[name]; ok {
			return a, true
		}
	}
	return nil, false
}

// group finds a group, and the registry that it is in.
func (s *source) group(id string) (*group, *source, bool) {
	for _, from := range all([]*source{s}) {
		if g, ok := from.groups[id]; ok {
			return g, from, true
		}
	}
	return nil, nil, false
}

// take adds a metric, or a refinement of one.
func (s *source) take(g *group) {
	s.metrics = append(s.metrics, g)
	if _, ok := s.defined[g.metricName()]; !ok && g.Ref == "" {
		s.defined[g.metricName()] = g
	}
}

// metric makes a metric of a group.
func (l *loader) metric(s *source, g *group) (contract.Metric, bool) {
	base, from := g, s
	if g.Ref != "" {
		found := false
		for _, from = range all([]*source{s}) {
			if base, found = from.defined[g.Ref]; found {
				break
			}
		}
		if !found {
			l.add(g.file, g.node, "the metric %q that is refined is not defined%s", short(g.Ref), lacks(s))
			return contract.Metric{}, false
		}
	}
	m := contract.Metric{Stream: base.metricName(), Kind: contract.Kind(base.Instrument), Help: contract.Sentence(base.Brief)}
	if base.Unit != nil {
		m.Unit = *base.Unit
	}
	if m.Stream == "" {
		l.add(g.file, g.node, `the metric %q has no "metric_name": add it`, short(g.ID))
		return m, false
	}
	kinds := []contract.Kind{contract.Counter, contract.UpDownCounter, contract.Gauge, contract.Histogram}
	if !slices.Contains(kinds, m.Kind) {
		l.add(g.file, base.node, "the metric %q has the instrument %q: want counter, updowncounter, gauge or histogram", short(m.Stream), short(base.Instrument))
		return m, false
	}
	l.terms(base.file, base.node, &m.Terms, base.Stability, base.Deprecated)
	l.metricLevel(base, &m)
	l.annotate(base, &m)
	if g != base {
		if g.Brief != "" {
			m.Help = contract.Sentence(g.Brief)
		}
		l.terms(g.file, g.node, &m.Terms, g.Stability, g.Deprecated)
		l.annotate(g, &m)
	}
	uses := make(map[string]use)
	var order []string
	l.uses(from, base, uses, &order, nil)
	if g != base {
		l.uses(s, g, uses, &order, nil)
	}
	for _, name := range order {
		if label, ok := l.label(uses[name], name); ok {
			m.Labels = append(m.Labels, label)
		}
	}
	return m, true
}

// use is an attribute of a metric: how it is used, and what it is.
type use struct {
	from *source
	attribute
}

// uses collects the attributes of a group: those of the groups that it extends
// first, as its own change them.
func (l *loader) uses(s *source, g *group, to map[string]use, order *[]string, chain []*group) {
	if slices.Contains(chain, g) {
		l.add(g.file, g.node, "the group %q extends itself", short(g.ID))
		return
	}
	if len(chain) > maxDepth {
		l.add(g.file, g.node, "groups extend one another more than %d deep", maxDepth)
		return
	}
	chain = append(slices.Clip(chain), g)
	include := func(id string, at *yaml.Node) {
		other, from, ok := s.group(id)
		if !ok {
			l.add(g.file, at, "the group %q is not defined%s", short(id), lacks(s))
			return
		}
		l.uses(from, other, to, order, chain)
	}
	if g.Extends != "" {
		include(g.Extends, g.node)
	}
	for _, id := range g.IncludeGroups {
		include(id, g.node)
	}
	var own []attribute
	for i := range g.Attributes {
		node := &g.Attributes[i]
		l.unknown(g.file, node, attribute{})
		a := attribute{file: g.file, node: place(node)}
		if err := node.Decode(&a); err != nil {
			l.add(g.file, node, "%s", problem(err))
			continue
		}
		if a.RefGroup != "" {
			include(a.RefGroup, node)
			continue
		}
		if g.Prefix != "" && a.ID != "" && !strings.HasPrefix(a.ID, g.Prefix+".") {
			a.ID = g.Prefix + "." + a.ID
		}
		own = append(own, a)
	}
	for _, a := range own {
		name := a.name()
		if name == "" {
			l.add(g.file, a.node, `the attribute has neither "id" nor "ref": add one`)
			continue
		}
		if _, ok := to[name]; !ok {
			*order = append(*order, name)
		}
		to[name] = use{s, a}
	}
}
