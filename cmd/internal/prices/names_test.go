package prices

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
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
			if diff := cmp.Diff(tt.want, Names(tt.asked, tt.answered)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
