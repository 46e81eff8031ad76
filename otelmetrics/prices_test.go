package otelmetrics_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// priceFunc is a function as prices.
type priceFunc func(otelmetrics.Model, otelmetrics.Spent) (float64, bool)

func (f priceFunc) Cost(model otelmetrics.Model, spent otelmetrics.Spent) (float64, bool) {
	return f(model, spent)
}

// perToken prices the models small and large, and calls of the tier flex at half
// of it. A prompt of more than 100 tokens in one call costs ten times as much.
func perToken(model otelmetrics.Model, spent otelmetrics.Spent) (float64, bool) {
	each, ok := map[string]float64{"small": 1, "large": 8}[model.Name]
	if spent.ServiceTier == "flex" {
		each /= 2
	}
	if spent.Calls == 1 && spent.Tokens[otelmetrics.TokensInput] > 100 {
		each *= 10
	}
	return each * float64(spent.Tokens[otelmetrics.TokensInput]+spent.Tokens[otelmetrics.TokensOutput]), ok
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
			p.AddModelTokens(large, in, 2)
			p.AddTokens(in, 2)
			p.SetModel(unknown)
			p.AddTokens(in, 2)
		}, []string{local("small", "2"), local("large", "16"), unpriced("1")}, ""},
		"a stated cost": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddModelTokens(unknown, in, 2)
			p.AddCost(0)
		}, []string{unpriced("0")}, `source="local"} `},
		"a stated cost of one model": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddModelTokens(unknown, in, 2)
			p.AddModelCost(unknown, otelmetrics.CostByProvider, 3)
		}, []string{local("small", "2"), unpriced("0")}, ""},
		"a cost that makes no sense": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 2)
			p.AddCost(-1)
		}, []string{local("small", "2")}, ""},
		"two models without a price count once": {func(p *otelmetrics.Prediction) {
			p.AddModelTokens(unknown, in, 2)
			p.AddModelTokens(otelmetrics.Model{}, in, 2)
		}, []string{unpriced("1")}, `source="local"} `},
		"a long context": {func(p *otelmetrics.Prediction) {
			p.AddLMCalls(1)
			p.AddTokens(in, 101)
		}, []string{local("small", "1010")}, ""},
		"several calls": {func(p *otelmetrics.Prediction) {
			p.AddModelLMCalls(large, 2)
			p.AddModelTokens(large, in, 101)
		}, []string{local("large", "808")}, ""},
		"a service tier": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 3)
			p.SetServiceTier("flex")
		}, []string{local("small", "1.5")}, ""},
		"calls without tokens": {func(p *otelmetrics.Prediction) {
			p.AddModelLMCalls(unknown, 1)
		}, []string{unpriced("0")}, `source="local"} `},
		"after the end": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 1)
			p.End(nil)
			p.AddTokens(in, 1)
			p.AddModelTokens(unknown, in, 1)
		}, []string{local("small", "1"), unpriced("0")}, ""},
		"a failure": {func(p *otelmetrics.Prediction) {
			p.AddTokens(in, 1)
			var err error = &otelmetrics.Error{Type: otelmetrics.ErrorTimeout}
			p.End(&err)
		}, []string{local("small", "1")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t, otelmetrics.WithModel(small), otelmetrics.WithPrices(priceFunc(perToken)))
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
	p.SetServiceTier("flex")
	p.End(nil)
	wantLines(t, scrape(t, m, text), `dspy_usage_missing_total{reason="unpriced",service="qa"} 0`)
	var none *otelmetrics.Prediction
	none.SetServiceTier("flex")
	new(otelmetrics.Prediction).SetServiceTier("flex")
}

// TestFaultyPrices lets prices panic, end their goroutine and answer nonsense.
func TestFaultyPrices(t *testing.T) {
	t.Parallel()
	for name, cost := range map[string]priceFunc{
		"panic":    func(otelmetrics.Model, otelmetrics.Spent) (float64, bool) { panic("prices") },
		"goexit":   func(otelmetrics.Model, otelmetrics.Spent) (float64, bool) { runtime.Goexit(); return 0, true },
		"negative": func(otelmetrics.Model, otelmetrics.Spent) (float64, bool) { return -1, true },
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
	m := newRecorder(t, otelmetrics.WithPrices(priceFunc(perToken)))
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 100 {
				p.SetModel(otelmetrics.Model{Name: "small"})
				p.AddTokens(otelmetrics.TokensInput, 1)
				p.AddModelTokens(otelmetrics.Model{Name: "large"}, otelmetrics.TokensOutput, 1)
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
