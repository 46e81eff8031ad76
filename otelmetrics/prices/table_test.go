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
			"cache_creation_input_token_cost": 3.75e-06, "output_cost_per_reasoning_token": 2e-05,
			"cache_creation_input_token_cost_above_1hr": "none", "input_cost_per_token_above_0k_tokens": "none", "input_cost_per_token_cached": "none"
		},
		"null": {"input_cost_per_token": null, "output_cost_per_token": 1},
		"image": {"input_cost_per_pixel": 1.9e-08}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	claude := read.byName["claude"]
	for what, want := range [parts]float64{3e-6, 1.5e-5, 3e-7, 3.75e-6, 2e-5} {
		if got := claude.rates[what]; len(got) != 1 || got[0] != (rate{usd: want}) {
			t.Errorf("part %d: got %v, want %v", what, got, want)
		}
	}
	if claude.provider != "anthropic" {
		t.Errorf("got provider %q", claude.provider)
	}
	if got := read.byName["sample_spec"].rates[input]; len(got) != 1 || got[0].usd != 0 {
		t.Errorf("free: got %v", got)
	}
	if len(read.byName["null"].rates[input]) > 0 || !read.byName["image"].equal(Price{}) {
		t.Errorf("prices out of nothing: %+v, %+v", read.byName["null"], read.byName["image"])
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
		`{"m": {"input_cost_per_token_above_200k_tokens_priority": -1}}`:      {`"m": input_cost_per_token_above_200k_tokens_priority`},
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
	f.Add([]byte(`{"a/b": {"input_cost_per_token_above_128k_tokens_flex": 1, "litellm_provider": "a"}, "b": {}, "": {}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := readTable(text)
		if (read == nil) != (err != nil) {
			t.Fatalf("table %v and error %v", read, err)
		}
		if read == nil {
			return
		}
		for name, price := range read.byName {
			for _, rates := range price.rates {
				for _, r := range rates {
					if !(r.usd >= 0) {
						t.Errorf("%q costs %v", name, r.usd)
					}
				}
			}
			if found, ok := read.find(name, ""); name != "" && (!ok || !found.equal(price)) {
				t.Errorf("%q is not found", name)
			}
		}
	})
}
