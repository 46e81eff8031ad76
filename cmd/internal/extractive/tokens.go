package extractive

import (
	"bytes"
	"iter"
	"unicode"
	"unicode/utf8"
)

// words yields the lower-cased words of s. An identifier with underscores comes
// whole and then in parts; a decimal number stays whole; a script written
// without spaces comes in overlapping pairs of characters. A word is only valid,
// and may be changed, until the next one.
func words(s string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		buf := make([]byte, 0, 64)
		for s != "" {
			r, size := utf8.DecodeRuneInString(s)
			more := true
			switch {
			case isDense(r):
				var run string
				run, s = takeDense(s)
				more = pairs(run, buf, yield)
			case unicode.IsLetter(r) || unicode.IsNumber(r):
				buf, s = takeWord(s, buf[:0])
				more = parts(buf, yield)
			default:
				s = s[size:]
			}
			if !more {
				return
			}
		}
	}
}

// takeWord appends the word s begins with to buf, in lower case, and returns it
// with the rest of s.
func takeWord(s string, buf []byte) (word []byte, rest string) {
	var last rune
	for i, r := range s {
		decimal := r == '.' && isDigit(last) && i+1 < len(s) && isDigit(rune(s[i+1]))
		if !decimal && (!isWord(r) || isDense(r)) {
			return buf, s[i:]
		}
		buf = utf8.AppendRune(buf, unicode.ToLower(r))
		last = r
	}
	return buf, ""
}

func takeDense(s string) (run, rest string) {
	for i, r := range s {
		if !isDense(r) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// parts yields a word and, if it has underscores within, what lies between them.
func parts(word []byte, yield func([]byte) bool) bool {
	word = bytes.TrimRight(word, "_")
	if !yield(word) {
		return false
	}
	if bytes.IndexByte(word, '_') < 0 {
		return true
	}
	for part := range bytes.SplitSeq(word, []byte{'_'}) {
		if len(part) > 0 && !yield(part) {
			return false
		}
	}
	return true
}

// pairs yields the overlapping pairs of characters of run, or its only one.
func pairs(run string, buf []byte, yield func([]byte) bool) bool {
	start, middle := 0, -1
	for i := range run {
		if i == 0 {
			continue
		}
		if middle > 0 {
			if !yield(append(buf[:0], run[start:i]...)) {
				return false
			}
			start = middle
		}
		middle = i
	}
	return yield(append(buf[:0], run[start:]...))
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// isDense reports a character of a script whose words have no spaces between
// them, or, as in Korean, carry particles that pairs see past.
func isDense(r rune) bool {
	const firstThai, prolongedSound = '\u0e00', '\u30fc'
	if r < firstThai || !isWord(r) {
		return false
	}
	return r == prolongedSound || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
