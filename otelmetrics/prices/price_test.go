package prices

import (
	"math"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

type tokens = otelmetrics.Tokens

// price reads that of an entry.
func price(t *testing.T, entry string) Price {
	t.Helper()
	read, err := readPrice([]byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestCost(t *testing.T) {
	t.Parallel()
	const (
		full = `{"input_cost_per_token": 1, "output_cost_per_token": 10, "cache_read_input_token_cost": 0.1,
			"cache_creation_input_token_cost": 1.25, "output_cost_per_reasoning_token": 20}`
		two    = `{"input_cost_per_token": 1, "output_cost_per_token": 10}`
		input  = `{"input_cost_per_token": 1}`
		output = `{"output_cost_per_token": 1}`
	)
	tests := map[string]struct {
		price  string
		tokens tokens
		want   float64
		ok     bool
	}{
		"nothing spent":                {full, tokens{}, 0, true},
		"nothing spent, no price":      {"{}", tokens{Input: 0, Output: 0}, 0, true},
		"input and output":             {full, tokens{Input: 3, Output: 2}, 23, true},
		"parts":                        {full, tokens{Input: 10, CacheRead: 4, CacheWrite: 2, Output: 5, Reasoning: 3}, 4 + 0.4 + 2.5 + 20 + 60, true},
		"parts without their price":    {two, tokens{Input: 10, CacheRead: 4, CacheWrite: 2, Output: 5, Reasoning: 3}, 60, true},
		"all from the cache":           {full, tokens{Input: 4, CacheRead: 4}, 0.4, true},
		"more from the cache than all": {full, tokens{Input: 1, CacheRead: 4}, 0.4, true},
		"reasoning alone":              {full, tokens{Reasoning: 2}, 40, true},
		"free":                         {`{"input_cost_per_token": 0, "output_cost_per_token": 0}`, tokens{Input: 3, Output: 2}, 0, true},
		"an embedding":                 {input, tokens{Input: 3}, 3, true},
		"no price of the output":       {input, tokens{Input: 3, Output: 1}, 0, false},
		"no price of the input":        {output, tokens{Input: 3, Output: 1}, 0, false},
		"no price":                     {"{}", tokens{Output: 1}, 0, false},
		"null":                         {`{"output_cost_per_token": null}`, tokens{Output: 1}, 0, false},
		"negative counts":              {full, tokens{Input: -3, CacheRead: -1, Output: -2, Reasoning: -1}, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := price(t, tt.price).Cost(otelmetrics.Usage{Tokens: tt.tokens})
			if math.Abs(got-tt.want) > 1e-12 || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestCostUnderConditions(t *testing.T) {
	t.Parallel()
	all := price(t, `{
		"input_cost_per_token": 1, "input_cost_per_token_above_128k_tokens": 2, "input_cost_per_token_above_200k_tokens": 4,
		"input_cost_per_token_batches": 0.5, "input_cost_per_token_flex": 0.25, "input_cost_per_token_priority": 8,
		"input_cost_per_token_above_200k_tokens_priority": 16, "input_cost_per_token_above_1hr": 99, "input_cost_per_token_above_200k_tokens_other": 99,
		"cache_read_input_token_cost": 0.125, "cache_read_input_token_cost_above_200k_tokens": 0.75, "cache_read_input_token_cost_priority": 0.625,
		"output_cost_per_token": 10, "output_cost_per_token_above_200k_tokens": 20,
		"output_cost_per_reasoning_token": 30, "output_cost_per_reasoning_token_flex": 15
	}`)
	for name, test := range map[string]struct {
		spent otelmetrics.Usage
		want  float64
	}{
		"short":                                {otelmetrics.Usage{Tokens: tokens{Input: 1000}, Calls: 1}, 1000},
		"at a bound":                           {otelmetrics.Usage{Tokens: tokens{Input: 128000}, Calls: 1}, 128000},
		"above a bound":                        {otelmetrics.Usage{Tokens: tokens{Input: 128001}, Calls: 1}, 256002},
		"above two":                            {otelmetrics.Usage{Tokens: tokens{Input: 200001, Output: 1}, Calls: 1}, 800004 + 20},
		"the cache's part counts for length":   {otelmetrics.Usage{Tokens: tokens{Input: 200001, CacheRead: 200000}, Calls: 1}, 4 + 150000},
		"above, in several calls":              {otelmetrics.Usage{Tokens: tokens{Input: 200001}, Calls: 2}, 200001},
		"above, in an unknown number of calls": {otelmetrics.Usage{Tokens: tokens{Input: 200001}}, 200001},
		"batch":                                {otelmetrics.Usage{Tokens: tokens{Input: 4}, ServiceTier: "batch"}, 2},
		"batches":                              {otelmetrics.Usage{Tokens: tokens{Input: 4}, ServiceTier: "batches"}, 2},
		"flex":                                 {otelmetrics.Usage{Tokens: tokens{Input: 4, Output: 3, Reasoning: 2}, ServiceTier: "Flex"}, 1 + 10 + 30},
		"priority":                             {otelmetrics.Usage{Tokens: tokens{Input: 4, CacheRead: 2}, ServiceTier: "priority"}, 16 + 1.25},
		"priority, above":                      {otelmetrics.Usage{Tokens: tokens{Input: 200001}, Calls: 1, ServiceTier: "priority"}, 16 * 200001},
		"flex, above, which has no flex":       {otelmetrics.Usage{Tokens: tokens{Input: 200001}, Calls: 1, ServiceTier: "flex"}, 4 * 200001},
		"default":                              {otelmetrics.Usage{Tokens: tokens{Input: 4}, ServiceTier: "default"}, 4},
		"an unknown tier":                      {otelmetrics.Usage{Tokens: tokens{Input: 4}, ServiceTier: "other"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := all.Cost(test.spent)
			if math.Abs(got-test.want) > 1e-6 || !ok {
				t.Errorf("got %v, %v; want %v", got, ok, test.want)
			}
		})
	}
}
