package extractive

import (
	"context"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPassage is the length in bytes at which a passage without an end is cut,
// so that neither an answer nor the time between two looks at a context grows
// with a line of a megabyte.
const maxPassage = 1024

// readPassages returns the passages of text that hold a word.
func readPassages(ctx context.Context, text string) ([]string, error) {
	var passages []string
	for passage := range split(text) {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		for range words(passage) {
			passages = append(passages, passage)
			break
		}
	}
	return passages, alive(ctx)
}

// split yields the passages of text in order, without the white space and the
// list markers around them.
func split(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := text[marker(text):]
		for rest != "" {
			var passage string
			passage, rest = cut(rest)
			if passage = strings.TrimSpace(passage); passage != "" && !yield(passage) {
				return
			}
			rest = begin(rest)
		}
	}
}

// begin skips the white space before a passage and, at the start of a line, a
// list marker.
func begin(text string) string {
	body := strings.TrimLeftFunc(text, unicode.IsSpace)
	if space := text[:len(text)-len(body)]; strings.Contains(space, "\n") {
		body = body[marker(body):]
	}
	return body
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
