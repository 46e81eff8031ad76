package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	const start = "process_start_time_seconds "
	tests := map[string]struct {
		before, after string // of one line
		rule          conformance.Rule
		message       string
		restarted     bool
	}{
		"counter grows":     {failures + " 1", failures + " 5", "", "", false},
		"counter decreases": {failures + " 1", failures + " 0", conformance.Decreased, "from 1 to 0", false},
		"gauge decreases":   {active + " 1", active + " 0", "", "", false},
		"sum decreases":     {"} 0.004", "} 0.001", conformance.Decreased, "from 0.004 to 0.001", false},
		"bucket decreases":  {latency + `,le="0.5"} 1`, latency + `,le="0.5"} 0`, conformance.Decreased, "from 1 to 0", false},
		"series vanishes":   {failures + " 1\n", "", conformance.Vanished, "not there any more", false},
		"restart":           {failures + " 1", failures + " 0", conformance.Restarted, "restarted between", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := page(t, conformance.Text)
			second := 1
			if test.restarted {
				second = 2
			}
			before := conformance.Parse(text+start+"1\n", conformance.Text)
			after := conformance.Parse(replace(t, text, test.before, test.after)+fmt.Sprint(start, second, "\n"), conformance.Text)
			findings := checker().Compare(before, after)
			if test.rule == "" {
				if len(findings) > 0 {
					t.Errorf("got %+v", findings)
				}
				return
			}
			if len(findings) != 1 || findings[0].Rule != test.rule || !strings.Contains(findings[0].Message, test.message) {
				t.Errorf("got %+v, want one %s with %q", findings, test.rule, test.message)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	text := page(t, conformance.Text)
	c := checker()
	c.AllowedLabels = []string{"job"}
	job := replace(t, text, active, `dspy_active_predictions{service="qa",job="x"}`)
	if findings := c.Check(conformance.Parse(job, conformance.Text)); len(findings) > 0 {
		t.Errorf("allowed label: got %+v", findings)
	}
	c = checker()
	c.WithoutPriming = true
	if findings := c.Check(conformance.Parse(replace(t, text, failures+" 1\n", ""), conformance.Text)); len(findings) > 0 {
		t.Errorf("without priming: got %+v", findings)
	}
	c = checker()
	c.Buckets = map[string][]float64{"dspy_api_latency_seconds": {1, 2}}
	if got := rules(c.Check(conformance.Parse(text, conformance.Text))); got[conformance.ExtraBucket] == 0 || got[conformance.MissingBucket] == 0 {
		t.Errorf("other buckets: got %v", got)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	for _, wrong := range []map[string][]float64{{"dspy_api_latency_seconds": {2, 1}}, {"dspy_errors_total": {1}}, {"x": {1}}, {"dspy_api_latency_seconds": nil}} {
		c.Buckets = wrong
		if c.Validate() == nil {
			t.Errorf("no error for %v", wrong)
		}
	}
}

// TestBudget has one value more than the budget, and many findings of a kind.
func TestBudget(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# HELP dspy_active_predictions Predictions that have started and not ended\n# TYPE dspy_active_predictions gauge\n")
	for i := range 17 {
		fmt.Fprintf(&b, "dspy_active_predictions{service=\"s%d\",extra=\"x\"} 1\n", i)
	}
	findings := found(b.String(), conformance.Text)
	if rules(findings)[conformance.OverBudget] != 1 {
		t.Errorf("got %+v", findings)
	}
	more := slices.IndexFunc(findings, func(f conformance.Finding) bool { return f.Message == "and 12 more findings like these" })
	if more < 0 || rules(findings)[conformance.ExtraLabel] != 6 {
		t.Errorf("got %+v", findings)
	}
}
