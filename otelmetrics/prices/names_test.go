package prices

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
)

func TestCandidates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		asked, answered string
		want            []string
	}{
		"none":                     {"", "", nil},
		"asked":                    {"gpt-4o", "", []string{"gpt-4o"}},
		"asked of a provider":      {"openai/gpt-4o", "", []string{"openai/gpt-4o", "gpt-4o"}},
		"asked of two providers":   {"openrouter/openai/gpt-4o", "", []string{"openrouter/openai/gpt-4o", "openai/gpt-4o", "gpt-4o"}},
		"answered":                 {"", "gpt-4o-2024-08-06", []string{"gpt-4o-2024-08-06"}},
		"both":                     {"gpt-4o", "gpt-4o-2024-08-06", []string{"gpt-4o-2024-08-06", "gpt-4o"}},
		"both, asked of one":       {"azure/gpt-4o", "gpt-4o-2024-08-06", []string{"azure/gpt-4o-2024-08-06", "azure/gpt-4o", "gpt-4o-2024-08-06", "gpt-4o"}},
		"both of the same":         {"groq/llama", "groq/llama-3", []string{"groq/llama", "groq/llama-3", "llama-3", "llama"}},
		"nothing after the prefix": {"openai/", "", []string{"openai/"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range candidates(tt.asked, tt.answered) {
				got = append(got, c.name)
			}
			if diff := difference.Of(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	table, err := readTable([]byte(`{
		"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 1},
		"azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 2},
		"azure/eu/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 3},
		"anthropic.claude": {"litellm_provider": "bedrock_converse", "input_cost_per_token": 4},
		"gemini-pro": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": 5},
		"gemini/gemini-pro": {"litellm_provider": "gemini", "input_cost_per_token": 6},
		"mine": {"input_cost_per_token": 7},
		"a/same": {"input_cost_per_token": 8}, "b/same": {"input_cost_per_token": 8},
		"a/other": {"input_cost_per_token": 9}, "b/other": {"input_cost_per_token": 10},
		"groq/alone": {"litellm_provider": "groq", "input_cost_per_token": 11},
		"odd": {"litellm_provider": ["openai"], "input_cost_per_token": 12}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		asked, answered string
		want            float64 // 0 for none
	}{
		"as it is written":                      {"gpt-4o", "", 1},
		"with its provider":                     {"azure/gpt-4o", "", 2},
		"of a region":                           {"azure/eu/gpt-4o", "", 3},
		"of the provider that the entry states": {"openai/gpt-4o", "", 1},
		"of another provider":                   {"groq/gpt-4o", "", 0},
		"through another provider":              {"openrouter/openai/gpt-4o", "", 1},
		"through another provider's other":      {"openrouter/azure/gpt-4o", "", 2},
		"of a part of a provider":               {"bedrock/anthropic.claude", "", 4},
		"of a kind of a provider":               {"vertex_ai/gemini-pro", "", 5},
		"of the other of two":                   {"gemini/gemini-pro", "", 6},
		"of an entry without a provider":        {"openai/org/mine", "", 7},
		"the same at all":                       {"same", "", 8},
		"not the same at all":                   {"other", "", 0},
		"with a provider alone":                 {"", "alone", 11},
		"with a provider that was not asked":    {"openai/alone", "", 0},
		"the answer's name at the asked one":    {"azure/deployment", "gpt-4o", 2},
		"the answer's name, another one's":      {"groq/deployment", "gpt-4o", 0},
		"the answer's name with a provider":     {"router/auto", "openai/gpt-4o", 1},
		"a provider that is no text":            {"openai/odd", "", 12},
		"nothing":                               {"", "", 0},
		"a slash":                               {"/", "/", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			price, ok := table.find(test.asked, test.answered)
			usd, _ := price.rate(input, 0, "")
			if usd != test.want || ok != (test.want > 0) {
				t.Errorf("got %v, %v, want %v", usd, ok, test.want)
			}
		})
	}
}
