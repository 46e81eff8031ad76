package conformance

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cursor reads the tokens of one line.
type cursor struct {
	text string
	line int
	at   int // in bytes
	om   bool
}

// mistake is a syntax error and where it is in the line.
type mistake struct {
	at      int // in bytes
	message string
	remedy  string
}

func (m *mistake) Error() string { return m.message }

func (c *cursor) wrong(at int, remedy, format string, args ...any) error {
	return &mistake{at: at, message: fmt.Sprintf(format, args...), remedy: remedy}
}

func (c *cursor) position(at int) position {
	return position{c.line, utf8.RuneCountInString(c.text[:at]) + 1}
}

func (c *cursor) done() bool { return c.at == len(c.text) }

// peek returns the next byte, or 0 at the end.
func (c *cursor) peek() byte {
	if c.done() {
		return 0
	}
	return c.text[c.at]
}

// next describes the text at the cursor, for messages.
func (c *cursor) next() string {
	if c.done() {
		return "the end of the line"
	}
	r, _ := utf8.DecodeRuneInString(c.text[c.at:])
	return strconv.QuoteRune(r)
}

// blanks skips what may separate tokens in the text format.
func (c *cursor) blanks() {
	for c.peek() == ' ' || c.peek() == '\t' {
		c.at++
	}
}

// space reads what separates tokens: one space in OpenMetrics.
func (c *cursor) space(what string) error {
	at := c.at
	if !c.om {
		c.blanks()
		return nil
	}
	if c.peek() != ' ' {
		return c.wrong(at, "", "got %s, want a space before %s", c.next(), what)
	}
	c.at++
	if c.peek() == ' ' || c.peek() == '\t' {
		return c.wrong(c.at, "OpenMetrics separates by exactly one space", "more than one blank before %s", what)
	}
	return nil
}

// inner skips blanks between braces, which OpenMetrics does not have.
func (c *cursor) inner() {
	if !c.om {
		c.blanks()
	}
}

// word reads up to the next blank.
func (c *cursor) word() string {
	start := c.at
	for !c.done() && c.peek() != ' ' && c.peek() != '\t' {
		c.at++
	}
	return c.text[start:c.at]
}

// identifier reads a name that needs no quotes; a metric's may have colons.
func (c *cursor) identifier(colon bool) string {
	start := c.at
	for ; !c.done(); c.at++ {
		b := c.text[c.at]
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == ':' && colon
		if !letter && (b < '0' || b > '9' || c.at == start) {
			break
		}
	}
	return c.text[start:c.at]
}

// name reads a name, quoted or not.
func (c *cursor) name(what string, colon bool) (string, error) {
	at := c.at
	if c.peek() == '"' {
		name, err := c.quoted(what)
		if err == nil && name == "" {
			err = c.wrong(at, "", "the %s is empty", what)
		}
		return name, err
	}
	name := c.identifier(colon)
	if name == "" {
		return "", c.wrong(at, "names start with a letter or an underscore; others need quotes", "got %s, want a %s", c.next(), what)
	}
	return name, nil
}

// quoted reads a string in quotes.
func (c *cursor) quoted(what string) (string, error) {
	start := c.at
	if c.peek() != '"' {
		return "", c.wrong(start, "", "got %s, want the %s in double quotes", c.next(), what)
	}
	rest := c.text[start+1:]
	end := strings.IndexAny(rest, `"\`)
	if end >= 0 && rest[end] == '"' {
		c.at += end + 2
		return rest[:end], nil
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			c.at = start + i + 2
			return b.String(), nil
		case '\\':
			plain, ok := unescaped(rest[i+1:])
			if !ok && c.om && i+1 < len(rest) {
				// OpenMetrics takes what is no escape for what it says.
				b.WriteByte('\\')
				continue
			}
			if !ok {
				return "", c.wrong(start+1+i, `only \\, \" and \n are escapes`, "invalid escape sequence in the %s", what)
			}
			b.WriteByte(plain)
			i++
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", c.wrong(start, `a line feed in it is written \n`, "the %s has no closing quote", what)
}

func unescaped(s string) (byte, bool) {
	if s == "" {
		return 0, false
	}
	switch s[0] {
	case '\\', '"':
		return s[0], true
	case 'n':
		return '\n', true
	}
	return 0, false
}

// number reads a value.
func (c *cursor) number(what string) (float64, error) {
	at := c.at
	word := c.word()
	value, err := strconv.ParseFloat(word, 64)
	if err == nil && !strings.ContainsAny(word, "pPxX_") {
		return value, nil
	}
	switch {
	case word == "":
		return 0, c.wrong(at, "", "the %s is missing", what)
	case errors.Is(err, strconv.ErrRange):
		return 0, c.wrong(at, "", "the %s %q is out of range", what, short(word))
	default:
		return 0, c.wrong(at, "write a decimal number, +Inf, -Inf or NaN", "the %s %q is not a number", what, short(word))
	}
}

// timestamp reads a time: milliseconds in the text format, seconds in OpenMetrics.
func (c *cursor) timestamp() (float64, error) {
	at := c.at
	if c.om {
		value, err := c.number("timestamp")
		if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
			err = c.wrong(at, "", "the timestamp is not finite")
		}
		return value, err
	}
	word := c.word()
	value, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, c.wrong(at, "the text format has whole milliseconds here", "the timestamp %q is not a whole number", short(word))
	}
	return float64(value), nil
}

// labels reads what is in braces. A quoted name without a value is the metric's.
func (c *cursor) labels(metric *string) ([]label, error) {
	c.at++ // the brace
	var labels []label
	for first := true; ; first = false {
		c.inner()
		if c.peek() == '}' && (first || !c.om) {
			c.at++
			return labels, nil
		}
		at := c.at
		name, err := c.name("label name", false)
		if err != nil {
			return nil, err
		}
		c.inner()
		switch {
		case c.peek() == '=':
			l, err := c.labelValue(name, at)
			if err != nil {
				return nil, err
			}
			if i := sameName(labels, name); i >= 0 {
				return nil, c.wrong(at, "", "the label %q occurs twice", short(name))
			}
			if len(labels) == maxLabels {
				return nil, c.wrong(at, "", "a series with more than %d labels", maxLabels)
			}
			labels = append(labels, l)
		case first && *metric == "" && c.text[at] == '"':
			*metric = name
		default:
			return nil, c.wrong(c.at, "", "got %s, want = after the label name %q", c.next(), short(name))
		}
		c.inner()
		switch c.peek() {
		case ',':
			c.at++
		case '}':
			c.at++
			return labels, nil
		default:
			return nil, c.wrong(c.at, "", "got %s, want a comma or a closing brace", c.next())
		}
	}
}

func (c *cursor) labelValue(name string, at int) (label, error) {
	c.at++ // the equals sign
	c.inner()
	if name == "__name__" {
		return label{}, c.wrong(at, "write the name before the braces", "the label name %q is reserved", name)
	}
	valueAt := c.position(c.at)
	value, err := c.quoted("label value")
	return label{name: name, value: value, at: valueAt}, err
}

func sameName(labels []label, name string) int {
	for i := range labels {
		if labels[i].name == name {
			return i
		}
	}
	return -1
}
