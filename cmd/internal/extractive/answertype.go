package extractive

import (
	"slices"
	"strings"
)

// answerType is the kind of thing that answers a question.
type answerType int

const (
	anything answerType = iota
	date                // or a year, or a time of day
	person              // or another name of who did something
	place               // or an address
	quantity
)

// String returns the type as the reasoning names it.
func (a answerType) String() string {
	return [...]string{"anything", "a date", "a name", "a place", "a number"}[a]
}

// maxClause bounds how many words of a clause are read to find what it asks for.
const maxClause = 64

// askedFor returns what the English question asks for. The last clause that
// begins with a question word decides, since in "When the cache is full, who
// empties it?" the first one asks nothing. Else the first question word does, so
// that "What happens when the cache is full?" asks for no date.
func askedFor(question string) answerType {
	var first, last []string // from their question words on
	for clause := range strings.FieldsFuncSeq(question, func(r rune) bool { return strings.ContainsRune(",;:.?!\n", r) }) {
		asking, begins := interrogative(clause)
		if asking != nil && first == nil {
			first = asking
		}
		if begins {
			last = asking
		}
	}
	if last == nil {
		last = first
	}
	return typeOf(last)
}

// interrogative returns the words of a clause from its first question word on, and
// whether that is its first word or its second, after a preposition.
func interrogative(clause string) (asking []string, begins bool) {
	heads := []string{"when", "who", "whom", "whose", "where", "how", "what", "which", "why"}
	var before, after []string
	for w := range words(clause) {
		switch {
		case len(before)+len(after) == maxClause:
			return after, after != nil && begins
		case after != nil:
			after = append(after, string(w))
		case slices.Contains(heads, string(w)):
			after = []string{string(w)}
			begins = len(before) == 0 || len(before) == 1 && isOneOf(before[0], "in on at by to from since until for with of and so but")
		default:
			before = append(before, string(w))
		}
	}
	return after, after != nil && begins
}

// typeOf returns what a clause asks for that begins with a question word.
func typeOf(asking []string) answerType {
	if len(asking) == 0 {
		return anything
	}
	next := ""
	if len(asking) > 1 {
		next = asking[1]
	}
	switch asking[0] {
	case "when":
		return date
	case "who", "whom", "whose":
		return person
	case "where":
		return place
	case "how":
		if isOneOf(next, "many much long old tall high far big large deep wide heavy fast often") {
			return quantity
		}
	case "what", "which":
		switch {
		case isOneOf(next, "year date day month century decade time"):
			return date
		case isOneOf(next, "person people man woman author president inventor scientist"):
			return person
		case isOneOf(next, "city town village country place state continent location address"):
			return place
		case isOneOf(next, "number amount percentage quantity"):
			return quantity
		}
	}
	return anything
}

// isOneOf reports whether the list, whose words have spaces between them, contains the word.
func isOneOf(word, list string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}
