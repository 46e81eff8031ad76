package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sample reads a line with a value.
func (p *parser) sample(c *cursor) error {
	at := c.at
	s := sample{at: c.position(at)}
	var err error
	if c.peek() != '{' {
		if s.name = c.identifier(true); s.name == "" {
			return c.wrong(at, "", "got %s, want a metric name", c.next())
		}
		c.inner()
	}
	if c.peek() == '{' {
		if s.labels, err = c.labels(&s.name); err != nil {
			return err
		}
		if s.name == "" {
			return c.wrong(at, "", "a series without a metric name")
		}
	}
	slices.SortFunc(s.labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	if err := c.space("the value"); err != nil {
		return err
	}
	if s.value, err = c.number("value"); err != nil {
		return err
	}
	family, err := p.owner(c, at, s)
	if err != nil || family == nil {
		return err
	}
	if l, ok := unbounded(family, s); ok {
		p.report(l.at, fmt.Sprintf("the value %q of the label %q is not a number", short(l.value), l.name), "")
		return nil
	}
	stamped, err := p.trailer(c, family.exemplars(s))
	if err != nil {
		return err
	}
	p.take(family, s, stamped)
	return nil
}

// unbounded finds an le or a quantile that is not a number.
func unbounded(family *Family, s sample) (label, bool) {
	key := family.inner(family.suffix(s))
	l, ok := s.label(key)
	if !ok || key != "le" && key != "quantile" {
		return label{}, false
	}
	_, err := strconv.ParseFloat(l.value, 64)
	return l, err != nil
}

// trailer reads what may follow a value: a timestamp and an exemplar.
func (p *parser) trailer(c *cursor, exemplar bool) (at stamp, err error) {
	if c.done() {
		return at, nil
	}
	if strings.HasSuffix(c.text, " ") || strings.HasSuffix(c.text, "\t") {
		return at, c.wrong(len(c.text)-1, "", "a blank at the end of the line")
	}
	if err := c.space("the timestamp"); err != nil {
		return at, err
	}
	if c.peek() != '#' || !p.om {
		at.set = true
		if at.time, err = c.timestamp(); err != nil || c.done() {
			return at, err
		}
		if !p.om {
			c.blanks()
			return at, c.wrong(c.at, "", "got %s after the timestamp, want the end of the line", c.next())
		}
		if err := c.space("the exemplar"); err != nil {
			return at, err
		}
	}
	if !exemplar {
		return at, c.wrong(c.at, "only buckets and counters have exemplars", "got %s, want the end of the line", c.next())
	}
	return at, p.exemplar(c)
}

// exemplars reports whether OpenMetrics allows an exemplar for the sample.
func (f *Family) exemplars(s sample) bool {
	suffix := f.suffix(s)
	return f.bucketed() && suffix == "_bucket" || f.kind == "counter" && suffix == "_total"
}

func (p *parser) exemplar(c *cursor) error {
	at := c.at
	if !strings.HasPrefix(c.text[at:], "# {") {
		return c.wrong(at, "", "got %s, want an exemplar or the end of the line", c.next())
	}
	c.at += len("# ")
	none := "no metric name here"
	labels, err := c.labels(&none)
	if err != nil {
		return err
	}
	length := 0
	for _, l := range labels {
		length += utf8.RuneCountInString(l.name) + utf8.RuneCountInString(l.value)
	}
	if length > 128 {
		return c.wrong(at, "", "the labels of the exemplar have %d characters, more than 128", length)
	}
	if err := c.space("the exemplar's value"); err != nil {
		return err
	}
	if _, err := c.number("exemplar's value"); err != nil || c.done() {
		return err
	}
	if err := c.space("the exemplar's timestamp"); err != nil {
		return err
	}
	if _, err := c.timestamp(); err != nil {
		return err
	}
	if !c.done() {
		return c.wrong(c.at, "", "got %s, want the end of the line", c.next())
	}
	return nil
}
