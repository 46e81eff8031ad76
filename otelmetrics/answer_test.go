package otelmetrics_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// One model is one, under whatever spelling it was asked for.
func TestModelLabel(t *testing.T) {
	t.Parallel()
	for want, models := range map[string][]otelmetrics.Model{
		"gpt-4o": {
			{Name: "gpt-4o"},
			{Name: "openai/gpt-4o"},
			{Name: "openrouter/openai/gpt-4o"},
			{Provider: "openai", Name: "gpt-4o"},
			{Name: "my-alias", ResponseName: "gpt-4o"},
			{ResponseName: "models/gpt-4o"},
		},
		"gpt-4o-2024-08-06":    {{Name: "gpt-4o", ResponseName: "gpt-4o-2024-08-06"}, {Name: "azure/mine", ResponseName: "gpt-4o-2024-08-06"}},
		"Llama-3.1-8B":         {{Name: "meta-llama/Llama-3.1-8B"}, {Name: "hosted_vllm/meta-llama/Llama-3.1-8B"}},
		"ft:gpt-4o:acme::8abc": {{Name: "openai/ft:gpt-4o:acme::8abc"}},
		"trailing/":            {{Name: "trailing/"}},
		"/":                    {{Name: "/"}},
		"unknown":              {{}, {Provider: "openai"}},
	} {
		m := newRecorder(t)
		for range models {
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			p.End(nil)
		}
		for _, model := range models {
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			p.SetModel(model)
			p.AddUsage(otelmetrics.Usage{Calls: 1})
			p.AddUsage(otelmetrics.Usage{Model: model, Calls: 1})
			p.End(nil)
		}
		got := samples(t, scrape(t, m, text))
		series := `dspy_lm_calls_total{model="` + want + `",prediction_type="predict",service="qa"}`
		if got[series] != float64(2*len(models)) || total(got, "dspy_lm_calls_total") != got[series] {
			t.Errorf("%s: got %v of %v calls, want all %d", want, got[series], total(got, "dspy_lm_calls_total"), 2*len(models))
		}
	}
}

// The series of a model that is known beforehand are there from the start.
func TestModelIsPrimed(t *testing.T) {
	t.Parallel()
	wantLines(t, scrape(t, newRecorder(t, otelmetrics.WithModel(otelmetrics.Model{Name: "openai/gpt-4o"})), text),
		`dspy_tokens_total{model="gpt-4o",prediction_type="rlm",service="qa",token_type="reasoning"} 0`,
		`dspy_cost_usd_total{model="gpt-4o",prediction_type="cot",service="qa",source="local"} 0`,
		`dspy_lm_calls_total{model="gpt-4o",prediction_type="cot",service="qa"} 0`)
}

func TestOverhead(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		run  func(p *otelmetrics.Prediction, c *clock)
		want float64 // negative for none
	}{
		"no upstream": {func(_ *otelmetrics.Prediction, c *clock) { c.pass(30 * ms) }, -1},
		"one call": {func(p *otelmetrics.Prediction, c *clock) {
			c.pass(10 * ms)
			p.BeginUpstream()
			c.pass(100 * ms)
			p.EndUpstream()
			c.pass(20 * ms)
		}, 0.03},
		"retries wait": {func(p *otelmetrics.Prediction, c *clock) {
			for range 3 {
				p.BeginUpstream()
				c.pass(100 * ms)
				p.EndUpstream()
				c.pass(50 * ms)
			}
		}, 0.15},
		"calls at the same time": {func(p *otelmetrics.Prediction, c *clock) {
			p.BeginUpstream()
			c.pass(10 * ms)
			p.BeginUpstream()
			c.pass(10 * ms)
			p.EndUpstream()
			c.pass(10 * ms)
			p.EndUpstream()
			c.pass(5 * ms)
		}, 0.005},
		"a call that is open at the end": {func(p *otelmetrics.Prediction, c *clock) {
			c.pass(5 * ms)
			p.BeginUpstream()
			c.pass(100 * ms)
		}, 0.005},
		"ends without a beginning": {func(p *otelmetrics.Prediction, c *clock) {
			p.EndUpstream()
			p.BeginUpstream()
			c.pass(100 * ms)
			p.EndUpstream()
			p.EndUpstream()
			c.pass(5 * ms)
		}, 0.005},
		"call without time": {func(p *otelmetrics.Prediction, c *clock) {
			p.BeginUpstream()
			p.EndUpstream()
			c.pass(ms)
		}, 0.001},
	} {
		clock := newClock()
		m := newRecorder(t, otelmetrics.WithClock(clock.Now))
		_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
		test.run(p, clock)
		p.End(nil)
		got := samples(t, scrape(t, m, text))
		sum, some := got[`dspy_overhead_seconds_sum{prediction_type="react",service="qa"}`]
		if !some {
			sum = -1
		}
		if math.Abs(sum-test.want) > 1e-9 {
			t.Errorf("%s: got an overhead of %v s, want %v", name, sum, test.want)
		}
	}
}

