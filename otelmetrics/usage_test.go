package otelmetrics_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// TestUsage records all that a usage can state, on a prediction and without one: both are the same on the page.
func TestUsage(t *testing.T) {
	t.Parallel()
	want := strings.Split(strings.TrimSpace(`
dspy_tokens_total{model="small",prediction_type="cot",service="qa",token_type="input"} 9
dspy_tokens_total{model="small",prediction_type="cot",service="qa",token_type="output"} 5
dspy_tokens_total{model="small",prediction_type="cot",service="qa",token_type="cache_read"} 3
dspy_tokens_total{model="small",prediction_type="cot",service="qa",token_type="cache_write"} 2
dspy_tokens_total{model="small",prediction_type="cot",service="qa",token_type="reasoning"} 1
dspy_tokens_saved_total{prediction_type="cot",service="qa",token_type="input"} 9
dspy_tokens_saved_total{prediction_type="cot",service="qa",token_type="output"} 5
dspy_tokens_saved_total{prediction_type="cot",service="qa",token_type="cache_read"} 3
dspy_tokens_saved_total{prediction_type="cot",service="qa",token_type="cache_write"} 2
dspy_tokens_saved_total{prediction_type="cot",service="qa",token_type="reasoning"} 1
dspy_cost_usd_total{model="small",prediction_type="cot",service="qa",source="local"} 0.5
dspy_lm_calls_total{model="small",prediction_type="cot",service="qa"} 6
dspy_cache_hits_total{cache_type="dspy",service="qa"} 4
dspy_cache_misses_total{cache_type="dspy",service="qa"} 2
dspy_tool_calls_total{prediction_type="cot",service="qa"} 7
dspy_parse_failures_total{prediction_type="cot",service="qa"} 8
dspy_finishes_total{finish_reason="length",prediction_type="cot",service="qa"} 3
dspy_usage_missing_total{reason="cut_off",service="qa"} 1`), "\n")
	for name, record := range map[string]func(*otelmetrics.Metrics, otelmetrics.Usage){
		"prediction": func(m *otelmetrics.Metrics, u otelmetrics.Usage) {
			_, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
			p.AddUsage(u)
			p.End(nil)
		},
		"after the end": func(m *otelmetrics.Metrics, u otelmetrics.Usage) {
			_, p := m.StartPrediction(t.Context(), otelmetrics.ChainOfThought)
			p.End(nil)
			p.AddUsage(u)
		},
		"recorder": func(m *otelmetrics.Metrics, u otelmetrics.Usage) {
			m.RecordUsage(t.Context(), otelmetrics.ChainOfThought, u)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			record(m, everything())
			wantLines(t, scrape(t, m, text), want...)
		})
	}
}

// TestUsageStatesNothing adds what is zero, negative or no number: nothing is counted, and no series is made of it.
func TestUsageStatesNothing(t *testing.T) {
	t.Parallel()
	minus := otelmetrics.Tokens{Input: -1, Output: math.MinInt64, CacheRead: -1, CacheWrite: -1, Reasoning: -1}
	for name, usage := range map[string]otelmetrics.Usage{
		"zero":              {},
		"a model":           {Model: otelmetrics.Model{Name: "small"}},
		"a tier":            {ServiceTier: "flex"},
		"a source":          {CostSource: otelmetrics.CostByProvider},
		"finishes, no why":  {Finishes: 3},
		"negative finishes": {Finish: otelmetrics.FinishStop, Finishes: -1},
		"negative counts": {
			Tokens: minus, Saved: minus, CostUSD: -1, Calls: -1, CacheHits: -1, CacheMisses: -1, ToolCalls: -1, ParseFailures: -1,
		},
		"no number": {CostUSD: math.NaN()},
		"infinite":  {CostUSD: math.Inf(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, otelmetrics.WithoutPriming())
			before := scrape(t, m, text)
			m.RecordUsage(t.Context(), otelmetrics.Predict, usage)
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			p.AddUsage(usage)
			for line := range strings.Lines(scrape(t, m, text)) {
				if strings.HasPrefix(line, "#") || strings.Contains(before, line) {
					continue
				}
				if !strings.HasPrefix(line, "dspy_predictions_total") && !strings.HasPrefix(line, "dspy_active_predictions") {
					t.Errorf("got %s", line)
				}
			}
		})
	}
}

// TestUsageOfTheModel has a usage without a model: it is that of the prediction, or of the recorder.
func TestUsageOfTheModel(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithModel(otelmetrics.Model{Name: "configured"}))
	one := otelmetrics.Usage{Calls: 1, Finish: otelmetrics.FinishStop}
	m.RecordUsage(t.Context(), otelmetrics.Predict, one)
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	p.AddUsage(one)
	p.SetModel(otelmetrics.Model{Name: "answered"})
	p.AddUsage(one)
	one.Model = otelmetrics.Model{Name: "named"}
	p.AddUsage(one)
	p.End(nil)
	wantLines(t, scrape(t, m, text),
		`dspy_lm_calls_total{model="configured",prediction_type="predict",service="qa"} 2`,
		`dspy_lm_calls_total{model="answered",prediction_type="predict",service="qa"} 1`,
		`dspy_lm_calls_total{model="named",prediction_type="predict",service="qa"} 1`,
		`dspy_finishes_total{finish_reason="stop",prediction_type="predict",service="qa"} 4`)
}
