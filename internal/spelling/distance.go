// Package spelling measures how much two names differ, for messages that name what
// was probably meant.
package spelling

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Distance is how many bytes have to be added, removed or replaced (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Nearest returns which of the known names was probably meant by got, which is none of them, if there is one: a name that got
// begins, or the one that differs from it in the fewest bytes, in at most a third of them and one more. Of equals it is the
// first.
func Nearest(got string, known iter.Seq[string]) (name string, ok bool) {
	got = strings.ToLower(got)
	fewest := len(got)/3 + 2
	for candidate := range known {
		if len(got) > 3 && strings.HasPrefix(candidate, got) {
			return candidate, true
		}
		// What is far too long takes too long to compare.
		if len(got) > 2*len(candidate)+8 || len(candidate) > 2*len(got)+8 {
			continue
		}
		if n := Distance(got, candidate); n < fewest {
			name, fewest, ok = candidate, n, true
		}
	}
	return name, ok
}

// Remedy is what a message says of a name that is none of those known.
func Remedy(got string, known []string) string {
	if name, ok := Nearest(got, slices.Values(known)); ok {
		return fmt.Sprintf("did you mean %q?", name)
	}
	return "choose one of " + strings.Join(known, ", ")
}
