package uses

import (
	"regexp"
	"strconv"
	"strings"
)

// marker is a part of every text that replaces a variable of Grafana. A name or a
// value that contains it is not checked, because only Grafana knows it.
const marker = "grafana_variable"

// A number that no query has, for a variable that is a number: it is part of a
// name too if the variable is.
const markedNumber = "3141592653589793"

func hasVariable(text string) bool {
	return strings.Contains(text, marker) || strings.Contains(text, markedNumber)
}

// variable matches the three notations of Grafana. The last one is a class of
// characters inside a regular expression, if it begins with a colon.
var variable = regexp.MustCompile(`^(?:\$(\w+)|\$\{(\w+)(?:\.[\w.]+)?(?::[^}]*)?\}|\[\[(\w+)(?::\w+)?\]\])`)

// kind is what a variable may be replaced by outside of quotes.
type kind int

const (
	aNumber kind = iota
	aName
	aDuration
	kinds
)

// part is a piece of an expression, or a variable in it.
type part struct {
	text     string
	variable string
	quoted   bool // the variable is part of a string
	window   bool // the variable is part of a duration
}

// parts splits an expression at its variables.
func parts(expr string) []part {
	var all []part
	begin := 0
	var quote byte
	brackets := 0
	for i := 0; i < len(expr); {
		b := expr[i]
		if b == '$' || b == '[' {
			if match := variable.FindStringSubmatch(expr[i:]); match != nil {
				before := expr[begin:i]
				all = append(all, part{text: before}, part{
					variable: match[1] + match[2] + match[3], quoted: quote != 0,
					window: brackets > 0 || strings.HasSuffix(strings.TrimSpace(before), "offset"),
				})
				i += len(match[0])
				begin = i
				continue
			}
		}
		switch {
		case quote != 0 && b == '\\' && quote != '`':
			i++
		case quote != 0 && b == quote:
			quote = 0
		case quote != 0:
		case b == '"' || b == '\'' || b == '`':
			quote = b
		case b == '[':
			brackets++
		case b == ']':
			brackets--
		case b == '#':
			if end := strings.IndexByte(expr[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(expr) - 1
			}
		}
		i++
	}
	return append(all, part{text: expr[min(begin, len(expr)):]})
}

// maxGuesses is how many readings of the variables are tried.
const maxGuesses = 81

// filled returns the readings of an expression, the most probable first: variables
// are filled with the values that are known, and else with a number, a name or a
// duration.
func filled(expr string, values map[string]string) []string {
	all := parts(expr)
	var open []string // the variables to guess
	guesses := make(map[string]int)
	for _, p := range all {
		_, known := values[p.variable]
		_, twice := guesses[p.variable]
		if p.variable == "" || p.quoted || p.window || known || twice || builtIn(p.variable) {
			continue
		}
		guesses[p.variable] = len(open)
		open = append(open, p.variable)
	}
	count := 1
	for range open {
		count = min(count*int(kinds), maxGuesses)
	}
	var out []string
	for n := range count {
		var b strings.Builder
		for _, p := range all {
			b.WriteString(p.text)
			if p.variable != "" {
				b.WriteString(p.fill(values, guesses, n))
			}
		}
		out = append(out, b.String())
	}
	return out
}

func builtIn(name string) bool { return strings.HasPrefix(name, "__") }

func (p part) fill(values map[string]string, guesses map[string]int, n int) string {
	switch value, known := values[p.variable]; {
	case p.quoted:
		return marker
	case builtIn(p.variable) && (strings.HasSuffix(p.variable, "_s") || strings.HasSuffix(p.variable, "_ms") || p.variable == "__from" || p.variable == "__to"):
		return "1"
	case builtIn(p.variable), p.window && !known:
		return "5m"
	case known && plain(value):
		return value
	case known:
		return marker
	}
	for range guesses[p.variable] {
		n /= int(kinds)
	}
	switch kind(n % int(kinds)) {
	case aNumber:
		return markedNumber
	case aName:
		return marker
	default:
		return "5m"
	}
}

// plain reports whether a value of a variable can be part of an expression unchanged.
func plain(value string) bool {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return true
	}
	return regexp.MustCompile(`^[a-zA-Z0-9_:.]+$`).MatchString(value) && value != "All" && !strings.HasPrefix(value, "$")
}

// quoted writes a string of PromQL.
func quoted(text string) string { return strconv.Quote(text) }
