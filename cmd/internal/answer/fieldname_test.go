package answer

import "testing"

func TestFieldNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]field{
		"num_input_tokens": namedInput, "nPromptTokens": namedInput, "prompt-token-count": namedInput, "tokens_prompt": namedInput,
		"generated_tokens": namedOutput, "responseTokenCount": namedOutput, "completion_token_usage": namedOutput, "total_tokens_generated": namedOutput,
		"cached_input_tokens": namedCacheRead, "cacheHitTokens": namedCacheRead, "num_cached_tokens": namedCacheRead, "prompt_cache_read_tokens": namedCacheRead,
		"cache_creation_tokens": namedCacheWrite, "inputCacheWriteTokens": namedCacheWrite,
		"thinking_tokens": namedReasoning, "output_reasoning_tokens": namedReasoning,
	} {
		if got, ok := fieldNamed([]byte(name)); !ok || got != want {
			t.Errorf("%s: got %v, %t, want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		"", "tokens", "total_tokens", "input", "prompt", "max_output_tokens", "image_tokens", "input_audio_tokens", "cache_miss_tokens", "input_output_tokens",
		"read_tokens", "tokens_per_second", "accepted_prediction_tokens", "output_tokens_details", "broken_input", "cached_output_tokens", "input_token_cost",
	} {
		if got, ok := fieldNamed([]byte(name)); ok {
			t.Errorf("%q: got %v, want none", name, got)
		}
	}
}

// A count whose name has no other word counts as those of the tables do.
func TestNamedCounts(t *testing.T) {
	t.Parallel()
	got := feed(jsonBody(), 0, `{"answer":"Paris","usage":{"num_prompt_tokens":"7","num_generated_tokens":2,"num_cached_tokens":3,"image_tokens":9}}`).Report
	want := Report{Tokens: Tokens{input: {7, true}, output: {2, true}, cacheRead: {3, true}}}
	same(t, "report", want, got, coarse)
}
