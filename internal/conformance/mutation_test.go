package conformance_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// mutation is one change of a page that conforms, and the one finding about it.
type mutation struct {
	before, after string
	format        conformance.Format
	severity      conformance.Severity
	rule          conformance.Rule
	metric        string
	column        int    // of the finding; its line is where the change is
	message       string // a part of it
	also          []conformance.Rule
}

const (
	latency  = `{endpoint="/predict",method="POST",service="qa",status_code="200"`
	failures = `dspy_predictions_total{prediction_type="react",service="qa",status="failure"}`
	active   = `dspy_active_predictions{service="qa"}`
)

func mutations() map[string]mutation {
	const e, w = conformance.Error, conformance.Warning
	return map[string]mutation{
		// Names.
		"metric renamed":      {active, `dspy_activ_predictions{service="qa"}`, conformance.Text, e, conformance.UnknownMetric, "dspy_activ_predictions", 1, "not in the contract", []conformance.Rule{conformance.MissingMetric}},
		"metric added":        {"# HELP dspy_active_predictions", "dspy_mine 1\n# HELP dspy_active_predictions", conformance.Text, e, conformance.UnknownMetric, "dspy_mine", 1, `"dspy_mine" is not in the contract`, nil},
		"OM metadata _total":  {"# TYPE dspy_errors counter", "# TYPE dspy_errors_total counter", conformance.OpenMetrics, e, conformance.WrongType, "dspy_errors_total", 26, "without _total", []conformance.Rule{conformance.WrongType, conformance.Syntax, conformance.NotPrimed, conformance.WrongHelp}},
		"instrument name":     {active, `{"dspy.active_predictions",service="qa"}`, conformance.Text, e, conformance.UnknownMetric, "dspy.active_predictions", 1, "not in the contract", []conformance.Rule{conformance.MissingMetric}},
		"OM counter suffix":   {`dspy_metrics_scrape_errors_total 0.0`, `dspy_metrics_scrape_errors 0.0`, conformance.OpenMetrics, e, conformance.Syntax, "", 1, "no sample of that name alone", []conformance.Rule{conformance.NotPrimed}},
		"histogram suffix":    {"dspy_api_latency_seconds_count", "dspy_api_latency_seconds_counts", conformance.Text, e, conformance.UnknownMetric, "dspy_api_latency_seconds_counts", 1, "not in the contract", []conformance.Rule{conformance.WrongCount}},
		"histogram no suffix": {"dspy_api_latency_seconds_count", "dspy_api_latency_seconds", conformance.Text, e, conformance.Syntax, "", 1, "is a histogram", []conformance.Rule{conformance.WrongCount}},

		// Types, units, help.
		"gauge for counter":   {"# TYPE dspy_errors_total counter", "# TYPE dspy_errors_total gauge", conformance.Text, e, conformance.WrongType, "dspy_errors_total", 26, "type is gauge, want counter", nil},
		"counter for gauge":   {"# TYPE dspy_active_predictions gauge", "# TYPE dspy_active_predictions counter", conformance.Text, e, conformance.WrongType, "dspy_active_predictions", 32, "type is counter, want gauge", nil},
		"no type":             {"# TYPE dspy_errors_total counter\n", "", conformance.Text, e, conformance.WrongType, "dspy_errors_total", 8, "no TYPE line, want counter", nil},
		"no histogram type":   {"# TYPE dspy_api_latency_seconds histogram\n", "", conformance.Text, e, conformance.WrongType, "dspy_api_latency_seconds", 1, "no TYPE line, want histogram", []conformance.Rule{conformance.WrongHelp}},
		"type unknown":        {"# TYPE dspy_errors_total counter", "# TYPE dspy_errors_total countr", conformance.Text, e, conformance.Syntax, "", 26, `type "countr" is unknown`, []conformance.Rule{conformance.WrongType}},
		"type twice":          {"# TYPE dspy_errors_total counter\n", "# TYPE dspy_errors_total counter\n# TYPE dspy_errors_total counter\n", conformance.Text, e, conformance.Syntax, "", 8, "second TYPE line", nil},
		"help other":          {"HELP dspy_errors_total Errors, by type", "HELP dspy_errors_total Failures", conformance.Text, w, conformance.WrongHelp, "dspy_errors_total", 26, `"Failures", want "Errors, by type"`, nil},
		"help gone":           {"# HELP dspy_errors_total Errors, by type\n", "", conformance.Text, w, conformance.WrongHelp, "dspy_errors_total", 8, "help text is missing", nil},
		"unit wrong":          {"# TYPE dspy_cache_size_bytes gauge\n", "# TYPE dspy_cache_size_bytes gauge\n# UNIT dspy_cache_size_bytes size_bytes\n", conformance.OpenMetrics, e, conformance.WrongUnit, "dspy_cache_size_bytes", 30, `unit is "size_bytes", want "bytes"`, nil},
		"unit not the suffix": {"# TYPE dspy_cache_size_bytes gauge\n", "# TYPE dspy_cache_size_bytes gauge\n# UNIT dspy_cache_size_bytes meters\n", conformance.OpenMetrics, e, conformance.Syntax, "", 30, "not the end of the name", []conformance.Rule{conformance.WrongUnit}},

		// Labels and their values.
		"label renamed":     {active, `dspy_active_predictions{servic="qa"}`, conformance.Text, e, conformance.ExtraLabel, "dspy_active_predictions", 32, `"servic" is not one of the metric`, []conformance.Rule{conformance.MissingLabel}},
		"label gone":        {active, `dspy_active_predictions`, conformance.Text, e, conformance.MissingLabel, "dspy_active_predictions", 1, `"service" is missing`, nil},
		"scope label":       {active, `dspy_active_predictions{service="qa",otel_scope_name="x"}`, conformance.Text, e, conformance.ExtraLabel, "dspy_active_predictions", 54, `"otel_scope_name" is not one`, nil},
		"job":               {active, `dspy_active_predictions{service="qa",job="x"}`, conformance.Text, w, conformance.ExtraLabel, "dspy_active_predictions", 42, "exported_job", nil},
		"le on a gauge":     {active, `dspy_active_predictions{service="qa",le="1"}`, conformance.Text, e, conformance.ExtraLabel, "dspy_active_predictions", 41, `"le"`, nil},
		"label twice":       {active, `dspy_active_predictions{service="qa",service="b"}`, conformance.Text, e, conformance.Syntax, "", 38, "occurs twice", []conformance.Rule{conformance.MissingMetric}},
		"label empty":       {active, `dspy_active_predictions{service=""}`, conformance.Text, e, conformance.UnknownValue, "dspy_active_predictions", 33, "is empty", nil},
		"value not closed":  {failures, strings.Replace(failures, "failure", "failed", 1), conformance.Text, e, conformance.UnknownValue, "dspy_predictions_total", 68, `unknown value "failed"`, []conformance.Rule{conformance.NotPrimed}},
		"series twice":      {failures, failures + " 1\n" + failures, conformance.Text, e, conformance.DuplicateSeries, "dspy_predictions_total", 1, "occurs twice", nil},
		"counter not there": {failures + " 1\n", "", conformance.Text, e, conformance.NotPrimed, "dspy_predictions_total", 0, `1 series of well-known label values are missing, the first is {service="qa",prediction_type="react",status="failure"}`, nil},

		// Buckets.
		"bucket gone":            {"dspy_api_latency_seconds_bucket" + latency + `,le="0.25"} 1` + "\n", "", conformance.Text, e, conformance.MissingBucket, "dspy_api_latency_seconds", 1, "no bucket of 0.25", nil},
		"bucket moved":           {latency + `,le="0.25"}`, latency + `,le="0.3"}`, conformance.Text, e, conformance.ExtraBucket, "dspy_api_latency_seconds", 1, "a bucket of 0.3", []conformance.Rule{conformance.MissingBucket}},
		"bucket twice":           {latency + `,le="0.25"}`, latency + `,le="0.1"}`, conformance.Text, e, conformance.DuplicateSeries, "dspy_api_latency_seconds", 1, "occurs twice", []conformance.Rule{conformance.MissingBucket}},
		"bucket in two spelling": {latency + `,le="0.25"}`, latency + `,le="1.0"}`, conformance.Text, e, conformance.DuplicateSeries, "dspy_api_latency_seconds", 1, "bucket of 1 occurs twice", []conformance.Rule{conformance.MissingBucket}},
		"no +Inf":                {"dspy_api_latency_seconds_bucket" + latency + `,le="+Inf"} 1` + "\n", "", conformance.Text, e, conformance.MissingBucket, "dspy_api_latency_seconds", 1, "no bucket of +Inf", nil},
		"le gone":                {latency + `,le="0.25"}`, latency + `}`, conformance.Text, e, conformance.MissingLabel, "dspy_api_latency_seconds", 1, `"le" is missing`, []conformance.Rule{conformance.MissingBucket}},
		"le not a number":        {latency + `,le="0.25"}`, latency + `,le="x"}`, conformance.Text, e, conformance.Syntax, "", 101, `the value "x" of the label "le"`, []conformance.Rule{conformance.MissingBucket}},
		"le spelled 1 in OM":     {latency + `,le="1.0"}`, latency + `,le="1"}`, conformance.OpenMetrics, w, conformance.BucketSpelling, "dspy_api_latency_seconds", 101, `written "1", want "1.0"`, nil},
		"not cumulative":         {latency + `,le="0.25"} 1`, latency + `,le="0.25"} 0`, conformance.Text, e, conformance.NotCumulative, "dspy_api_latency_seconds", 1, "the bucket of 0.25 has 0, less than the 1", nil},
		"count differs":          {"dspy_api_latency_seconds_count" + latency + "} 1", "dspy_api_latency_seconds_count" + latency + "} 2", conformance.Text, e, conformance.WrongCount, "dspy_api_latency_seconds", 1, "the count is 2, the bucket of +Inf has 1", nil},
		"sum gone":               {"dspy_api_latency_seconds_sum" + latency + "} 0.004\n", "", conformance.Text, e, conformance.WrongCount, "dspy_api_latency_seconds", 1, "no dspy_api_latency_seconds_sum", nil},

		// Numbers.
		"counter negative":   {failures + " 1", failures + " -1", conformance.Text, e, conformance.InvalidValue, "dspy_predictions_total", 1, "is -1, want one that is not negative", nil},
		"counter not whole":  {failures + " 1", failures + " 1.5", conformance.Text, e, conformance.InvalidValue, "dspy_predictions_total", 1, "is 1.5, want a whole number", nil},
		"counter NaN":        {failures + " 1", failures + " NaN", conformance.Text, e, conformance.InvalidValue, "dspy_predictions_total", 1, "is NaN", nil},
		"gauge infinite":     {active + " 1", active + " +Inf", conformance.Text, e, conformance.InvalidValue, "dspy_active_predictions", 1, "is +Inf", nil},
		"gauge negative":     {active + " 1", active + " -1", conformance.Text, e, conformance.InvalidValue, "dspy_active_predictions", 1, "not negative", nil},
		"count NaN":          {"dspy_api_latency_seconds_count" + latency + "} 1", "dspy_api_latency_seconds_count" + latency + "} NaN", conformance.Text, e, conformance.InvalidValue, "dspy_api_latency_seconds", 1, "is NaN", []conformance.Rule{conformance.WrongCount}},
		"sum NaN":            {"} 0.004", "} NaN", conformance.Text, e, conformance.InvalidValue, "dspy_api_latency_seconds", 1, "is NaN", nil},
		"not a number":       {active + " 1", active + " one", conformance.Text, e, conformance.Syntax, "", 39, `the value "one" is not a number`, []conformance.Rule{conformance.MissingMetric}},
		"hexadecimal":        {active + " 1", active + " 0x1p0", conformance.Text, e, conformance.Syntax, "", 39, `the value "0x1p0" is not a number`, []conformance.Rule{conformance.MissingMetric}},
		"no value":           {active + " 1", active, conformance.Text, e, conformance.Syntax, "", 38, "the value is missing", []conformance.Rule{conformance.MissingMetric}},
		"float timestamp":    {active + " 1", active + " 1 1.5", conformance.Text, e, conformance.Syntax, "", 41, `timestamp "1.5" is not a whole number`, []conformance.Rule{conformance.MissingMetric}},
		"after timestamp":    {active + " 1", active + " 1 15 x", conformance.Text, e, conformance.Syntax, "", 44, "got 'x' after the timestamp", []conformance.Rule{conformance.MissingMetric}},
		"exemplar on gauge":  {active + " 1.0", active + ` 1.0 # {trace_id="x"} 1`, conformance.OpenMetrics, e, conformance.Syntax, "", 43, "got '#'", []conformance.Rule{conformance.MissingMetric}},
		"carriage return":    {active + " 1", active + " 1\r", conformance.Text, e, conformance.Syntax, "", 40, "carriage return", []conformance.Rule{conformance.MissingMetric}},
		"quote open":         {active, `dspy_active_predictions{service="qa}`, conformance.Text, e, conformance.Syntax, "", 33, "no closing quote", []conformance.Rule{conformance.MissingMetric}},
		"escape":             {active, `dspy_active_predictions{service="q\a"}`, conformance.Text, e, conformance.Syntax, "", 35, "invalid escape sequence", []conformance.Rule{conformance.MissingMetric}},
		"not UTF-8":          {active, "dspy_active_predictions{service=\"é\xff\"}", conformance.Text, e, conformance.Syntax, "", 35, "not valid UTF-8", []conformance.Rule{conformance.MissingMetric}},
		"OM two spaces":      {active + " 1.0", active + "  1.0", conformance.OpenMetrics, e, conformance.Syntax, "", 39, "more than one blank", []conformance.Rule{conformance.MissingMetric}},
		"OM empty line":      {active, "\n" + active, conformance.OpenMetrics, e, conformance.Syntax, "", 1, "empty line", nil},
		"OM comment":         {active, "# hello\n" + active, conformance.OpenMetrics, e, conformance.Syntax, "", 3, `got "hello"`, nil},
		"OM trailing comma":  {active, `dspy_active_predictions{service="qa",}`, conformance.OpenMetrics, e, conformance.Syntax, "", 38, "got '}'", []conformance.Rule{conformance.MissingMetric}},
		"OM after EOF":       {"# EOF\n", "# EOF\nx 1\n", conformance.OpenMetrics, e, conformance.Syntax, "", 1, "after # EOF", nil},
		"OM no EOF":          {"# EOF\n", "", conformance.OpenMetrics, e, conformance.Syntax, "", 1, "# EOF is missing", nil},
		"somebody's mistake": {"# HELP dspy_active_predictions", "go_info{ 1\n# HELP dspy_active_predictions", conformance.Text, e, conformance.Syntax, "", 10, "got '1'", nil},
	}
}

