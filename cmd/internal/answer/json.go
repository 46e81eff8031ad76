package answer

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// value is the text of a JSON value. Programs write JSON that the standard does not
// allow, such as Python's NaN. So a value is only cut out, by its quotes and
// brackets. The code that uses it decides whether it is valid.
type value []byte

// only returns the value that is all of text, but for space and a byte order mark.
func only(text []byte) (value, bool) {
	text = trim(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	n := length(text)
	return value(text[:max(n, 0)]), n > 0 && n == len(text)
}

const byteOrderMark = "\ufeff"

func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isArray() bool  { return len(v) > 0 && v[0] == '[' }
func (v value) isString() bool { return len(v) > 1 && v[0] == '"' }
func (v value) isNumber() bool { return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') }
func (v value) isTrue() bool   { return string(v) == "true" }
func (v value) isBool() bool   { return v.isTrue() || string(v) == "false" }

// stated reports whether there is a value. To Python, null is a value not given.
func (v value) stated() bool { return len(v) > 0 && string(v) != "null" }

// empty reports whether the value says nothing: null, false, "", [], {} or none.
func (v value) empty() bool {
	switch {
	case !v.stated(), string(v) == "false":
		return true
	case v.isString():
		return len(v) == 2
	case v.isObject(), v.isArray():
		return len(trim(v[1:])) <= 1
	default:
		return false
	}
}

// content returns what is between the quotes of a string, escapes included. It
// is empty for other values.
func (v value) content() []byte {
	if !v.isString() {
		return nil
	}
	return v[1 : len(v)-1]
}

// is reports whether the value is this string, which has no escapes.
func (v value) is(text string) bool { return string(v.content()) == text }

// begins reports whether the value is a string that begins so.
func (v value) begins(text string) bool {
	content := v.content()
	return len(content) >= len(text) && string(content[:len(text)]) == text
}

// String returns a copy of a string without its escapes, or of the text of
// another value.
func (v value) String() string {
	switch {
	case !v.isString():
		return string(v)
	case bytes.IndexByte(v, '\\') < 0:
		return string(v.content())
	default:
		return string(unescape(nil, v))
	}
}

// unescape appends the characters of a string. An escape that there is not is
// left as it is.
func unescape(dst []byte, v value) []byte {
	rest := v.content()
	for {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 || n+1 == len(rest) {
			return append(dst, rest...)
		}
		dst = append(dst, rest[:n]...)
		rest = rest[n+1:]
		switch c := rest[0]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, size := codePoint(rest)
			dst, rest = utf8.AppendRune(dst, r), rest[size-1:]
		default:
			dst = append(dst, c)
		}
		rest = rest[1:]
	}
}

// codePoint reads uXXXX, or two of them that are a pair of surrogates, and
// returns how long that is.
func codePoint(text []byte) (rune, int) {
	first, ok := codeUnit(text)
	if !ok {
		return utf8.RuneError, 1
	}
	const size = len("uXXXX")
	if utf16.IsSurrogate(first) && len(text) > size && text[size] == '\\' {
		if second, ok := codeUnit(text[size+1:]); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 2*size + 1
			}
		}
	}
	return first, size
}

func codeUnit(text []byte) (rune, bool) {
	if len(text) < len("uXXXX") || text[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[1:5]), 16, 16)
	return rune(n), err == nil
}

// at returns a value inside the value, by the names of members of objects. Of
// members with one name the first one holds.
func (v value) at(path ...string) value {
	for _, name := range path {
		m := v.members()
		for m.next() && string(m.name) != name {
		}
		v = m.value
	}
	return v
}

// cursor goes through the members of an object or the elements of an array.
type cursor struct {
	name  []byte // of the member
	value value

	rest   []byte
	closer byte
	// closed: the closing bracket was reached, and rest is what comes after it.
	closed bool
}

// members goes through an object, and through nothing if the value is not one.
func (v value) members() cursor {
	if !v.isObject() {
		return cursor{}
	}
	return cursor{rest: v[1:], closer: '}'}
}

// elements goes through an array, and through nothing if the value is not one.
func (v value) elements() cursor {
	if !v.isArray() {
		return cursor{}
	}
	return cursor{rest: v[1:], closer: ']'}
}

// next goes to the next member or element. It reports false at the end, and
// where the text cannot be read.
func (c *cursor) next() bool {
	rest := trimLeft(c.rest)
	if len(rest) > 0 && rest[0] == ',' {
		rest = trimLeft(rest[1:])
	}
	c.value = nil
	if len(rest) == 0 {
		return false
	}
	if rest[0] == c.closer {
		c.closed, c.rest, c.closer = true, rest[1:], 0
		return false
	}
	if c.closer == '}' {
		n := length(rest)
		if n < 2 || rest[0] != '"' {
			return false
		}
		c.name = name(rest[:n])
		if rest = trimLeft(rest[n:]); len(rest) == 0 || rest[0] != ':' {
			return false
		}
		rest = trimLeft(rest[1:])
	}
	n := length(rest)
	if n <= 0 {
		return false
	}
	c.value, c.rest = value(rest[:n]), rest[n:]
	return true
}

// name returns the name of a member.
func name(quoted value) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted.content()
	}
	return unescape(nil, quoted)
}

// length returns how long the value at the beginning of text is, or 0 if there
// is none or it does not end.
func length(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"':
		return stringLength(text)
	case '{', '[':
		return bracketLength(text)
	}
	for i, c := range text {
		switch c {
		case ',', ':', ']', '}', '[', '{', '"', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return len(text)
}

func stringLength(text []byte) int {
	n := textLength(text[1:], false)
	if n < 0 {
		return 0
	}
	return n + len(`""`)
}

func bracketLength(text []byte) int {
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			n := stringLength(text[at:])
			if n == 0 {
				return 0
			}
			at += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return 0
}

// trim returns text without the space at its beginning and its end.
func trim(text []byte) []byte {
	text = trimLeft(text)
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func trimLeft(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	return text
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// word is a word of a provider, without regard to case and to what joins its
// parts, so that RateLimitError, rate_limit_error and RATE_LIMIT_ERROR are one. It
// is empty for text that is too long to be a word.
type word struct {
	letters [64]byte
	length  int
}

func wordOf(text []byte) (w word) {
	for _, c := range text {
		switch {
		case c == '_' || c == '-' || c == ' ' || c == '.':
			continue
		case w.length == len(w.letters):
			return word{}
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		w.letters[w.length] = c
		w.length++
	}
	return w
}

// without drops a suffix.
func (w *word) without(suffix string) {
	if bytes.HasSuffix(w.text(), []byte(suffix)) {
		w.length -= len(suffix)
	}
}

func (w *word) text() []byte { return w.letters[:w.length] }
