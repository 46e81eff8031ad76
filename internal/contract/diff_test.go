package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestDiff changes one thing of the documented contract.
func TestDiff(t *testing.T) {
	t.Parallel()
	const b, c, d = contract.Breaking, contract.Compatible, contract.Documentation
	metric := func(change func(*contract.Metric)) func(*contract.Contract) {
		return func(c *contract.Contract) {
			for i := range c.Metrics {
				if c.Metrics[i].Name == "dspy_api_latency_seconds" {
					change(&c.Metrics[i])
				}
			}
		}
	}
	label := func(key string, change func(*contract.Label)) func(*contract.Contract) {
		return metric(func(m *contract.Metric) {
			for i := range m.Labels {
				if m.Labels[i].Key == key {
					change(&m.Labels[i])
				}
			}
		})
	}
	for name, test := range map[string]struct {
		change func(*contract.Contract)
		impact contract.Impact
		// back is the impact of the change the other way round.
		back contract.Impact
		text string
	}{
		"metric gone":       {func(c *contract.Contract) { c.Metrics = c.Metrics[1:] }, b, c, "it is removed, but was not deprecated before"},
		"metric renamed":    {func(c *contract.Contract) { c.Metrics[0].Name, c.Metrics[0].Stream = "dspy_x_total", "dspy_x_total" }, b, b, "its name is now dspy_x_total"},
		"type":              {metric(func(m *contract.Metric) { m.Kind = contract.Summary }), b, b, `the type was "histogram" and is "summary"`},
		"unit":              {metric(func(m *contract.Metric) { m.Unit = "ms" }), b, b, `the unit was "s" and is "ms"`},
		"help":              {metric(func(m *contract.Metric) { m.Help = "X" }), d, d, "the help text was"},
		"a bucket less":     {metric(func(m *contract.Metric) { m.Buckets = m.Buckets[1:] }), b, b, "the buckets were 0.001, 0.005"},
		"both forms":        {metric(func(m *contract.Metric) { m.Form = contract.ClassicAndNative }), c, b, "the form of the histogram"},
		"native":            {metric(func(m *contract.Metric) { m.Form = contract.Native }), b, b, "the form of the histogram"},
		"level":             {metric(func(m *contract.Metric) { m.Level = contract.Optional }), b, c, `the requirement level was "recommended" and is "optional"`},
		"deprecated":        {metric(func(m *contract.Metric) { m.Deprecated, m.Replacement = "old", "y" }), c, c, "it is deprecated now: old, use y"},
		"stable":            {metric(func(m *contract.Metric) { m.Stability = contract.Stable }), d, b, `the stability was "development" and is "stable"`},
		"priming":           {metric(func(m *contract.Metric) { m.Primed = true }), c, b, "the contract now guarantees that its series are there from the start"},
		"label gone":        {metric(func(m *contract.Metric) { m.Labels = m.Labels[1:] }), b, b, "the label is removed"},
		"label optional":    {label("endpoint", func(l *contract.Label) { l.Level = contract.Optional }), b, c, "the requirement level"},
		"label closed":      {label("endpoint", func(l *contract.Label) { l.Closed = true }), b, c, "the label now allows only the listed values"},
		"label's meaning":   {label("endpoint", func(l *contract.Label) { l.Help = "X" }), d, d, "the meaning was"},
		"budget lower":      {label("endpoint", func(l *contract.Label) { l.Budget-- }), b, c, "the budget changed from 64 values to 63 values"},
		"no budget":         {label("endpoint", func(l *contract.Label) { l.Budget = 0 }), c, b, "the budget changed from 64 values to not stated"},
		"closed value less": {label("method", func(l *contract.Label) { l.Values = l.Values[1:] }), b, c, `the value "GET" is removed`},
		"nothing":           {func(*contract.Contract) {}, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := contract.Of(views.Default()), contract.Of(views.Default())
			test.change(&after)
			changes, back := contract.Diff(before, after), contract.Diff(after, before)
			if test.impact == "" {
				if len(changes)+len(back) > 0 {
					t.Errorf("got %v and %v of equal contracts", changes, back)
				}
				return
			}
			if len(changes) != 1 || changes[0].Impact != test.impact || !strings.Contains(changes[0].Text, test.text) {
				t.Errorf("got %+v, want %s: %s", changes, test.impact, test.text)
			}
			if len(back) != 1 || back[0].Impact != test.back {
				t.Errorf("back: got %+v, want %s", back, test.back)
			}
		})
	}
}

// TestDiffOfMany would not end if each metric were looked for among all others.
func TestDiffOfMany(t *testing.T) {
	t.Parallel()
	many := func(prefix string) contract.Contract {
		var c contract.Contract
		for i := range 100_000 {
			c.Metrics = append(c.Metrics, contract.Metric{Name: fmt.Sprintf("%s_%d", prefix, i), Stream: fmt.Sprintf("a.%d", i), Kind: contract.Gauge})
		}
		return c
	}
	changes := contract.Diff(many("old"), many("new"))
	if len(changes) != 100_000 || changes[0].Text != "its name is now new_0" {
		t.Errorf("got %d changes, the first is %+v", len(changes), changes[0])
	}
}
