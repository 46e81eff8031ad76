package uses

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Checker holds queries against a catalog. It is for one run.
type Checker struct {
	Catalog *Catalog
	// AllowedLabels are labels that any series may have besides its own and those of
	// every target, job and instance.
	AllowedLabels []string

	recorded map[string]*recording
	used     map[string]bool // metrics of the contract, by name
	lacking  map[string]bool // what was said of a label in a file
	meanings int             // how many names were looked for among all others
}

// Report contains the findings about one file.
type Report struct {
	File     string
	Queries  int
	Findings []conformance.Finding
}

// Check returns a report of each file with queries or problems, in the order of
// the files, and the metrics of the contract that no query uses.
func (c *Checker) Check(found Found) (reports []Report, unused []conformance.Finding) {
	c.recorded, c.used, c.lacking = make(map[string]*recording), make(map[string]bool), make(map[string]bool)
	for _, q := range found.Queries {
		if q.Record == "" {
			continue
		}
		if c.recorded[q.Record] == nil {
			c.recorded[q.Record] = &recording{}
		}
		c.recorded[q.Record].queries = append(c.recorded[q.Record].queries, q)
	}
	index := make(map[string]int)
	report := func(file string) *Report {
		i, ok := index[file]
		if !ok {
			i = len(reports)
			index[file] = i
			reports = append(reports, Report{File: file})
		}
		return &reports[i]
	}
	for _, q := range found.Queries {
		r := report(q.File)
		r.Queries++
		r.Findings = append(r.Findings, c.query(q)...)
	}
	for _, p := range found.Problems {
		r := report(p.File)
		r.Findings = append(r.Findings, conformance.Finding{
			Severity: conformance.Warning, Rule: conformance.QuerySyntax, Line: p.Line, Column: p.Column,
			Message: "no query was read here: " + p.Text, Remedy: "a template has to be rendered first",
		})
	}
	for i := range reports {
		reports[i].Findings = conformance.Listed(reports[i].Findings)
	}
	return reports, conformance.Listed(c.unused())
}

func (c *Checker) unused() []conformance.Finding {
	var all []conformance.Finding
	for _, name := range c.Catalog.order {
		if c.used[name] || c.Catalog.promised[name].Deprecated != "" {
			continue
		}
		all = append(all, conformance.Finding{
			Severity: conformance.Info, Rule: conformance.UnusedMetric, Metric: name, Message: "no query uses the metric",
		})
	}
	return all
}

// judgement is the check of one query.
type judgement struct {
	*Checker
	query Query
	found []conformance.Finding
}

func (j *judgement) add(severity conformance.Severity, rule conformance.Rule, metric, remedy, format string, args ...any) {
	name := ""
	if j.query.Name != "" {
		name = fmt.Sprintf(" (in %q)", inWords(j.query.Name))
	}
	f := conformance.Finding{
		Severity: severity, Rule: rule, Metric: inWords(metric), Line: j.query.Line, Column: j.query.Column,
		Message: strings.ReplaceAll(fmt.Sprintf(format, args...), marker, "$…") + name, Remedy: remedy,
	}
	if !slices.Contains(j.found, f) {
		j.found = append(j.found, f)
	}
}

func (c *Checker) query(q Query) []conformance.Finding {
	j := &judgement{Checker: c, query: q}
	expr, err := parse(q)
	if err != nil {
		j.add(conformance.Error, conformance.QuerySyntax, "", "", "Prometheus cannot read %q: %s", inWords(q.Expr), inWords(err.Error()))
		return j.found
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch e := n.(type) {
		case *parser.VectorSelector:
			j.selector(e)
		case *parser.AggregateExpr:
			j.grouping(e)
		case *parser.BinaryExpr:
			j.matching(e)
			j.precedence(e)
		case *parser.Call:
			j.call(e)
		}
		return nil
	})
	j.legend(expr)
	return j.found
}

// legend checks the labels that a graph shows of the result.
func (j *judgement) legend(expr parser.Expr) {
	has := j.labelsOf(expr)
	for _, label := range j.query.Legend {
		if !has.has(label) {
			j.vain(expr, label, "has a legend that shows %q, a label that the result does not have")
		}
	}
}

