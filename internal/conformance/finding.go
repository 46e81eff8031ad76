package conformance

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity reports whether a finding breaks the contract.
type Severity string

const (
	// Error is a breach of the contract, or of the format.
	Error Severity = "error"
	// Warning is a finding that may be harmless, such as a metric that was not measured
	// yet.
	Warning Severity = "warning"
	// Info is a finding that needs no action.
	Info Severity = "info"
)

// Rule names what was checked.
type Rule string

// The rules.
const (
	// Syntax: the page is not a valid exposition.
	Syntax Rule = "syntax"
	// TooLarge: there is more than is kept in memory, and the rest was not checked.
	TooLarge Rule = "too-large"
	// MissingMetric: a metric of the contract is not there.
	MissingMetric Rule = "missing-metric"
	// MissingValue: no series has a label value that must be there.
	MissingValue Rule = "missing-value"
	// Deprecated names what is there and should not be used any more.
	Deprecated Rule = "deprecated"
	// NotStable: what is there may change.
	NotStable Rule = "not-stable"
	// UnknownMetric: a metric is named like the contract's and is not in it.
	UnknownMetric Rule = "unknown-metric"
	// WrongType: the metric is of another kind.
	WrongType Rule = "wrong-type"
	// WrongUnit: the unit is another.
	WrongUnit Rule = "wrong-unit"
	// WrongHelp: the help text is missing or is not the contract's description.
	WrongHelp Rule = "wrong-help"
	// WrongTemporality: an OTLP metric is not cumulative.
	WrongTemporality Rule = "wrong-temporality"
	// MissingLabel: a series lacks a label of its metric.
	MissingLabel Rule = "missing-label"
	// ExtraLabel: a series has a label that its metric has not.
	ExtraLabel Rule = "extra-label"
	// UnknownValue: a label value is empty or not in the closed set.
	UnknownValue Rule = "unknown-value"
	// OverBudget: a label has more values than its budget.
	OverBudget Rule = "over-budget"
	// InvalidValue: a number that the metric cannot have.
	InvalidValue Rule = "invalid-value"
	// DuplicateSeries: the same series occurs twice.
	DuplicateSeries Rule = "duplicate-series"
	// MissingBucket: a histogram lacks a bucket of the contract, or +Inf.
	MissingBucket Rule = "missing-bucket"
	// ExtraBucket: a histogram has a bucket that is not in the contract.
	ExtraBucket Rule = "extra-bucket"
	// BucketSpelling: a bound is not written in the canonical way of OpenMetrics.
	BucketSpelling Rule = "bucket-spelling"
	// NotCumulative: a bucket counts less than the one below it.
	NotCumulative Rule = "not-cumulative"
	// Grouping: lines that belong together are apart, or in another order than the
	// format asks for.
	Grouping Rule = "grouping"
	// NameClash: two metrics have the same name, or would have with a suffix.
	NameClash Rule = "name-clash"
	// WrongCount: a histogram's count or sum is missing or contradicts its buckets.
	WrongCount Rule = "wrong-count"
	// NotPrimed: a counter lacks series that have to be there at zero.
	NotPrimed Rule = "not-primed"
	// Decreased: what may only grow was less at the second reading.
	Decreased Rule = "decreased"
	// Vanished: a series was not there any more at the second reading.
	Vanished Rule = "vanished"
	// Disagreement: targets have a metric in different ways.
	Disagreement Rule = "disagreement"
	// Unreachable: a target could be read at first, and later not.
	Unreachable Rule = "unreachable"
	// Restarted: the process started anew between the readings.
	Restarted Rule = "restarted"
	// QuerySyntax: Prometheus cannot read a query of a dashboard or a rule.
	QuerySyntax Rule = "query-syntax"
	// QueryMetric: a query uses a series that does not exist.
	QueryMetric Rule = "query-metric"
	// QueryLabel: a query uses a label that the series do not have.
	QueryLabel Rule = "query-label"
	// QueryValue: a query asks for a value or a bucket that a label cannot have.
	QueryValue Rule = "query-value"
	// QueryType: a query applies a function that does not fit the type, or to a sum that
	// falls when one of its series starts anew.
	QueryType Rule = "query-type"
	// QueryPrecedence: a comparison of a query probably compares with something else
	// than was meant.
	QueryPrecedence Rule = "query-precedence"
	// UnusedMetric: no query uses a metric of the contract.
	UnusedMetric Rule = "unused-metric"
)

// Finding is one difference from the contract.
type Finding struct {
	Severity Severity `json:"severity"`
	Rule     Rule     `json:"rule"`
	// Metric is the documented name, empty for the page as a whole.
	Metric string `json:"metric,omitempty"`
	// Labels identify the series, in the notation of the text format.
	Labels string `json:"labels,omitempty"`
	// Line and Column are where it is, from 1, in characters; 0 if there is no
	// such place.
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	// Remedy is what to do.
	Remedy string `json:"remedy,omitempty"`
}

// Text is the finding without its place.
func (f Finding) Text() string {
	text := f.Message
	if f.Metric != "" {
		text = f.Metric + f.Labels + ": " + text
	}
	if f.Remedy != "" {
		text += " (" + f.Remedy + ")"
	}
	return text
}

// listed is the number of findings of one rule about one metric that are listed.
// listedOfRule is the number of findings of one rule after which metrics are no
// longer listed separately.
const (
	listed       = 5
	listedOfRule = 200
)

// findings are listed up to a number, and counted beyond.
type findings struct {
	list  []Finding
	count map[finding]int
	total map[Rule]int // of those that are listed
}

type finding struct {
	severity Severity
	rule     Rule
	metric   string
}

func (f *findings) add(found Finding) {
	key := finding{found.Severity, found.Rule, found.Metric}
	if found.Rule == UnknownMetric || found.Rule == NotStable || found.Rule == QueryMetric || f.total[found.Rule] >= listedOfRule {
		// The metrics are any number.
		key.metric = ""
	}
	if f.count == nil {
		f.count = make(map[finding]int)
	}
	f.count[key]++
	if f.count[key] <= listed {
		f.list = append(f.list, found)
		if f.total == nil {
			f.total = make(map[Rule]int)
		}
		f.total[found.Rule]++
	}
}

// Listed returns the first findings of each kind, and counts the others.
func Listed(all []Finding) []Finding {
	var f findings
	for _, found := range all {
		f.add(found)
	}
	return f.all()
}

// all returns what is listed, and how many more there were.
func (f *findings) all() []Finding {
	list := slices.Clone(f.list)
	rest := make([]Finding, 0)
	for key, count := range f.count {
		if count > listed {
			rest = append(rest, Finding{
				Severity: key.severity, Rule: key.rule, Metric: key.metric,
				Message: more(count - listed),
			})
		}
	}
	slices.SortFunc(rest, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Severity, b.Severity))
	})
	return append(list, rest...)
}

func more(n int) string {
	if n == 1 {
		return "and 1 more finding like these"
	}
	return fmt.Sprintf("and %d more findings like these", n)
}
