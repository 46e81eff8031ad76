package otelmetrics_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// perToken prices the models small and large, and calls of the tier flex at half
// of it. A prompt of more than 100 tokens in one call costs ten times as much.
func perToken(spent otelmetrics.Usage) (float64, bool) {
	each, ok := map[string]float64{"small": 1, "large": 8}[spent.Model.Name]
	if spent.ServiceTier == "flex" {
		each /= 2
	}
	if spent.Calls == 1 && spent.Tokens.Input > 100 {
		each *= 10
	}
	return each * float64(spent.Tokens.Input+spent.Tokens.Output), ok
}

func TestWithPrices(t *testing.T) {
	t.Parallel()
	small, large, unknown := otelmetrics.Model{Name: "small"}, otelmetrics.Model{Name: "large"}, otelmetrics.Model{Name: "unheard-of"}
	const in, out = otelmetrics.TokensInput, otelmetrics.TokensOutput
	local := func(model, usd string) string {
		return `dspy_cost_usd_total{model="` + model + `",prediction_type="predict",service="qa",source="local"} ` + usd
	}
	unpriced := func(count string) string {
		return `dspy_usage_missing_total{reason="unpriced",service="qa"} ` + count
	}
	for name, test := range map[string]struct {
		predict func(p *otelmetrics.Prediction)
		want    []string
		absent  string
	}{
		"the model of the recorder": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddTokens(in, 1)
			p.AddTokens(out, 1)
		}, []string{local("small", "4"), unpriced("0")}, ""},
		"the model of the prediction": {func(p *otelmetrics.Prediction) {
			p.SetModel(large)
			p.AddTokens(in, 2)
		}, []string{local("large", "16"), unpriced("0")}, `model="small"`},
		"several models": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: large, Tokens: otelmetrics.Tokens{Input: 2}})
			p.AddTokens(in, 2)
			p.SetModel(unknown)
			p.AddTokens(in, 2)
		}, []string{local("small", "2"), local("large", "16"), unpriced("1")}, ""},
		"a stated cost": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddUsage(otelmetrics.Usage{Model: unknown, Tokens: otelmetrics.Tokens{Input: 2}})
			p.AddUsage(otelmetrics.Usage{CostSource: otelmetrics.CostByProvider})
		}, []string{unpriced("0")}, `source="local"} `},
		"a stated cost of one model": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddUsage(otelmetrics.Usage{Model: unknown, Tokens: otelmetrics.Tokens{Input: 2}})
			p.AddUsage(otelmetrics.Usage{Model: unknown, CostUSD: 3, CostSource: otelmetrics.CostByProvider})
		}, []string{local("small", "2"), unpriced("0")}, ""},
		"a cost that makes no sense": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddUsage(otelmetrics.Usage{CostUSD: -1})
		}, []string{local("small", "2")}, ""},
		"two models without a price count once": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: unknown, Tokens: otelmetrics.Tokens{Input: 2}})
			p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Name: "nor this"}, Tokens: otelmetrics.Tokens{Input: 2}})
		}, []string{unpriced("1")}, `source="local"} `},
		"a long context": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Calls: 1})
			p.AddTokens(in, 101)
		}, []string{local("small", "1010")}, ""},
		"several calls": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: large, Calls: 2})
			p.AddUsage(otelmetrics.Usage{Model: large, Tokens: otelmetrics.Tokens{Input: 101}})
		}, []string{local("large", "808")}, ""},
		"service tiers": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: 3}, ServiceTier: "flex"})
			p.AddTokens(in, 2)
			p.AddUsage(otelmetrics.Usage{Tokens: otelmetrics.Tokens{Output: 1}, ServiceTier: "flex"})
		}, []string{local("small", "4")}, ""},
		"a stated cost of one tier": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: large, Tokens: otelmetrics.Tokens{Input: 3}, ServiceTier: "flex"})
			p.AddUsage(otelmetrics.Usage{Model: large, CostUSD: 1})
			p.AddTokens(in, 2)
		}, []string{local("small", "2")}, `model="large",prediction_type="predict",service="qa",source="local"`},
		"a source without a cost": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: large, Tokens: otelmetrics.Tokens{Input: 3}, CostSource: otelmetrics.CostByProvider})
			p.AddTokens(in, 2)
		}, []string{local("small", "2")}, `model="large",prediction_type="predict",service="qa",source="local"`},
		"every type of token": {func(p *otelmetrics.Prediction) {
			for _, what := range []otelmetrics.TokenType{in, out, otelmetrics.TokensCacheRead, otelmetrics.TokensCacheWrite, otelmetrics.TokensReasoning, "other"} {
				p.AddTokens(what, 1)
			}
		}, []string{local("small", "2")}, ""},
		"calls without tokens": {func(p *otelmetrics.Prediction) {
			p.AddUsage(otelmetrics.Usage{Model: unknown, Calls: 1})
		}, []string{unpriced("0")}, `source="local"} `},
		"after the end": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 1)
			p.End(nil)
			p.AddTokens(in, 1)
			p.AddUsage(otelmetrics.Usage{Model: unknown, Tokens: otelmetrics.Tokens{Input: 1}})
		}, []string{local("small", "1"), unpriced("0")}, ""},
		"a failure": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 1)
			var err error = &otelmetrics.Error{Type: otelmetrics.ErrorTimeout}
			p.End(&err)
		}, []string{local("small", "1")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, otelmetrics.WithModel(small), otelmetrics.WithPrices(perToken))
			_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
			test.predict(p)
			p.End(nil)
			page := scrape(t, m, text)
			wantLines(t, page, test.want...)
			for line := range strings.Lines(page) {
				if test.absent != "" && strings.HasPrefix(line, "dspy_cost_usd_total{") && strings.Contains(line, test.absent) && !strings.HasSuffix(line, " 0\n") {
					t.Errorf("got %s", line)
				}
			}
		})
	}
}

