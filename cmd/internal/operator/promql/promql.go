// Package promql writes the parts of PromQL that rules and dashboards share.
package promql

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Sum adds up series, by labels or all of them.
func Sum(expr string, by ...string) string { return Aggregate("sum", expr, by...) }

// Aggregate applies an aggregation operator, by labels or over all series.
func Aggregate(operator, expr string, by ...string) string {
	if len(by) == 0 {
		return operator + "(" + expr + ")"
	}
	return operator + " by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

// Range applies a function over time, such as rate.
func Range(function, selector, window string) string {
	return function + "(" + selector + "[" + window + "])"
}

// Either returns the answer of one form of a histogram or, for series that do not
// have it, that of the other. The comparison drops NaN, the answer of a histogram
// without observations.
func Either(first, second string) string {
	return Parentheses(first+"\nor\n"+second) + " >= 0"
}

// Match matches a label with names that have | between them, any of which may be
// a regular expression; a plain name is matched as it is.
func Match(label, names string) string {
	if strings.ContainsAny(names, `|*+?()[]{}^$\\`) {
		return fmt.Sprintf("%s=~%q", label, names)
	}
	return fmt.Sprintf("%s=%q", label, names)
}

// Least returns the smaller one of two values for each set of labels. Both have
// to exist for the same ones; first is no binary operation.
func Least(first, second string) string {
	return first + " <= " + Parentheses(second) + "\nor\n" + second
}

// Forms are those of the histograms that expressions read.
type Forms string

// Both reads whichever form there is; it is the zero value too. Classic and Native
// read one: a backend may not have the functions of the other.
const (
	Both    Forms = "both"
	Classic Forms = "classic"
	Native  Forms = "native"
)

// Choose returns the expression of one form, or those of both with what comes between.
func (f Forms) Choose(classic, native string, both func(classic, native string) string) string {
	switch f {
	case Classic:
		return classic
	case Native:
		return native
	default:
		return both(classic, native)
	}
}

// Or returns the second where the first has no series.
func Or(first, second string) string { return first + "\nor\n" + second }

// OrZero returns expr, or zero where only other has series.
func OrZero(expr, other string) string { return expr + "\nor\n0 * " + other }

// Parentheses sets an expression in parentheses, on lines of its own.
func Parentheses(expr string) string {
	return "(\n  " + strings.ReplaceAll(expr, "\n", "\n  ") + "\n)"
}

// Bucket matches the bucket of a classic histogram by its upper bound, in each
// spelling that the text format, OpenMetrics, OTLP and the versions of
// Prometheus give it.
func Bucket(bound float64) string {
	spellings := []string{Number(bound), strconv.FormatFloat(bound, 'f', -1, 64)}
	for _, spelling := range spellings {
		if !strings.ContainsAny(spelling, ".e") {
			spellings = append(spellings, spelling+".0")
		}
	}
	for i, spelling := range spellings {
		spellings[i] = regexp.QuoteMeta(spelling)
	}
	slices.Sort(spellings)
	return fmt.Sprintf("le=~%q", strings.Join(slices.Compact(spellings), "|"))
}

// Number writes a number as PromQL and the exposition do.
func Number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
