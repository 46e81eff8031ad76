package extractive

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPassage is the length in bytes at which a passage without an end is cut,
// so that neither an answer nor the time between two looks at a context grows
// with a line of a megabyte.
const maxPassage = 1024

// split yields the passages of source in order, without the white space and the
// list markers around them, and whether each goes on in the paragraph of the one
// before.
func split(source string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		rest, follows := source[marker(source):], false
		for rest != "" {
			var passage string
			passage, rest = cut(rest)
			if passage = strings.TrimSpace(passage); passage != "" && !yield(passage, follows) {
				return
			}
			rest, follows = begin(rest)
		}
	}
}

// begin skips the white space before a passage and, at the start of a line, a
// list marker. It reports whether the paragraph goes on.
func begin(text string) (passage string, follows bool) {
	body := strings.TrimLeftFunc(text, unicode.IsSpace)
	line := strings.IndexByte(text[:len(text)-len(body)], '\n')
	if line < 0 {
		return body, true
	}
	return body[marker(body):], !endsLine(text[line+1:])
}

// cut returns the passage that text begins with and what follows it.
func cut(text string) (passage, rest string) {
	word, space := 0, 0 // where the last word began and the last space was
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next := i + size
		switch {
		case next > maxPassage:
			if space > 0 {
				i = space
			}
			return text[:i], text[i:]
		case r == '\n' && endsLine(text[next:]):
			return text[:i], text[i:]
		case isTerminal(r):
			next = sentenceTail(text, next)
			if endsSentence(r, text[word:i], text[next:]) {
				return text[:next], text[next:]
			}
		case unicode.IsSpace(r):
			space, word = i, next
		}
		i = next
	}
	return text, ""
}

// endsLine reports whether the line break before text ends a passage: a blank
// line, a list item, a heading or a table row follows.
func endsLine(text string) bool {
	line := strings.TrimLeft(text, " \t\r")
	return line == "" || line[0] == '\n' || line[0] == '|' || marker(line) > 0
}

// marker returns the length of the list or heading marker that line begins
// with: "- ", "## ", "2. ", "[3] " and the like, with the white space before it.
func marker(line string) int {
	body := strings.TrimLeft(line, " \t\r")
	var after string
	switch bullet := strings.TrimLeft(body, "#"); {
	case len(bullet) < len(body):
		after = bullet
	case strings.HasPrefix(body, "•"):
		after = body[len("•"):]
	case body != "" && strings.IndexByte("-*+", body[0]) >= 0:
		after = body[1:]
	default:
		after = afterNumber(body)
	}
	if after == "" || (after[0] != ' ' && after[0] != '\t') {
		return 0
	}
	return len(line) - len(after)
}

// afterNumber returns what follows "1.", "1)", "(1)" or "[1]", else nothing. Four
// digits are a year at the end of a sentence rather than a list item.
func afterNumber(body string) string {
	digits := body
	if body != "" && (body[0] == '[' || body[0] == '(') {
		digits = body[1:]
	}
	n := 0
	for n < len(digits) && isDigit(rune(digits[n])) {
		n++
	}
	if n == 0 || n > 3 || n == len(digits) || strings.IndexByte(".)]", digits[n]) < 0 {
		return ""
	}
	return digits[n+1:]
}
