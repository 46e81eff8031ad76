package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// comment reads a line that starts with a number sign.
func (p *parser) comment(c *cursor) error {
	if p.om && c.text == "# EOF" {
		p.ended = true
		return nil
	}
	c.at++
	if err := c.space("the keyword"); err != nil {
		return err
	}
	at := c.at
	keyword := c.word()
	switch {
	case keyword == "HELP", keyword == "TYPE", keyword == "UNIT" && p.om:
	case p.om:
		return c.wrong(at, "OpenMetrics has no other comments", "got %q, want HELP, TYPE, UNIT or EOF", short(keyword))
	default:
		return nil
	}
	if err := c.space("the metric name"); err != nil {
		return err
	}
	at = c.at
	name, err := c.name("metric name", true)
	if err != nil {
		return err
	}
	if !c.done() && c.peek() != ' ' && c.peek() != '\t' {
		return c.wrong(c.at, "", "got %s in the metric name %q", c.next(), short(name))
	}
	if !c.done() || p.om {
		if err := c.space("the text"); err != nil && (keyword != "HELP" || c.text[c.at-1] != ' ') {
			return err
		}
	}
	family := p.family(name, c.position(at))
	if family != nil && family.seen && p.om && p.strict(family) {
		family = p.successor(family, c.position(at))
	}
	if family == nil {
		return nil
	}
	p.begin(family, c.position(at))
	return p.describe(c, keyword, family, at)
}

// describe sets what the rest of a HELP, TYPE or UNIT line says.
func (p *parser) describe(c *cursor, keyword string, family *Family, nameAt int) error {
	at, text := c.at, c.text[c.at:]
	set := map[string]*position{"HELP": &family.helpAt, "TYPE": &family.kindAt, "UNIT": &family.unitAt}[keyword]
	if set.line > 0 && (p.strict(family) || !p.om) {
		return c.wrong(nameAt, fmt.Sprintf("the first is in line %d", set.line), "a second %s line for %q", keyword, short(family.name))
	}
	*set = c.position(at)
	switch keyword {
	case "HELP":
		family.hasHelp = true
		help, bad := unescapeHelp(text, p.om)
		if bad >= 0 {
			return c.wrong(at+bad, `only \\ and \n are escapes`, "invalid escape sequence in the help text")
		}
		family.help = help
	case "UNIT":
		family.unit = text
		if text != "" && !strings.HasSuffix(family.name, "_"+text) {
			return c.wrong(at, "", "the unit %q is not the end of the name %q", short(text), short(family.name))
		}
		return p.unitless(c, family)
	case "TYPE":
		if !slices.Contains(p.kinds(), text) {
			return c.wrong(at, "one of "+strings.Join(p.kinds(), ", "), "the type %q is unknown", short(text))
		}
		family.kind = text
		if family.seen && (p.strict(family) || !p.om) {
			return c.wrong(nameAt, "", "the TYPE line of %q is after its samples", short(family.name))
		}
		if err := p.clash(c, family, nameAt); err != nil {
			return err
		}
		return p.unitless(c, family)
	}
	return nil
}

// unitless finds a unit of what has none.
func (p *parser) unitless(c *cursor, family *Family) error {
	if family.unit != "" && (family.kind == "info" || family.kind == "stateset") && p.strict(family) {
		return c.wrong(c.at, "", "the %s %q must not have a unit", family.kind, short(family.name))
	}
	return nil
}

func (p *parser) kinds() []string {
	if p.om {
		return []string{"counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"}
	}
	return []string{"counter", "gauge", "histogram", "summary", "untyped"}
}

func unescapeHelp(text string, om bool) (help string, bad int) {
	if !strings.Contains(text, `\`) {
		return text, -1
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		plain, ok := unescaped(text[i+1:])
		switch {
		case ok:
			b.WriteByte(plain)
			i++
		case om:
			// OpenMetrics takes what is no escape for what it says.
			b.WriteByte('\\')
		default:
			return "", i
		}
	}
	return b.String(), -1
}
