package answer

import (
	"bytes"
	"slices"
)

// inOtherUnits reports whether a usage counts something, and no tokens: a search, the
// seconds of a recording, the characters of a speech, pages or images. Each number in it
// has a name that says so.
func inOtherUnits(usage value) bool {
	other, unknown := countUnits(usage, 0)
	return other && !unknown
}

// countUnits reports whether there are numbers of other units than tokens, and numbers
// of which that is not known.
func countUnits(v value, depth int) (other, unknown bool) {
	const deepest = 3 // a model in a usage, and the details in that
	for m := v.members(); m.next(); {
		if m.value.isObject() && depth < deepest {
			o, u := countUnits(m.value, depth+1)
			other, unknown = other || o, unknown || u
			continue
		}
		if _, ok := parseCost(m.value); !ok || m.value.isString() {
			unknown = unknown || bytes.Contains(bytes.ToLower(m.name), []byte("token"))
			continue
		}
		if isUnit(m.name) {
			other = true
		} else {
			unknown = true
		}
	}
	return other, unknown
}

// isUnit reports whether a count is of something else than tokens, by the word at the
// end of its name.
func isUnit(name []byte) bool {
	word := wordOf(name)
	return slices.ContainsFunc([]string{
		"units", "unit", "searches", "search", "queries", "query", "requests", "request", "calls", "classifications", "documents", "docs",
		"pages", "pagesprocessed", "characters", "chars", "charactercount", "bytes", "images", "imagecount", "pixels", "megapixels", "frames", "steps",
		"seconds", "duration", "durationms", "milliseconds", "minutes", "audioseconds", "videoseconds", "credits", "neurons",
	}, func(unit string) bool { return bytes.HasSuffix(word.text(), []byte(unit)) })
}
