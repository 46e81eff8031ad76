package extractive

import (
	"bytes"
	"strings"
)

// fold reduces a lower-case English word to a stem, in place, so that "buckets"
// meets "bucket" and "used" meets "using". Stems are for comparison only: they
// need to be alike, not to be words. Anything but ASCII letters is left alone.
func fold(w []byte) []byte {
	for _, c := range w {
		if c < 'a' || c > 'z' {
			return w
		}
	}
	w = foldTense(foldPlural(w))
	if n := len(w); n > 2 && w[n-1] == 'e' {
		w = w[:n-1]
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] && !isVowel(w[n-1]) {
		w = w[:n-1]
	}
	return w
}

func foldPlural(w []byte) []byte {
	n := len(w)
	switch {
	case n < 4 || w[n-1] != 's' || hasSuffix(w, "ss", "us", "is"):
		return w
	case n > 4 && hasSuffix(w, "ies"):
		w[n-3] = 'y'
		return w[:n-2]
	case hasSuffix(w, "sses", "xes", "ches", "shes"):
		return w[:n-2]
	default:
		return w[:n-1]
	}
}

func foldTense(w []byte) []byte {
	n := len(w)
	switch {
	case n > 4 && hasSuffix(w, "ied"):
		w[n-3] = 'y'
		return w[:n-2]
	case hasSuffix(w, "eed"):
		return w
	case hasSuffix(w, "ing") && hasVowel(w[:n-3]):
		return w[:n-3]
	case hasSuffix(w, "ed") && hasVowel(w[:n-2]):
		return w[:n-2]
	default:
		return w
	}
}

func hasSuffix(w []byte, suffixes ...string) bool {
	for _, s := range suffixes {
		if len(w) >= len(s) && string(w[len(w)-len(s):]) == s {
			return true
		}
	}
	return false
}

// hasVowel reports whether w contains a vowel. It distinguishes an ending from a part
// of the word, as in "string" or "shed".
func hasVowel(w []byte) bool { return bytes.ContainsAny(w, "aeiouy") }

func isVowel(c byte) bool { return strings.IndexByte("aeiouy", c) >= 0 }

// stopWords returns the words that say nothing about the subject of a question.
func stopWords() map[string]struct{} {
	const list = `
		a about after all also am an and any are as at be because been before being but by
		can could did do does doing don during each else for from get give given had has have
		he her his how i if in into is it its just let many may me might more most much must
		my no nor not of off on one only or other our out over please s shall she should so
		some such t tell than that the their them then there these they this those to too
		under until up us very was we were what when where which while who whom whose why
		will with would you your`
	set := map[string]struct{}{}
	for word := range strings.FieldsSeq(list) {
		set[word] = struct{}{}
	}
	return set
}