// selector checks what a selector asks for.
func (j *judgement) selector(e *parser.VectorSelector) {
	name, exact := nameOf(e)
	if !exact {
		j.pattern(e)
		return
	}
	if hasVariable(name) {
		return
	}
	if _, ok := j.recorded[name]; ok {
		j.labels(e, name, series{})
		return
	}
	one, ok := j.Catalog.find(name)
	switch {
	case ok:
		j.use(one)
		j.labels(e, name, one)
	case strings.Contains(name, ":"):
		j.add(conformance.Warning, conformance.QueryMetric, name, "add the file of its rule with --uses", "no rule in these files records the series")
	case j.Catalog.reserved(name):
		j.add(conformance.Error, conformance.QueryMetric, name, j.meant(name), "neither the contract nor a page has the series")
	default:
		j.add(conformance.Info, conformance.QueryMetric, name, "add its page as a target to check the query",
			"the series is not in the contract, and no page has it")
	}
}

// use notes that a query asks for a metric of the contract.
func (j *judgement) use(one series) {
	if !one.promised {
		return
	}
	j.used[one.metric.Name] = true
	j.deprecated(one.metric, one.metric.Terms, "metric")
}

func (j *judgement) deprecated(metric contract.Metric, terms contract.Terms, what string) {
	if terms.Deprecated == "" {
		return
	}
	remedy := ""
	if terms.Replacement != "" {
		remedy = "use " + terms.Replacement
	}
	j.add(conformance.Warning, conformance.Deprecated, metric.Name, remedy, "the query uses the %s, which is deprecated: %s", what, terms.Deprecated)
}

// pattern checks a selector of many metrics: it must find one.
func (j *judgement) pattern(e *parser.VectorSelector) {
	i := slices.IndexFunc(e.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel })
	if i < 0 || hasVariable(e.LabelMatchers[i].Value) {
		return
	}
	matcher := e.LabelMatchers[i]
	found := slices.ContainsFunc([]string{"up", "ALERTS", "scrape_duration_seconds"}, matcher.Matches)
	for name := range j.recorded {
		found = found || matcher.Matches(name)
	}
	for name, one := range j.Catalog.series {
		if matcher.Matches(name) {
			found = true
			j.use(one)
		}
	}
	if !found && j.Catalog.reserved(strings.TrimLeft(matcher.Value, "^(.*")) {
		j.add(conformance.Error, conformance.QueryMetric, matcher.Value, "", "no metric of the contract or of a page matches %s", matcher)
	}
}

// maxMeanings bounds the work that a folder of wrong names makes.
const (
	maxMeanings  = 100
	maxNameBytes = 200
)

