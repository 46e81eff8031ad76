package extractive

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isTerminal reports a character that may end a sentence.
func isTerminal(r rune) bool {
	return strings.ContainsRune(".!?…", r) || isFullStop(r)
}

// isFullStop reports a character that ends a sentence even when no space
// follows, as in Chinese, Japanese, Hindi, Urdu, Arabic, Burmese and Khmer.
func isFullStop(r rune) bool {
	return r >= utf8.RuneSelf && strings.ContainsRune("。！？｡।۔؟။។", r)
}

// sentenceTail returns where the marks and closing brackets or quotes that
// start at text[at:] end.
func sentenceTail(text string, at int) int {
	for at < len(text) && at < maxPassage {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !isTerminal(r) && !strings.ContainsRune("\"')]}*`»”’」』）】", r) {
			break
		}
		at += size
	}
	return at
}

// endsSentence reports whether mark, after word and before rest, ends a
// sentence. A dot inside a number, a name or an address has no space after it.
func endsSentence(mark rune, word, rest string) bool {
	if isFullStop(mark) {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if rest != "" && !unicode.IsSpace(next) {
		return false
	}
	return mark != '.' || !isAbbreviation(word, rest)
}

// isAbbreviation reports whether the dot after word belongs to the word, given
// the text that follows.
func isAbbreviation(word, rest string) bool {
	const longest = len("approx")
	word = strings.TrimLeft(word, "([{\"'*`")
	if word == "" || len(word) > longest {
		return false
	}
	if isInitials(word) {
		return true
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "prof", "st", "vs", "cf", "ca", "viz", "approx":
		return true
	case "no", "nos", "fig", "figs", "eq", "sec", "vol", "ch", "p", "pp":
		return unicode.IsDigit(following(rest))
	case "etc", "al", "inc", "ltd", "co", "jr", "sr":
		return unicode.IsLower(following(rest))
	default:
		return false
	}
}

// isInitials reports "J" in "J. Doe", and letters with dots between, as in "e.g".
func isInitials(word string) bool {
	for i, r := range word {
		if i%2 == 0 && (r >= utf8.RuneSelf || !unicode.IsLetter(r)) || i%2 == 1 && r != '.' {
			return false
		}
	}
	return len(word) > 2 || len(word) == 1 && unicode.IsUpper(rune(word[0]))
}

// following returns the first character of text that is not white space.
func following(text string) rune {
	for _, r := range text {
		if !unicode.IsSpace(r) {
			return r
		}
	}
	return utf8.RuneError
}