func TestWithoutPrices(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithPrices(nil))
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	p.AddTokens(otelmetrics.TokensInput, 1)
	p.End(nil)
	wantLines(t, scrape(t, m, text), `dspy_usage_missing_total{reason="unpriced",service="qa"} 0`)
}

// TestFaultyPrices lets prices panic, end their goroutine and answer nonsense.
func TestFaultyPrices(t *testing.T) {
	t.Parallel()
	for name, cost := range map[string]func(otelmetrics.Usage) (float64, bool){
		"panic":    func(otelmetrics.Usage) (float64, bool) { panic("prices") },
		"goexit":   func(otelmetrics.Usage) (float64, bool) { runtime.Goexit(); return 0, true },
		"negative": func(otelmetrics.Usage) (float64, bool) { return -1, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, otelmetrics.WithPrices(cost))
			var done sync.WaitGroup
			done.Go(func() {
				_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
				p.AddTokens(otelmetrics.TokensInput, 1)
				p.End(nil)
			})
			done.Wait()
			page := scrape(t, m, text)
			wantLines(t, page,
				`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1`,
				`dspy_active_predictions{service="qa"} 0`,
				`dspy_prediction_duration_seconds_count{prediction_type="predict",service="qa"} 1`,
			)
			if name != "goexit" {
				wantLines(t, page, `dspy_usage_missing_total{reason="unpriced",service="qa"} 1`)
			}
		})
	}
}

// TestPricesConcurrently adds to one prediction from many goroutines.
func TestPricesConcurrently(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithPrices(perToken))
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 100 {
				p.SetModel(otelmetrics.Model{Name: "small"})
				p.AddTokens(otelmetrics.TokensInput, 1)
				p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Name: "large"}, Tokens: otelmetrics.Tokens{Output: 1}})
			}
		})
	}
	done.Wait()
	p.End(nil)
	wantLines(t, scrape(t, m, text),
		`dspy_cost_usd_total{model="small",prediction_type="predict",service="qa",source="local"} 800`,
		`dspy_cost_usd_total{model="large",prediction_type="predict",service="qa",source="local"} 6400`,
	)
}
