package prices

import (
	"math"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func TestCost(t *testing.T) {
	t.Parallel()
	usd := func(price float64) *float64 { return &price }
	full := Price{Input: usd(1), Output: usd(10), CacheRead: usd(0.1), CacheWrite: usd(1.25), Reasoning: usd(20)}
	type tokens = map[otelmetrics.TokenType]int64
	tests := map[string]struct {
		price  Price
		tokens tokens
		want   float64
		ok     bool
	}{
		"nothing spent":                {full, nil, 0, true},
		"nothing spent, no price":      {Price{}, tokens{"input": 0, "output": 0}, 0, true},
		"input and output":             {full, tokens{"input": 3, "output": 2}, 23, true},
		"parts":                        {full, tokens{"input": 10, "cache_read": 4, "cache_write": 2, "output": 5, "reasoning": 3}, 4 + 0.4 + 2.5 + 20 + 60, true},
		"parts without their price":    {Price{Input: usd(1), Output: usd(10)}, tokens{"input": 10, "cache_read": 4, "cache_write": 2, "output": 5, "reasoning": 3}, 60, true},
		"all from the cache":           {full, tokens{"input": 4, "cache_read": 4}, 0.4, true},
		"more from the cache than all": {full, tokens{"input": 1, "cache_read": 4}, 0.4, true},
		"reasoning alone":              {full, tokens{"reasoning": 2}, 40, true},
		"free":                         {Price{Input: usd(0), Output: usd(0)}, tokens{"input": 3, "output": 2}, 0, true},
		"an embedding":                 {Price{Input: usd(1)}, tokens{"input": 3}, 3, true},
		"no price of the output":       {Price{Input: usd(1)}, tokens{"input": 3, "output": 1}, 0, false},
		"no price of the input":        {Price{Output: usd(1)}, tokens{"input": 3, "output": 1}, 0, false},
		"no price":                     {Price{}, tokens{"output": 1}, 0, false},
		"negative counts":              {full, tokens{"input": -3, "cache_read": -1, "output": -2, "reasoning": -1}, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := tt.price.Cost(tt.tokens)
			if math.Abs(got-tt.want) > 1e-12 || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
