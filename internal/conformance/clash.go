package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// successor is a second family of a name in OpenMetrics. Go's own collector has
// a gauge and a counter whose names differ in _total only, which is the same name
// there. Prometheus takes both, so two types whose samples cannot be confused are
// not an error; any other metadata below the samples is.
func (p *parser) successor(before *Family, at position) *Family {
	family := p.add(before.name, at)
	if family != nil {
		family.predecessor = before
	}
	return family
}

// succession judges a second family of a name.
func (p *parser) succession(family *Family) {
	before := family.predecessor
	if before == nil {
		return
	}
	found := Finding{Severity: Error, Rule: NameClash, Metric: short(family.name), Line: family.at.line, Column: family.at.column}
	switch {
	case before.kind == "" || family.kind == "":
		found.Rule, found.Message = Syntax, fmt.Sprintf("the metadata of %q comes after its samples", short(family.name))
	case p.share(before, family):
		found.Message = fmt.Sprintf("%q is a %s and a %s", short(family.name), before.kind, family.kind)
	default:
		found.Severity = Info
		found.Message = fmt.Sprintf("%q is a %s and a %s: OpenMetrics requires different names, but Prometheus accepts both", short(family.name), before.kind, family.kind)
	}
	p.exposition.problems.add(found)
}

// share reports whether two families of one name may have samples of one name.
func (p *parser) share(a, b *Family) bool {
	return slices.ContainsFunc(p.suffixes(a.kind), func(suffix string) bool { return p.allows(b.kind, suffix) })
}

// clash finds a family whose samples could be this one's, or whose name is that of
// a sample. The text format has no such rule.
func (p *parser) clash(c *cursor, family *Family, nameAt int) error {
	if !p.om || !p.strict(family) {
		return nil
	}
	for _, suffix := range p.suffixes(family.kind) {
		if other, ok := p.families[family.name+suffix]; ok && other != family && suffix != "" {
			if p.allows(other.kind, "") {
				return c.wrong(nameAt, "", "the samples of the %s %q clash with those of the metric %q", family.kind, short(family.name), short(other.name))
			}
			p.alike(family, other, c.position(nameAt))
		}
	}
	for _, suffix := range suffixes() {
		base, ok := strings.CutSuffix(family.name, suffix)
		if other, known := p.families[base]; ok && known && p.allows(other.kind, suffix) {
			if p.allows(family.kind, "") {
				return c.wrong(nameAt, "", "the samples of %q clash with those of the %s %q", short(family.name), other.kind, short(base))
			}
			p.alike(other, family, c.position(nameAt))
		}
	}
	return nil
}

// alike notes that a metric has the name of a sample of another, and samples of
// other names.
func (p *parser) alike(family, other *Family, at position) {
	p.exposition.problems.add(Finding{
		Severity: Info, Rule: NameClash, Metric: short(other.name), Line: at.line, Column: at.column,
		Message: fmt.Sprintf("%q is a %s and the name of a sample of the %s %q: OpenMetrics requires different names, but Prometheus accepts both",
			short(other.name), other.kind, family.kind, short(family.name)),
	})
}