// meant names the series that was probably meant.
func (j *judgement) meant(name string) string {
	const none = "correct the query, or add the metric to the contract"
	if j.meanings++; j.meanings > maxMeanings || len(name) > maxNameBytes {
		return none
	}
	best, fewest := "", len(name)/3+1
	for known := range j.Catalog.series {
		if len(known) > 2*len(name) {
			continue
		}
		if n := spelling.Distance(name, known); n < fewest || n == fewest && known < best {
			best, fewest = known, n
		}
	}
	if best == "" {
		return none
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// labels checks the matchers of a selector.
func (j *judgement) labels(e *parser.VectorSelector, name string, one series) {
	has := j.selected(e)
	for _, m := range e.LabelMatchers {
		if m.Name == model.MetricNameLabel || hasVariable(m.Name) {
			continue
		}
		if !has.has(m.Name) {
			j.lacks(name, one, m)
			continue
		}
		if m.Name == "le" && one.inner == "le" {
			j.bound(one.metric, m)
			continue
		}
		if label, ok := one.metric.Label(m.Name); ok && one.promised {
			j.deprecated(one.metric, label.Terms, "label "+label.Key)
			j.value(one.metric, label, m)
		}
	}
}

// lacks reports a matcher of a label that the series do not have. What matches
// nothing matches series without the label, so it does no harm.
func (j *judgement) lacks(name string, one series, m *labels.Matcher) {
	severity, effect := conformance.Error, "so it finds nothing"
	if m.Matches("") || hasVariable(m.Value) || !one.promised {
		severity, effect = conformance.Warning, "so the matcher does nothing or finds nothing"
	}
	j.add(severity, conformance.QueryLabel, name, j.toAllow(m.Name), "the query selects %s, but the series do not have the label, %s", m, effect)
}

func (j *judgement) toAllow(label string) string {
	return "if the scrape or a rule adds it, pass --allow-label " + label
}

// value checks a matcher against the values that a label can have.
func (j *judgement) value(metric contract.Metric, label contract.Label, m *labels.Matcher) {
	if hasVariable(m.Value) || !label.Closed && !label.Enumerated {
		return
	}
	severity := conformance.Error
	if !label.Closed {
		severity = conformance.Info
	}
	known := []string{""}
	for _, value := range label.Values {
		known = append(known, value.Text)
		if m.Type == labels.MatchEqual && m.Value == value.Text {
			j.deprecated(metric, value.Terms, fmt.Sprintf("value %q of the label %s", value.Text, label.Key))
		}
	}
	if !label.Enumerated {
		known = append(known, views.Other, views.Unknown)
	}
	// The texts that the matcher lists, if it does, and else all that it matches.
	for _, text := range listed(m) {
		if !slices.Contains(known, text) {
			j.add(severity, conformance.QueryValue, metric.Name, "the values are "+strings.Join(known[1:], ", "),
				"the query asks for %s, and the label cannot have the value %q", m, text)
		}
	}
	if len(listed(m)) == 0 && !slices.ContainsFunc(known, positive(m)) {
		j.add(severity, conformance.QueryValue, metric.Name, "the values are "+strings.Join(known[1:], ", "),
			"the query asks for %s, and the label cannot have such a value", m)
	}
}

// listed are the texts that a matcher names.
func listed(m *labels.Matcher) []string {
	if m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual {
		return []string{m.Value}
	}
	return m.SetMatches()
}

// positive matches what the matcher names, whether it wants it or not.
func positive(m *labels.Matcher) func(string) bool {
	negative := m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp
	return func(text string) bool { return m.Matches(text) != negative }
}

// bound checks the bound of a bucket, which each source spells in its own way.
func (j *judgement) bound(metric contract.Metric, m *labels.Matcher) {
	if hasVariable(m.Value) || len(metric.Buckets) == 0 {
		return
	}
	spellings := []string{"+Inf", ""}
	for _, bound := range metric.Buckets {
		short, long := strconv.FormatFloat(bound, 'g', -1, 64), strconv.FormatFloat(bound, 'f', -1, 64)
		spellings = append(spellings, short, long, short+".0", long+".0")
	}
	if !slices.ContainsFunc(spellings, positive(m)) {
		j.add(conformance.Error, conformance.QueryValue, metric.Name, fmt.Sprintf("the bounds are %v", metric.Buckets),
			"the query asks for %s, and the histogram has no such bucket", m)
	}
}

// grouping checks the labels by which series are added up.
func (j *judgement) grouping(e *parser.AggregateExpr) {
	inner := j.labelsOf(e.Expr)
	for _, label := range e.Grouping {
		if !inner.has(label) {
			j.vain(e.Expr, label, "groups by %q, a label that the series do not have")
		}
	}
}

// matching checks the labels by which two sides are matched.
func (j *judgement) matching(e *parser.BinaryExpr) {
	if e.VectorMatching == nil {
		return
	}
	left, right := j.labelsOf(e.LHS), j.labelsOf(e.RHS)
	if e.VectorMatching.On {
		for _, label := range e.VectorMatching.MatchingLabels {
			if !left.has(label) && !right.has(label) {
				j.vain(e, label, "matches on %q, a label that neither side has")
			}
		}
	}
	one := right
	if e.VectorMatching.Card == parser.CardOneToMany {
		one = left
	}
	for _, label := range e.VectorMatching.Include {
		if !one.has(label) {
			j.vain(e, label, "copies the label %q, which the other side does not have")
		}
	}
}

// vain reports a label that has no effect, once for each file: most often it is
// one that the scrape adds.
func (j *judgement) vain(expr parser.Expr, label, what string) {
	key := j.query.File + "\x00" + label + "\x00" + what
	if hasVariable(label) || j.lacking[key] {
		return
	}
	j.lacking[key] = true
	j.add(conformance.Warning, conformance.QueryLabel, j.of(expr), j.toAllow(label), "the query "+what, label)
}

// bucketed reports whether the expression asks for buckets and for nothing else.
func (j *judgement) bucketed(expr parser.Expr) bool {
	all := true
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if e, ok := n.(*parser.VectorSelector); ok {
			name, exact := nameOf(e)
			all = all && exact && strings.HasSuffix(name, "_bucket")
		}
		return nil
	})
	return all
}

// of is the first series that the expression asks for.
func (j *judgement) of(expr parser.Expr) string {
	first := ""
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if e, ok := n.(*parser.VectorSelector); ok && first == "" {
			first, _ = nameOf(e)
		}
		return nil
	})
	return first
}