// However calls overlap, no time counts twice and no call stays open.
func TestUpstreamClockConcurrently(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now))
	_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
	p.BeginUpstream()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				p.BeginUpstream()
				clock.pass(time.Microsecond)
				p.EndUpstream()
			}
		})
	}
	wg.Wait()
	p.EndUpstream()
	clock.pass(time.Second)
	p.End(nil)
	if got := samples(t, scrape(t, m, text))[`dspy_overhead_seconds_sum{prediction_type="react",service="qa"}`]; got != 1 {
		t.Errorf("got an overhead of %v s, want the second after all calls", got)
	}
}

func TestTimePerOutputToken(t *testing.T) {
	t.Parallel()
	stream := func(p *otelmetrics.Prediction, c *clock) {
		c.pass(time.Second)
		p.FirstToken()
		c.pass(2 * time.Second)
	}
	for name, test := range map[string]struct {
		run  func(p *otelmetrics.Prediction, c *clock)
		want float64 // negative for none
	}{
		"until the end": {func(p *otelmetrics.Prediction, c *clock) {
			stream(p, c)
			p.AddTokens(otelmetrics.TokensOutput, 21)
			p.AddTokens(otelmetrics.TokensReasoning, 5)
			p.AddTokens(otelmetrics.TokensInput, 500)
		}, 0.1},
		"until the last token": {func(p *otelmetrics.Prediction, c *clock) {
			stream(p, c)
			p.LastToken()
			c.pass(time.Hour)
			p.AddTokens(otelmetrics.TokensOutput, 21)
			p.AddUsage(otelmetrics.Usage{Calls: 1})
		}, 0.1},
		"no stream": {func(p *otelmetrics.Prediction, _ *clock) { p.AddTokens(otelmetrics.TokensOutput, 21) }, -1},
		"no usage":  {stream, -1},
		"one token": {func(p *otelmetrics.Prediction, c *clock) { stream(p, c); p.AddTokens(otelmetrics.TokensOutput, 1) }, -1},
		"several answers": {func(p *otelmetrics.Prediction, c *clock) {
			stream(p, c)
			p.AddTokens(otelmetrics.TokensOutput, 21)
			p.AddUsage(otelmetrics.Usage{Calls: 2})
		}, -1},
	} {
		clock := newClock()
		m := newRecorder(t, otelmetrics.WithClock(clock.Now))
		_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
		test.run(p, clock)
		p.End(nil)
		sum, some := samples(t, scrape(t, m, text))[`dspy_time_per_output_token_seconds_sum{prediction_type="react",service="qa"}`]
		if !some {
			sum = -1
		}
		if math.Abs(sum-test.want) > 1e-9 {
			t.Errorf("%s: got %v s, want %v", name, sum, test.want)
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	var l logs
	m := newRecorder(t, l.option())
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	for _, value := range []float64{0, 0.25, 1, -0.001, 1.001, math.NaN(), math.Inf(1), math.Inf(-1)} {
		p.Score("faithful", value)
	}
	p.End(nil)
	p.Score("", 0.5) // feedback comes late
	wantLines(t, scrape(t, m, text),
		`dspy_prediction_score_count{prediction_type="predict",score="faithful",service="qa"} 3`,
		`dspy_prediction_score_sum{prediction_type="predict",score="faithful",service="qa"} 1.25`,
		`dspy_prediction_score_bucket{prediction_type="predict",score="faithful",service="qa",le="0"} 1`,
		`dspy_prediction_score_count{prediction_type="predict",score="unknown",service="qa"} 1`,
		`dspy_metrics_refused_scores_total{score="faithful"} 5`)
	if got := l.lines("not between 0 and 1"); len(got) != 1 {
		t.Errorf("got log lines %q, want one", got)
	}
}

func TestBuildInfo(t *testing.T) {
	t.Parallel()
	got := samples(t, scrape(t, newRecorder(t, otelmetrics.WithBuild("v1.2.3", "abc")), text))
	if n := total(got, "dspy_metrics_build_info"); n != 1 {
		t.Errorf("got %v builds, want 1", n)
	}
}
