package check_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
)

// mutation is one change of a page that conforms, and the one finding about it.
type mutation struct {
	before, after string
	format        check.Format
	severity      check.Severity
	rule          check.Rule
	metric        string
	column        int    // of the finding; its line is where the change is
	message       string // a part of it
	also          []check.Rule
}

const (
	latency  = `{endpoint="/predict",method="POST",service="qa",status_code="200"`
	failures = `dspy_predictions_total{prediction_type="react",service="qa",status="failure"}`
	active   = `dspy_active_predictions{service="qa"}`
)

func mutations() map[string]mutation {
	const e, w = check.Error, check.Warning
	return map[string]mutation{
		// Names.
		"metric renamed":      {active, `dspy_activ_predictions{service="qa"}`, check.Text, e, check.UnknownMetric, "dspy_activ_predictions", 1, "not in the contract", []check.Rule{check.MissingMetric}},
		"metric added":        {"# HELP dspy_active_predictions", "dspy_mine 1\n# HELP dspy_active_predictions", check.Text, e, check.UnknownMetric, "dspy_mine", 1, `"dspy_mine" is not in the contract`, nil},
		"OM metadata _total":  {"# TYPE dspy_errors counter", "# TYPE dspy_errors_total counter", check.OpenMetrics, e, check.WrongType, "dspy_errors_total", 26, "without _total", []check.Rule{check.WrongType, check.Syntax, check.NotPrimed, check.WrongHelp}},
		"instrument name":     {active, `{"dspy.active_predictions",service="qa"}`, check.Text, e, check.UnknownMetric, "dspy.active_predictions", 1, "not in the contract", []check.Rule{check.MissingMetric}},
		"OM counter suffix":   {`dspy_metrics_scrape_errors_total 0.0`, `dspy_metrics_scrape_errors 0.0`, check.OpenMetrics, e, check.Syntax, "", 1, "no sample of that name alone", []check.Rule{check.NotPrimed}},
		"histogram suffix":    {"dspy_api_latency_seconds_count", "dspy_api_latency_seconds_counts", check.Text, e, check.UnknownMetric, "dspy_api_latency_seconds_counts", 1, "not in the contract", []check.Rule{check.WrongCount}},
		"histogram no suffix": {"dspy_api_latency_seconds_count", "dspy_api_latency_seconds", check.Text, e, check.Syntax, "", 1, "is a histogram", []check.Rule{check.WrongCount}},

		// Types, units, help.
		"gauge for counter":   {"# TYPE dspy_errors_total counter", "# TYPE dspy_errors_total gauge", check.Text, e, check.WrongType, "dspy_errors_total", 26, "type is gauge, want counter", nil},
		"counter for gauge":   {"# TYPE dspy_active_predictions gauge", "# TYPE dspy_active_predictions counter", check.Text, e, check.WrongType, "dspy_active_predictions", 32, "type is counter, want gauge", nil},
		"no type":             {"# TYPE dspy_errors_total counter\n", "", check.Text, e, check.WrongType, "dspy_errors_total", 8, "no TYPE line, want counter", nil},
		"no histogram type":   {"# TYPE dspy_api_latency_seconds histogram\n", "", check.Text, e, check.WrongType, "dspy_api_latency_seconds", 1, "no TYPE line, want histogram", []check.Rule{check.WrongHelp}},
		"type unknown":        {"# TYPE dspy_errors_total counter", "# TYPE dspy_errors_total countr", check.Text, e, check.Syntax, "", 26, `type "countr" is unknown`, []check.Rule{check.WrongType}},
		"type twice":          {"# TYPE dspy_errors_total counter\n", "# TYPE dspy_errors_total counter\n# TYPE dspy_errors_total counter\n", check.Text, e, check.Syntax, "", 8, "second TYPE line", nil},
		"help other":          {"HELP dspy_errors_total Errors, by type", "HELP dspy_errors_total Failures", check.Text, w, check.WrongHelp, "dspy_errors_total", 26, `"Failures", want "Errors, by type"`, nil},
		"help gone":           {"# HELP dspy_errors_total Errors, by type\n", "", check.Text, w, check.WrongHelp, "dspy_errors_total", 8, "no help text", nil},
		"unit wrong":          {"# TYPE dspy_cache_size_bytes gauge\n", "# TYPE dspy_cache_size_bytes gauge\n# UNIT dspy_cache_size_bytes size_bytes\n", check.OpenMetrics, e, check.WrongUnit, "dspy_cache_size_bytes", 30, `unit is "size_bytes", want "bytes"`, nil},
		"unit not the suffix": {"# TYPE dspy_cache_size_bytes gauge\n", "# TYPE dspy_cache_size_bytes gauge\n# UNIT dspy_cache_size_bytes meters\n", check.OpenMetrics, e, check.Syntax, "", 30, "not the end of the name", []check.Rule{check.WrongUnit}},

		// Labels and their values.
		"label renamed":     {active, `dspy_active_predictions{servic="qa"}`, check.Text, e, check.ExtraLabel, "dspy_active_predictions", 32, `"servic" is not one of the metric`, []check.Rule{check.MissingLabel}},
		"label gone":        {active, `dspy_active_predictions`, check.Text, e, check.MissingLabel, "dspy_active_predictions", 1, `"service" is missing`, nil},
		"scope label":       {active, `dspy_active_predictions{service="qa",otel_scope_name="x"}`, check.Text, e, check.ExtraLabel, "dspy_active_predictions", 54, `"otel_scope_name" is not one`, nil},
		"job":               {active, `dspy_active_predictions{service="qa",job="x"}`, check.Text, w, check.ExtraLabel, "dspy_active_predictions", 42, "exported_job", nil},
		"le on a gauge":     {active, `dspy_active_predictions{service="qa",le="1"}`, check.Text, e, check.ExtraLabel, "dspy_active_predictions", 41, `"le"`, nil},
		"label twice":       {active, `dspy_active_predictions{service="qa",service="b"}`, check.Text, e, check.Syntax, "", 38, "stands twice", []check.Rule{check.MissingMetric}},
		"label empty":       {active, `dspy_active_predictions{service=""}`, check.Text, e, check.UnknownValue, "dspy_active_predictions", 33, "is empty", nil},
		"value not closed":  {failures, strings.Replace(failures, "failure", "failed", 1), check.Text, e, check.UnknownValue, "dspy_predictions_total", 68, `unknown value "failed"`, []check.Rule{check.NotPrimed}},
		"series twice":      {failures, failures + " 1\n" + failures, check.Text, e, check.DuplicateSeries, "dspy_predictions_total", 1, "stands twice", nil},
		"counter not there": {failures + " 1\n", "", check.Text, e, check.NotPrimed, "dspy_predictions_total", 0, `1 series of well-known label values are missing, the first is {service="qa",prediction_type="react",status="failure"}`, nil},

		// Buckets.
		"bucket gone":            {"dspy_api_latency_seconds_bucket" + latency + `,le="0.25"} 1` + "\n", "", check.Text, e, check.MissingBucket, "dspy_api_latency_seconds", 1, "no bucket of 0.25", nil},
		"bucket moved":           {latency + `,le="0.25"}`, latency + `,le="0.3"}`, check.Text, e, check.ExtraBucket, "dspy_api_latency_seconds", 1, "a bucket of 0.3", []check.Rule{check.MissingBucket}},
		"bucket twice":           {latency + `,le="0.25"}`, latency + `,le="0.1"}`, check.Text, e, check.DuplicateSeries, "dspy_api_latency_seconds", 1, "stands twice", []check.Rule{check.MissingBucket}},
		"bucket in two spelling": {latency + `,le="0.25"}`, latency + `,le="1.0"}`, check.Text, e, check.DuplicateSeries, "dspy_api_latency_seconds", 1, "bucket of 1 stands twice", []check.Rule{check.MissingBucket}},
		"no +Inf":                {"dspy_api_latency_seconds_bucket" + latency + `,le="+Inf"} 1` + "\n", "", check.Text, e, check.MissingBucket, "dspy_api_latency_seconds", 1, "no bucket of +Inf", nil},
		"le gone":                {latency + `,le="0.25"}`, latency + `}`, check.Text, e, check.MissingLabel, "dspy_api_latency_seconds", 1, `"le" is missing`, []check.Rule{check.MissingBucket}},
		"le not a number":        {latency + `,le="0.25"}`, latency + `,le="x"}`, check.Text, e, check.Syntax, "", 101, `the value "x" of the label "le"`, []check.Rule{check.MissingBucket}},
		"le spelled 1 in OM":     {latency + `,le="1.0"}`, latency + `,le="1"}`, check.OpenMetrics, w, check.BucketSpelling, "dspy_api_latency_seconds", 101, `written "1", want "1.0"`, nil},
		"not cumulative":         {latency + `,le="0.25"} 1`, latency + `,le="0.25"} 0`, check.Text, e, check.NotCumulative, "dspy_api_latency_seconds", 1, "the bucket of 0.25 has 0, less than the 1", nil},
		"count differs":          {"dspy_api_latency_seconds_count" + latency + "} 1", "dspy_api_latency_seconds_count" + latency + "} 2", check.Text, e, check.WrongCount, "dspy_api_latency_seconds", 1, "the count is 2, the bucket of +Inf has 1", nil},
		"sum gone":               {"dspy_api_latency_seconds_sum" + latency + "} 0.004\n", "", check.Text, e, check.WrongCount, "dspy_api_latency_seconds", 1, "no dspy_api_latency_seconds_sum", nil},

		// Numbers.
		"counter negative":   {failures + " 1", failures + " -1", check.Text, e, check.InvalidValue, "dspy_predictions_total", 1, "is -1, want one that is not negative", nil},
		"counter not whole":  {failures + " 1", failures + " 1.5", check.Text, e, check.InvalidValue, "dspy_predictions_total", 1, "is 1.5, want a whole number", nil},
		"counter NaN":        {failures + " 1", failures + " NaN", check.Text, e, check.InvalidValue, "dspy_predictions_total", 1, "is NaN", nil},
		"gauge infinite":     {active + " 1", active + " +Inf", check.Text, e, check.InvalidValue, "dspy_active_predictions", 1, "is +Inf", nil},
		"gauge negative":     {active + " 1", active + " -1", check.Text, e, check.InvalidValue, "dspy_active_predictions", 1, "not negative", nil},
		"count NaN":          {"dspy_api_latency_seconds_count" + latency + "} 1", "dspy_api_latency_seconds_count" + latency + "} NaN", check.Text, e, check.InvalidValue, "dspy_api_latency_seconds", 1, "is NaN", []check.Rule{check.WrongCount}},
		"sum NaN":            {"} 0.004", "} NaN", check.Text, e, check.InvalidValue, "dspy_api_latency_seconds", 1, "is NaN", nil},
		"not a number":       {active + " 1", active + " one", check.Text, e, check.Syntax, "", 39, `the value "one" is not a number`, []check.Rule{check.MissingMetric}},
		"hexadecimal":        {active + " 1", active + " 0x1p0", check.Text, e, check.Syntax, "", 39, `the value "0x1p0" is not a number`, []check.Rule{check.MissingMetric}},
		"no value":           {active + " 1", active, check.Text, e, check.Syntax, "", 38, "the value is missing", []check.Rule{check.MissingMetric}},
		"float timestamp":    {active + " 1", active + " 1 1.5", check.Text, e, check.Syntax, "", 41, `timestamp "1.5" is not a whole number`, []check.Rule{check.MissingMetric}},
		"after timestamp":    {active + " 1", active + " 1 15 x", check.Text, e, check.Syntax, "", 44, "got 'x' after the timestamp", []check.Rule{check.MissingMetric}},
		"exemplar on gauge":  {active + " 1.0", active + ` 1.0 # {trace_id="x"} 1`, check.OpenMetrics, e, check.Syntax, "", 43, "got '#'", []check.Rule{check.MissingMetric}},
		"carriage return":    {active + " 1", active + " 1\r", check.Text, e, check.Syntax, "", 40, "carriage return", []check.Rule{check.MissingMetric}},
		"quote open":         {active, `dspy_active_predictions{service="qa}`, check.Text, e, check.Syntax, "", 33, "no closing quote", []check.Rule{check.MissingMetric}},
		"escape":             {active, `dspy_active_predictions{service="q\a"}`, check.Text, e, check.Syntax, "", 35, "invalid escape sequence", []check.Rule{check.MissingMetric}},
		"not UTF-8":          {active, "dspy_active_predictions{service=\"é\xff\"}", check.Text, e, check.Syntax, "", 35, "not valid UTF-8", []check.Rule{check.MissingMetric}},
		"OM two spaces":      {active + " 1.0", active + "  1.0", check.OpenMetrics, e, check.Syntax, "", 39, "more than one blank", []check.Rule{check.MissingMetric}},
		"OM empty line":      {active, "\n" + active, check.OpenMetrics, e, check.Syntax, "", 1, "empty line", nil},
		"OM comment":         {active, "# hello\n" + active, check.OpenMetrics, e, check.Syntax, "", 3, `got "hello"`, nil},
		"OM trailing comma":  {active, `dspy_active_predictions{service="qa",}`, check.OpenMetrics, e, check.Syntax, "", 38, "got '}'", []check.Rule{check.MissingMetric}},
		"OM after EOF":       {"# EOF\n", "# EOF\nx 1\n", check.OpenMetrics, e, check.Syntax, "", 1, "after # EOF", nil},
		"OM no EOF":          {"# EOF\n", "", check.OpenMetrics, e, check.Syntax, "", 1, "no # EOF", nil},
		"somebody's mistake": {"# HELP dspy_active_predictions", "go_info{ 1\n# HELP dspy_active_predictions", check.Text, e, check.Syntax, "", 10, "got '1'", nil},
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
			expected := map[check.Rule]bool{m.rule: true}
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

// at tells whether the finding is in the lines that were changed. Findings
// about a whole series or metric stand at its first line, so only a column
// beyond the first one is told apart. What has no line of its own is reported at
// the line before.
func (m mutation) at(before string, f check.Finding) bool {
	if m.column <= 1 {
		return m.column == f.Column || f.Column > 0
	}
	head, _, _ := strings.Cut(before, m.before)
	first := strings.Count(head, "\n")
	last := 1 + first + max(strings.Count(m.before, "\n"), strings.Count(m.after, "\n"))
	return f.Column == m.column && f.Line >= first && f.Line <= last
}
