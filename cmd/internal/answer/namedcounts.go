package answer

import (
	"net/http"
	"strings"
)

// readNamedCounts reads a member that is an object of counts, and hands each of them on.
func (s *state) readNamedCounts(member string, v value, add func(name string, n int64)) {
	for m := v.members(); m.next(); {
		if n, ok := parseCount(m.value); ok {
			add(string(m.name), n)
		} else {
			s.refuse(member, m.value, "a non-negative integer of sensible size")
		}
	}
}

// headerNamedCounts reads the counts that a header field states as NAME=COUNT, separated
// by commas, and hands each of them on. The function reports whether the name is one; form
// is how such a count is written. The result reports whether the field states anything.
func (s *state) headerNamedCounts(h http.Header, field, form string, add func(name string, n int64) bool) bool {
	text, ok := s.headerValue(h, field)
	if !ok || text == "" {
		return false
	}
	for part := range strings.SplitSeq(text, ",") {
		name, count, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, ok := parseDigits(count)
		if !ok || n > maxCount || !add(name, n) {
			s.refuse(field, []byte(part), form)
		}
	}
	return true
}
