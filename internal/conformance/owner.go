package conformance

import (
	"slices"
	"strings"
)

// owner finds the family of a sample by the suffixes that its type allows.
func (p *parser) owner(c *cursor, at int, s sample) (*Family, error) {
	for _, suffix := range suffixes() {
		base, ok := strings.CutSuffix(s.name, suffix)
		if !ok {
			continue
		}
		if family, ok := p.families[base]; ok && p.allows(family.kind, suffix) {
			return family, nil
		}
	}
	family := p.family(s.name, c.position(at))
	if family == nil || p.allows(family.kind, "") {
		return family, nil
	}
	return nil, c.wrong(at, "its samples end in "+strings.Join(p.suffixes(family.kind), ", "),
		"%q is a %s, which has no sample of that name alone", short(s.name), family.kind)
}

// suffixes are all that a sample's name can have after the family's.
func suffixes() []string {
	return []string{"_bucket", "_count", "_sum", "_total", "_created", "_info", "_gcount", "_gsum"}
}

func (p *parser) allows(kind, suffix string) bool {
	return slices.Contains(p.suffixes(kind), suffix)
}

// suffixes returns the parts of the sample names after the family's name, for a type.
func (p *parser) suffixes(kind string) []string {
	switch {
	case kind == "histogram" && p.om:
		return []string{"_bucket", "_count", "_sum", "_created"}
	case kind == "histogram":
		return []string{"_bucket", "_count", "_sum"}
	case kind == "summary" && p.om:
		return []string{"", "_count", "_sum", "_created"}
	case kind == "summary":
		return []string{"", "_count", "_sum"}
	case kind == "counter" && p.om:
		return []string{"_total", "_created"}
	case kind == "gaugehistogram":
		return []string{"_bucket", "_gcount", "_gsum"}
	case kind == "info":
		return []string{"_info"}
	default:
		return []string{""}
	}
}
