package prices

import (
	"strings"
	"testing"
)

func TestReadTable(t *testing.T) {
	t.Parallel()
	read, err := readTable([]byte(`{
		"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of https://docs.litellm.ai/docs/providers", "max_tokens": "a comment"},
		"claude": {
			"litellm_provider": "anthropic", "mode": "chat", "supports_vision": true, "search_context_cost_per_query": {"low": 0.01},
			"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07,
			"cache_creation_input_token_cost": 3.75e-06, "output_cost_per_reasoning_token": 2e-05, "input_cost_per_token_batches": "none"
		},
		"null": {"input_cost_per_token": null, "output_cost_per_token": 1},
		"image": {"input_cost_per_pixel": 1.9e-08}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	claude := read["claude"]
	for name, member := range map[string]struct {
		got  *float64
		want float64
	}{
		"input": {claude.Input, 3e-6}, "output": {claude.Output, 1.5e-5}, "cache read": {claude.CacheRead, 3e-7},
		"cache write": {claude.CacheWrite, 3.75e-6}, "reasoning": {claude.Reasoning, 2e-5}, "free": {read["sample_spec"].Input, 0},
	} {
		if member.got == nil || *member.got != member.want {
			t.Errorf("%s: got %v, want %v", name, member.got, member.want)
		}
	}
	if read["null"].Input != nil || read["image"] != (Price{}) {
		t.Errorf("prices out of nothing: %+v, %+v", read["null"], read["image"])
	}
}

func TestReadTableRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                       {"empty"},
		" \n":                    {"empty"},
		"null":                   {"want a JSON object"},
		"[]":                     {"want a JSON object"},
		"{\n\"a\": {\n\"b\": }}": {"line 3"},
		`{"a": {}`:               {"line 1", "unexpected end"},
		`{} {}`:                  {"line 1"},
		`{"gpt-4o": 5}`:          {`"gpt-4o"`, "want an object", "got 5"},
		`{"gpt-4o": null}`:       {`"gpt-4o"`, "want an object"},
		`{"gpt-4o": []}`:         {`"gpt-4o"`, "want an object"},
		`{"m": {"input_cost_per_token": "1e-6"}}`:                             {`"m": input_cost_per_token`, `got "1e-6"`},
		`{"m": {"output_cost_per_token": -1}}`:                                {`"m": output_cost_per_token`, "at least 0", "got -1"},
		`{"m": {"cache_read_input_token_cost": true}}`:                        {`"m": cache_read_input_token_cost`, "got true"},
		`{"m": {"cache_creation_input_token_cost": {}}}`:                      {`"m": cache_creation_input_token_cost`},
		`{"m": {"output_cost_per_reasoning_token": 1e999}}`:                   {`"m": output_cost_per_reasoning_token`, "got 1e999"},
		`{"m": {"input_cost_per_token": "` + strings.Repeat("x", 500) + `"}}`: {"…"},
	} {
		_, err := readTable([]byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: no %q in %q", text, part, err)
			}
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte(`{"a": {"input_cost_per_token": 1e-6}}`))
	f.Add([]byte(`{"a": {"input_cost_per_token": -1}, "b": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := readTable(text)
		if (read == nil) != (err != nil) {
			t.Fatalf("table %v and error %v", read, err)
		}
		for model, price := range read {
			for _, usd := range []*float64{price.Input, price.Output, price.CacheRead, price.CacheWrite, price.Reasoning} {
				if usd != nil && !(*usd >= 0) {
					t.Errorf("%q costs %v", model, *usd)
				}
			}
		}
	})
}
