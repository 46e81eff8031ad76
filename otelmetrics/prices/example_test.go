package prices_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/prices"
)

// A program whose provider states tokens and no cost.
func Example() {
	if err := predict(); err != nil {
		fmt.Println(err)
	}
	// Output: 7
}

func predict() error {
	dir, err := os.MkdirTemp("", "prices")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "prices.json")
	const list = `{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 0.5, "output_cost_per_token": 2}}`
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		return err
	}

	known, err := prices.Open(file, nil)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go known.Watch(ctx)

	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"), otelmetrics.WithPrices(known.Cost))
	if err != nil {
		return err
	}
	defer m.Shutdown(ctx) //nolint:errcheck // Nothing is pushed.
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	p.SetModel(otelmetrics.Model{Provider: "openai", Name: "gpt-4o"})
	p.AddTokens(otelmetrics.TokensInput, 10)
	p.AddTokens(otelmetrics.TokensOutput, 1)
	p.End(nil)

	families, err := m.Gatherer().Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if cost := metric.GetCounter().GetValue(); family.GetName() == "dspy_cost_usd_total" && cost > 0 {
				fmt.Println(cost)
			}
		}
	}
	return nil
}
