package registry

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// collect puts what a file defines into its registry.
func (l *loader) collect(s *source, path string, top *yaml.Node, f file) {
	for _, text := range f.Imports.Metrics {
		s.imports = append(s.imports, pattern{text, path, top})
	}
	switch {
	case f.FileFormat == "", strings.HasPrefix(f.FileFormat, "definition/"), strings.HasPrefix(f.FileFormat, "resolved/"), strings.HasPrefix(f.FileFormat, "materialized/"):
	default:
		l.add(path, top, "unknown file format %q: want definition/1, definition/2 or resolved/2.0", short(f.FileFormat))
		return
	}
	for i := range f.Groups {
		l.group(s, path, &f.Groups[i])
		f.Groups[i].Content = nil
	}
	catalog := make([]*attribute, len(f.AttributeCatalog))
	for i := range f.AttributeCatalog {
		catalog[i] = l.define(s, path, &f.AttributeCatalog[i], "")
	}
	if f.Registry != nil {
		l.second(s, path, f.Registry.Attributes, f.Registry.AttributeGroups, f.Registry.Metrics, catalog)
	}
	l.second(s, path, f.Attributes, f.AttributeGroups, f.Metrics, catalog)
	for i := range f.MetricRefinements {
		if g, ok := l.decode(path, &f.MetricRefinements[i]); ok {
			s.take(g)
		}
	}
}

// decode reads a group, a metric or a refinement.
func (l *loader) decode(path string, node *yaml.Node) (*group, bool) {
	l.unknown(path, node, group{})
	g := &group{file: path, node: place(node)}
	if err := node.Decode(g); err != nil {
		l.add(path, node, "%s", problem(err))
		return nil, false
	}
	return g, true
}

// place is where a node is, for mistakes, without what it contains.
func place(node *yaml.Node) *yaml.Node { return &yaml.Node{Line: node.Line, Column: node.Column} }

// problem takes the lines out of a message of the YAML package: the mistake has
// the place.
func problem(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n")
	return strings.Join(strings.Fields(text), " ")
}

// group takes a group of the first form. Spans, events and resources have no
// metrics, but may define attributes.
func (l *loader) group(s *source, path string, node *yaml.Node) {
	var kind struct {
		Type string `yaml:"type"`
	}
	if err := node.Decode(&kind); err != nil {
		l.add(path, node, "%s", problem(err))
		return
	}
	about := kind.Type == "metric" || kind.Type == "attribute_group" || kind.Type == "" || kind.Type == "metric_group"
	g := &group{file: path, node: place(node)}
	if about {
		var ok bool
		if g, ok = l.decode(path, node); !ok {
			return
		}
	} else if err := node.Decode(g); err != nil {
		return // It is not about metrics.
	}
	if g.ID != "" {
		if before, ok := s.groups[g.ID]; ok && about {
			l.add(path, node, "the group %q is defined twice: first in %s:%d", short(g.ID), before.file, before.node.Line)
			return
		}
		s.groups[g.ID] = g
	}
	for i := range g.Attributes {
		var a attribute
		if err := g.Attributes[i].Decode(&a); err == nil && (a.ID != "" || a.Name != "") {
			l.define(s, path, &g.Attributes[i], g.Prefix)
		}
	}
	if a := g.Annotations.Contract; a != nil {
		s.namespaces = append(s.namespaces, a.Namespaces...)
	}
	switch {
	case g.Type == "metric":
		s.take(g)
	case g.ID == "":
		l.add(path, node, `the group has no "id": add it`)
	case g.Type == "":
		l.add(path, node, `the group %q has no "type": add it`, short(g.ID))
	}
}

// second takes the parts of the second form.
func (l *loader) second(s *source, path string, attributes, groups, metrics []yaml.Node, catalog []*attribute) {
	for i := range attributes {
		if attributes[i].Kind == yaml.MappingNode {
			l.define(s, path, &attributes[i], "")
		}
	}
	for i := range groups {
		if g, ok := l.decode(path, &groups[i]); ok && g.ID != "" {
			l.based(g, catalog)
			s.groups[g.ID] = g
			if a := g.Annotations.Contract; a != nil {
				s.namespaces = append(s.namespaces, a.Namespaces...)
			}
		}
	}
	for i := range metrics {
		g, ok := l.decode(path, &metrics[i])
		if !ok {
			continue
		}
		if g.Name == "" {
			l.add(path, g.node, `the metric has no "name": add it`)
			continue
		}
		l.based(g, catalog)
		s.take(g)
		metrics[i].Content = nil
	}
}

// based turns the numbers by which a resolved registry uses attributes into
// their names.
func (l *loader) based(g *group, catalog []*attribute) {
	for i := range g.Attributes {
		var use attribute
		if err := g.Attributes[i].Decode(&use); err != nil || use.Base == nil {
			continue
		}
		if *use.Base < 0 || *use.Base >= len(catalog) || catalog[*use.Base] == nil {
			l.add(g.file, &g.Attributes[i], "there is no attribute %d in the catalog", *use.Base)
			continue
		}
		node := &g.Attributes[i]
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "ref"},
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: catalog[*use.Base].name()})
	}
}

// define keeps the definition of an attribute. The first one counts: the groups
// of the first form that was resolved repeat them.
func (l *loader) define(s *source, path string, node *yaml.Node, prefix string) *attribute {
	l.unknown(path, node, attribute{})
	a := &attribute{file: path, node: place(node)}
	if err := node.Decode(a); err != nil {
		l.add(path, node, "%s", problem(err))
		return nil
	}
	if prefix != "" && a.ID != "" && !strings.HasPrefix(a.ID, prefix+".") {
		a.ID = prefix + "." + a.ID
	}
	name := a.name()
	if name == "" {
		l.add(path, node, `the attribute has no "id" or "key": add it`)
		return nil
	}
	if _, ok := s.attributes[name]; !ok {
		s.attributes[name] = a
	}
	return a
}

// name returns the name of the attribute, in every form.
func (a *attribute) name() string {
	for _, name := range []string{a.Key, a.ID, a.Name, a.Ref} {
		if name != "" {
			return name
		}
	}
	return ""
}
