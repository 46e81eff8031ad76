package conformance

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Parse reads a page of the text format (0.0.4 or 1.0.0) or of OpenMetrics.
// Every mistake is a finding of [Checker.Check], and parsing goes on with the
// next line. [Detect] returns the format of a page that came without one. All
// samples are kept, up to a limit.
func Parse(page string, format Format) *Exposition {
	return parse(page, format, func(string) bool { return true }, false)
}

// Parse reads a page for this checker: the samples of the metrics of the contract
// are kept. The others are judged by the rules of the format and forgotten.
func (c Checker) Parse(page string, format Format) *Exposition {
	return parse(page, format, c.scope().wanted, c.OnlyContract)
}

func parse(page string, format Format, keep func(name string) bool, narrow bool) *Exposition {
	p := &parser{
		om:         format == OpenMetrics,
		keeps:      keep,
		narrow:     narrow,
		exposition: &Exposition{Format: format},
		families:   make(map[string]*Family),
	}
	p.judge = newJudge(format, p.exposition.problems.add)
	for p.rest = page; p.rest != "" && !p.full; {
		line, rest, complete := strings.Cut(p.rest, "\n")
		p.rest = rest
		p.line++
		if !complete && (line != "# EOF" || !p.om) {
			p.report(position{p.line, utf8.RuneCountInString(line) + 1}, "the last line has no line feed: the page was cut off, or its writer forgot it", "")
		}
		p.read(line)
	}
	p.close()
	if p.om && !p.ended && !p.full {
		p.report(position{p.line + 1, 1}, "the line # EOF is missing at the end: the page was cut off, or its writer forgot it", "OpenMetrics ends with the line # EOF")
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
	keeps           func(name string) bool
	narrow          bool // judges only what it keeps
	judge           *judge
	rest            string
	line, samples   int
	exposition      *Exposition
	families        map[string]*Family // the last of each name
	current         *Family            // the one whose lines are being read
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
