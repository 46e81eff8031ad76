package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads a page of the text format (0.0.4 or 1.0.0) or of OpenMetrics.
// Every mistake is a finding of [Checker.Check], and parsing goes on with the
// next line. Detect tells the format of a page that came without one. Metrics
// under dspy_ are kept, and those that are named here.
func Parse(page string, format Format, names ...string) *Exposition {
	p := &parser{
		om:         format == OpenMetrics,
		own:        names,
		exposition: &Exposition{Format: format},
		families:   make(map[string]*Family),
	}
	for p.rest = page; p.rest != "" && !p.full; {
		line, rest, complete := strings.Cut(p.rest, "\n")
		p.rest = rest
		p.line++
		if !complete && (line != "# EOF" || !p.om) {
			p.report(position{p.line, utf8.RuneCountInString(line) + 1}, "the last line has no line feed: the page was cut off, or its writer forgot it", "")
		}
		p.read(line)
	}
	if p.om && !p.ended && !p.full {
		p.report(position{p.line + 1, 1}, "there is no # EOF at the end: the page was cut off, or its writer forgot it", "OpenMetrics ends with the line # EOF")
	}
	return p.exposition
}

// Detect returns OpenMetrics if the page ends as that format must, else Text.
func Detect(page string) Format {
	page = strings.TrimSuffix(page, "\n")
	if page == "# EOF" || strings.HasSuffix(page, "\n# EOF") {
		return OpenMetrics
	}
	return Text
}

type parser struct {
	om, ended, full bool
	own             own
	rest            string
	line, samples   int
	exposition      *Exposition
	families        map[string]*Family
	current         *Family // of the last sample
}

func (p *parser) report(at position, message, remedy string) {
	p.exposition.problems.add(Finding{
		Severity: Error, Rule: Syntax, Line: at.line, Column: at.column, Message: message, Remedy: remedy,
	})
}

// stop ends the parsing of a page that has too much.
func (p *parser) stop(what string) {
	p.full = true
	p.exposition.problems.add(Finding{
		Severity: Error, Rule: TooLarge, Line: p.line,
		Message: "more than " + what + ": the rest of the page was not checked",
	})
}

func (p *parser) read(line string) {
	c := &cursor{text: line, line: p.line, om: p.om}
	if err := p.readLine(c); err != nil {
		at, remedy := c.at, ""
		if m, ok := errors.AsType[*mistake](err); ok {
			at, remedy = m.at, m.remedy
		}
		p.report(c.position(at), err.Error(), remedy)
	}
}

func (p *parser) readLine(c *cursor) error {
	if p.ended {
		return c.wrong(0, "", "there is text after # EOF")
	}
	if i := invalidUTF8(c.text); i >= 0 {
		return c.wrong(i, "", "a byte that is not valid UTF-8")
	}
	if strings.HasSuffix(c.text, "\r") {
		return c.wrong(len(c.text)-1, "lines end with a line feed alone", "a carriage return at the end of the line")
	}
	if !p.om {
		c.blanks()
	}
	switch {
	case c.done() && p.om:
		return c.wrong(0, "", "an empty line, which OpenMetrics does not have")
	case c.done():
		return nil
	case c.peek() == '#':
		return p.comment(c)
	default:
		return p.sample(c)
	}
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return -1
}

// family finds the family of this name or makes it; nil if there are too many.
func (p *parser) family(name string, at position) *Family {
	if family, ok := p.families[name]; ok {
		return family
	}
	if len(p.families) == maxFamilies {
		p.stop(strconv.Itoa(maxFamilies) + " metrics")
		return nil
	}
	family := &Family{name: name, at: at}
	p.families[name] = family
	if p.own.wanted(name) {
		p.exposition.Families = append(p.exposition.Families, family)
	}
	return family
}

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
	if err := p.trailer(c, strings.HasSuffix(s.name, "_bucket") || strings.HasSuffix(s.name, "_total")); err != nil {
		return err
	}
	p.keep(family, s)
	return nil
}

// unbounded finds an le or a quantile that is not a number.
func unbounded(family *Family, s sample) (label, bool) {
	key := map[string]string{"histogram": "le", "summary": "quantile"}[family.kind]
	l, ok := s.label(key)
	if key == "" || !ok {
		return label{}, false
	}
	_, err := strconv.ParseFloat(l.value, 64)
	return l, err != nil
}

// trailer reads what may follow a value: a timestamp and an exemplar.
func (p *parser) trailer(c *cursor, exemplar bool) error {
	if c.done() {
		return nil
	}
	if strings.HasSuffix(c.text, " ") || strings.HasSuffix(c.text, "\t") {
		return c.wrong(len(c.text)-1, "", "a blank at the end of the line")
	}
	if err := c.space("the timestamp"); err != nil {
		return err
	}
	if c.peek() != '#' || !p.om {
		if err := c.timestamp(); err != nil || c.done() {
			return err
		}
		if !p.om {
			c.blanks()
			return c.wrong(c.at, "", "got %s after the timestamp, want the end of the line", c.next())
		}
		if err := c.space("the exemplar"); err != nil {
			return err
		}
	}
	if !exemplar {
		return c.wrong(c.at, "only buckets and counters have exemplars", "got %s, want the end of the line", c.next())
	}
	return p.exemplar(c)
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
	if err := c.timestamp(); err != nil {
		return err
	}
	if !c.done() {
		return c.wrong(c.at, "", "got %s, want the end of the line", c.next())
	}
	return nil
}

// keep adds the sample to its family if it is one to check.
func (p *parser) keep(family *Family, s sample) {
	if s.name == "process_start_time_seconds" {
		p.exposition.started = s.value
	}
	if family.seen && p.current != family && p.own.wanted(family.name) {
		p.exposition.problems.add(Finding{
			Severity: Warning, Rule: Syntax, Metric: short(family.name), Line: s.at.line, Column: s.at.column,
			Message: "the lines of the metric do not stand together",
			Remedy:  "write all series of a metric one after the other, below its HELP and TYPE",
		})
	}
	family.seen, p.current = true, family
	if !p.own.wanted(family.name) {
		return
	}
	if p.samples == maxSamples {
		p.stop(strconv.Itoa(maxSamples) + " series")
		return
	}
	p.samples++
	family.samples = append(family.samples, s)
}
