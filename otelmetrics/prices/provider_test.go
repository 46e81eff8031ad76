package prices

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// TestListCost finds models as the library knows them.
func TestListCost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "prices.json")
	const text = `{
		"anthropic.claude": {"litellm_provider": "bedrock_converse", "input_cost_per_token": 1},
		"azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 2},
		"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 3},
		"gpt-4o-2024-08-06": {"litellm_provider": "openai", "input_cost_per_token": 4}
	}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		model otelmetrics.Model
		want  float64 // 0 for none
	}{
		"a well-known provider":      {otelmetrics.Model{Provider: "aws.bedrock", Name: "anthropic.claude"}, 1},
		"LiteLLM's own":              {otelmetrics.Model{Provider: "azure", Name: "gpt-4o"}, 2},
		"another provider":           {otelmetrics.Model{Provider: "azure.ai.openai", Name: "gpt-4o"}, 2},
		"no provider":                {otelmetrics.Model{Name: "gpt-4o"}, 3},
		"the model that answered":    {otelmetrics.Model{Provider: "openai", Name: "gpt-4o", ResponseName: "gpt-4o-2024-08-06"}, 4},
		"an unlisted one, of a name": {otelmetrics.Model{Provider: "openai", Name: "openai/gpt-4o"}, 3},
		"a provider without a model": {otelmetrics.Model{Provider: "openai"}, 0},
		"no model":                   {otelmetrics.Model{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := list.Cost(otelmetrics.Usage{Model: test.model, Tokens: tokens{Input: 1}})
			if got != test.want || ok != (test.want > 0) {
				t.Errorf("got %v, %v, want %v", got, ok, test.want)
			}
		})
	}
}
