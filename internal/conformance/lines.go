package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// family finds the family of this name or makes it; nil if there are too many.
func (p *parser) family(name string, at position) *Family {
	if family, ok := p.families[name]; ok {
		return family
	}
	return p.add(name, at)
}

func (p *parser) add(name string, at position) *Family {
	if len(p.exposition.Families) == maxFamilies {
		p.stop(strconv.Itoa(maxFamilies) + " metrics")
		return nil
	}
	family := &Family{name: name, at: at, kept: p.keeps(name)}
	p.families[name] = family
	p.exposition.Families = append(p.exposition.Families, family)
	return family
}

// strict reports whether the family is judged by all rules of the format.
func (p *parser) strict(f *Family) bool { return f.kept || !p.narrow }

// take judges the sample, and keeps it if it is one of the contract's.
func (p *parser) take(family *Family, s sample, at stamp) {
	if s.name == "process_start_time_seconds" {
		p.exposition.started = s.value
	}
	p.begin(family, s.at)
	p.exposition.read++
	family.seen = true
	family.note(s)
	if p.strict(family) {
		p.judge.sample(family, s, at)
	}
	if !family.kept {
		return
	}
	if p.samples == maxSamples {
		p.stop(strconv.Itoa(maxSamples) + " series")
		return
	}
	p.samples++
	family.samples = append(family.samples, s)
}

// note remembers the names of the labels.
func (f *Family) note(s sample) {
	inner := f.inner(f.suffix(s))
	for _, l := range s.labels {
		if l.name != inner && !slices.Contains(f.labels, l.name) && len(f.labels) < maxNames {
			f.labels = append(f.labels, strings.Clone(l.name))
		}
	}
}

// begin notes to which family the line belongs. In OpenMetrics all lines of a
// family are together, those of its metadata too.
func (p *parser) begin(family *Family, at position) {
	before := p.current
	if before == family {
		return
	}
	p.current = family
	if before != nil && p.om {
		p.end(before)
	}
	if family.state != nil && (family.state.gone || !p.om) && p.strict(family) {
		severity := Warning
		if p.om {
			severity = Error
			family.state = nil
		}
		p.exposition.problems.add(Finding{
			Severity: severity, Rule: Grouping, Metric: short(family.documented(p.exposition.Format)), Line: at.line, Column: at.column,
			Message: "the lines of the metric do not stand together",
			Remedy:  "write all series of a metric one after the other, below its HELP and TYPE",
		})
	}
}

// end judges a family of which all lines are known.
func (p *parser) end(family *Family) {
	if p.strict(family) {
		p.succession(family)
		p.judge.end(family)
	}
	family.state = &state{gone: true}
}

// close judges the families that went on until the end of the page.
func (p *parser) close() {
	if p.om {
		if p.current != nil {
			p.end(p.current)
		}
		return
	}
	for _, family := range p.exposition.Families {
		if p.strict(family) {
			family.apart = p.apart(family)
			p.judge.end(family)
		}
	}
}

// apart reports whether a histogram of the text format is a gauge histogram.
func (p *parser) apart(family *Family) bool {
	for _, suffix := range []string{"_gcount", "_gsum"} {
		if other, ok := p.families[family.name+suffix]; !ok || other.kind != "gauge" {
			return false
		}
	}
	return family.kind == "histogram"
}
