package extractive

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentions reports whether a passage contains a thing of this type that the question
// does not contain. It uses the form of words, not a list of names: in English a name
// has a capital letter, and a place follows a preposition of place.
func (a answerType) mentions(passage string, question query, stop map[string]struct{}) bool {
	m := mention{tokens: tokensOf(passage), question: question, stop: stop}
	for i := range m.tokens {
		var found bool
		switch a {
		case date:
			found = m.isDate(i)
		case person:
			found = m.isName(i) && !m.afterPlacePreposition(i)
		case place:
			found = m.isPlace(i)
		case quantity:
			found = m.isQuantity(i)
		case anything:
		}
		if found && !m.isAsked(i) {
			return true
		}
	}
	return false
}

// token is a word of a passage as written and in lower case.
type token struct {
	text, lower string
	gap         string // what stands between the word before and this one
}

// adjoins reports whether there is only white space before the word.
func (t token) adjoins() bool { return strings.TrimSpace(t.gap) == "" }

// tokensOf returns the words of a passage. Numbers keep their decimals and their
// separators of thousands.
func tokensOf(passage string) []token {
	var tokens []token
	from, start := 0, -1
	end := func(at int) {
		if start >= 0 {
			word := passage[start:at]
			tokens = append(tokens, token{word, strings.ToLower(word), passage[from:start]})
			from, start = at, -1
		}
	}
	var last rune
	for i, r := range passage {
		within := (r == '.' || r == ',') && isDigit(last) && i+1 < len(passage) && isDigit(rune(passage[i+1]))
		switch {
		case start < 0 && isWord(r):
			start = i
		case start >= 0 && !isWord(r) && !within:
			end(i)
		}
		last = r
	}
	end(len(passage))
	return tokens
}

// mention looks for things in one passage.
type mention struct {
	tokens   []token
	question query
	stop     map[string]struct{}
}

// at returns the token at i, or an empty one beyond the ends.
func (m mention) at(i int) token {
	if i < 0 || i >= len(m.tokens) {
		return token{}
	}
	return m.tokens[i]
}

// isAsked reports whether the question holds the word, so that it is no answer.
func (m mention) isAsked(i int) bool { return m.question.has(string(fold([]byte(m.tokens[i].lower)))) }

func (m mention) isStop(word string) bool {
	_, ok := m.stop[word]
	return ok
}

const (
	months  = "january february march april may june july august september october november december"
	days    = "monday tuesday wednesday thursday friday saturday sunday"
	moments = "yesterday today tomorrow tonight noon midnight ago"
	spans   = "morning afternoon evening night day week month year decade century end beginning start same past future meantime"
)

func (m mention) isDate(i int) bool {
	t, next := m.tokens[i], m.at(i+1)
	number := leadingNumber(t.lower)
	switch {
	case m.isMonth(i) || isOneOf(t.lower, moments) || isCapital(t.text) && isOneOf(t.lower, days):
		return true
	case number == "":
		return false
	case number != t.lower: // with an ending: the 1980s, the 19th century, 5pm
		switch ending := t.lower[len(number):]; ending {
		case "s":
			return isYear(number)
		case "am", "pm":
			return true
		default:
			return isOrdinal(ending) && next.lower == "century"
		}
	case next.adjoins() && isOneOf(next.lower, "bc bce ad ce am pm"), next.gap == ":" && isDigits(next.lower):
		return true
	default:
		return isYear(number) && m.standsAsYear(i)
	}
}

// isMonth reports the name of a month. Those that are other words too need a number beside
// them, or "in" before.
func (m mention) isMonth(i int) bool {
	t := m.tokens[i]
	if !isCapital(t.text) || !isOneOf(t.lower, months) {
		return false
	}
	return !isOneOf(t.lower, "march may august") || leadingNumber(m.at(i-1).lower) != "" ||
		leadingNumber(m.at(i+1).lower) != "" || isOneOf(m.at(i-1).lower, "in since until of by")
}

// standsAsYear reports whether a number is a year and not a count. A noun follows a
// count, unless a word such as "in" marks the number as a year.
func (m mention) standsAsYear(i int) bool {
	if isOneOf(m.at(i-1).lower, "in since until till by before after during from of year circa "+months) {
		return true
	}
	next := m.at(i + 1)
	return !next.adjoins() || next.text == "" || isCapital(next.text) || m.isStop(next.lower)
}

// isName reports a word with a capital that is not only the first of its sentence.
func (m mention) isName(i int) bool {
	t := m.tokens[i]
	if !isCapital(t.text) || m.isStop(t.lower) || isOneOf(t.lower, days) || isOneOf(t.lower, months) && m.isMonth(i) || isOneOf(t.lower, moments) {
		return false
	}
	if i > 0 {
		return true
	}
	next := m.at(1)
	if next.adjoins() && isCapital(next.text) {
		return true // Two capitals: a name and a surname.
	}
	// The ending identifies most first words that are neither a name nor a stop word.
	return !strings.HasSuffix(t.lower, "ly") && !strings.HasSuffix(t.lower, "ing")
}

// afterPlacePreposition reports whether the name at i follows a preposition of place.
func (m mention) afterPlacePreposition(i int) bool {
	for i > 0 && m.at(i).adjoins() && m.isName(i-1) {
		i-- // to the first word of the name
	}
	if isOneOf(m.at(i-1).lower, "the a an") {
		i--
	}
	return m.at(i).adjoins() && isOneOf(m.at(i-1).lower, near+" "+within)
}

const (
	near   = "under behind beside near inside outside above below beneath opposite across"
	within = "in at on from to into through"
)

func (m mention) isPlace(i int) bool {
	t := m.tokens[i]
	if strings.HasSuffix(t.gap, "/") { // http://127.0.0.1/metrics, /etc/hosts
		return true
	}
	if m.isName(i) {
		return i > 0 && m.afterPlacePreposition(i)
	}
	if !isOneOf(m.at(i-1).lower, "the a an this that its") || isOneOf(t.lower, spans) || leadingNumber(t.lower) != "" {
		return false
	}
	return t.adjoins() && m.at(i-1).adjoins() && isOneOf(m.at(i-2).lower, near+" in at on")
}

const numerals = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
	"seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands " +
	"million millions billion billions dozen dozens once twice"

func (m mention) isQuantity(i int) bool {
	t, next := m.tokens[i], m.at(i+1)
	if isOneOf(t.lower, numerals) {
		return t.lower != "one" || next.lower != "of"
	}
	number := leadingNumber(t.lower)
	if number == "" || isOrdinal(t.lower[len(number):]) || m.isDate(i) {
		return false
	}
	// A day of a month is none.
	return (i == 0 || !m.isMonth(i-1)) && (i+1 == len(m.tokens) || !m.isMonth(i+1))
}

func isCapital(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(r) || unicode.IsTitle(r)
}

// leadingNumber returns the number that a word begins with, or nothing.
func leadingNumber(word string) string {
	n := 0
	for n < len(word) && (isDigit(rune(word[n])) || n > 0 && strings.IndexByte(".,", word[n]) >= 0) {
		n++
	}
	return word[:n]
}

func isDigits(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

// isYear reports a number of four digits up to 2199: beyond, numbers are rather counts.
func isYear(number string) bool {
	return len(number) == len("1889") && isDigits(number) && number >= "1000" && number < "2200"
}

func isOrdinal(ending string) bool { return isOneOf(ending, "st nd rd th") }