func TestMutations(t *testing.T) {
	t.Parallel()
	for name, m := range mutations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := page(t, m.format)
			after := replace(t, before, m.before, m.after)
			findings := found(after, m.format)
			expected := map[conformance.Rule]bool{m.rule: true}
			for _, rule := range m.also {
				expected[rule] = true
			}
			hit := false
			for _, f := range findings {
				if !expected[f.Rule] {
					t.Errorf("a finding that the change does not explain: %+v", f)
				}
				hit = hit || f.Rule == m.rule && f.Severity == m.severity && f.Metric == m.metric &&
					strings.Contains(f.Message, m.message) && m.at(before, f)
			}
			if !hit {
				t.Errorf("want %s %s of %q with %q at column %d, got:", m.severity, m.rule, m.metric, m.message, m.column)
				for _, f := range findings {
					t.Logf("%+v", f)
				}
			}
		})
	}
}

// at reports whether the finding is in the lines that were changed. Findings
// about a whole series or metric stand at its first line, so only a column
// beyond the first one is told apart. What has no line of its own is reported at
// the line before.
func (m mutation) at(before string, f conformance.Finding) bool {
	if m.column <= 1 {
		return m.column == f.Column || f.Column > 0
	}
	head, _, _ := strings.Cut(before, m.before)
	first := strings.Count(head, "\n")
	last := 1 + first + max(strings.Count(m.before, "\n"), strings.Count(m.after, "\n"))
	return f.Column == m.column && f.Line >= first && f.Line <= last
}
