package service_test

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/prices"
)

const priceList = `{
	"gpt-4o": {"input_cost_per_token": 0.5, "output_cost_per_token": 2, "cache_read_input_token_cost": 0.25, "input_cost_per_token_above_200k_tokens": 1,
		"input_cost_per_token_flex": 0.25, "input_cost_per_token_batches": 0.125, "litellm_provider": "openai"},
	"gpt-4o-2024-08-06": {"input_cost_per_token": 0.125, "output_cost_per_token": 1},
	"azure/gpt-4o": {"input_cost_per_token": 8, "output_cost_per_token": 16},
	"claude": {"input_cost_per_token": 4, "output_cost_per_token": 32, "cache_creation_input_token_cost": 5, "output_cost_per_reasoning_token": 64},
	"groq/mixtral": {"input_cost_per_token": 1024},
	"painter": {"input_cost_per_pixel": 1}
}`

// openPrices opens a price list of this text.
func openPrices(t *testing.T, text string) *prices.List {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := prices.Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestPrices(t *testing.T) {
	t.Parallel()
	local := func(model, usd string) string {
		return `dspy_cost_usd_total{model="` + model + `",prediction_type="predict",service="qa",source="local"} ` + usd
	}
	missing := func(reason, count string) string {
		return `dspy_usage_missing_total{reason="` + reason + `",service="qa"} ` + count
	}
	priced := missing("unpriced", "0")
	const (
		chat  = `{"model":"gpt-4o","messages":[]}`
		azure = `{"model":"azure/gpt-4o","messages":[]}`
		sse   = "text/event-stream"
	)
	for name, test := range map[string]struct {
		request, contentType, answer string
		header                       http.Header
		want                         []string
		absent                       string
	}{
		"by the model of usage": {
			request: `{}`, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}}}`,
			want: []string{local("gpt-4o", "10"), priced}, absent: `model="gpt-4o",prediction_type="predict",service="qa",source="provider"`,
		},
		"a long context of one call": {
			request: chat, answer: `{"choices":[{"finish_reason":"stop","message":{}}],"usage":{"prompt_tokens":200001}}`,
			want: []string{local("gpt-4o", "200001"), priced},
		},
		"a long context of several calls": {
			request: `{}`, header: http.Header{"Dspy-Lm-Calls": {"2"}}, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":200002}}}`,
			want: []string{local("gpt-4o", "100001"), priced},
		},
		"a long context of the one call that no cache answered": {
			request: `{}`, header: http.Header{"Dspy-Lm-Calls": {"2"}, "Dspy-Lm-Cache-Hits": {"1"}}, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":200002}}}`,
			want: []string{local("gpt-4o", "200002"), priced},
		},
		"a service tier": {
			request: chat, answer: `{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":8}}`, want: []string{local("gpt-4o", "2"), priced},
		},
		"a service tier of a model": {
			request: `{}`, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":8,"service_tier":"batch"},"anthropic/claude":{"prompt_tokens":1}}}`,
			want: []string{local("gpt-4o", "1"), local("claude", "4"), priced},
		},
		"at a provider that is not listed": {
			request: `{"model":"bedrock/gpt-4o","messages":[]}`, answer: `{"usage":{"prompt_tokens":1}}`, want: []string{missing("unpriced", "1")},
		},
		"several models": {
			request: `{}`, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":2},"anthropic/claude":{"prompt_tokens":1}}}`,
			want: []string{local("gpt-4o", "1"), local("claude", "4"), priced},
		},
		"one of several models without a price": {
			request: `{}`, answer: `{"usage":{"openai/gpt-4o":{"prompt_tokens":2},"a/b":{"prompt_tokens":1},"a/c":{"prompt_tokens":1}}}`,
			want: []string{local("gpt-4o", "1"), missing("unpriced", "1")},
		},
		"as the request says": {
			request: chat, answer: `{"usage":{"prompt_tokens":4,"completion_tokens":1}}`, want: []string{local("gpt-4o", "4"), priced},
		},
		"as the answer says": {
			request: chat, answer: `{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":8,"completion_tokens":1}}`,
			want: []string{local("gpt-4o-2024-08-06", "2"), priced},
		},
		"at the provider that was asked": {
			request: azure, answer: `{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":1}}`, want: []string{local("gpt-4o-2024-08-06", "8"), priced},
		},
		"at the configured provider": {
			request: `{}`, answer: `{"usage":{"mixtral":{"prompt_tokens":1}}}`, want: []string{local("mixtral", "1024"), priced},
		},
		"through another provider": {
			request: `{}`, answer: `{"usage":{"openrouter/openai/gpt-4o":{"prompt_tokens":2}}}`, want: []string{local("gpt-4o", "1"), priced},
		},
		"Anthropic's parts": {
			request: `{"model":"claude","messages":[]}`,
			answer:  `{"type":"message","role":"assistant","content":[],"model":"claude","usage":{"input_tokens":1,"cache_creation_input_tokens":2,"output_tokens":1}}`,
			want:    []string{local("claude", "46"), priced},
		},
		"reasoning": {
			request: `{"model":"claude","messages":[]}`, answer: `{"usage":{"prompt_tokens":0,"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":2}}}`,
			want: []string{local("claude", "160"), priced},
		},
		"a stream": {
			request: chat, contentType: sse,
			answer: "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n",
			want:   []string{local("gpt-4o", "4"), priced},
		},
		"an answer that states its cost": {
			request: chat, answer: `{"cost_usd":7,"usage":{"prompt_tokens":4}}`,
			want:   []string{`dspy_cost_usd_total{model="gpt-4o",prediction_type="predict",service="qa",source="provider"} 7`, priced},
			absent: `model="gpt-4o",prediction_type="predict",service="qa",source="local"`,
		},
		"an answer that states its cost, of no listed model": {
			request: `{}`, answer: `{"cost_usd":7,"usage":{"a/b":{"prompt_tokens":4}}}`, want: []string{predictions("predict", "success", 1), priced},
		},
		"an unlisted model": {
			request: `{"model":"a/b","messages":[]}`, answer: `{"usage":{"prompt_tokens":4}}`, want: []string{missing("unpriced", "1")}, absent: `model="b",prediction_type="predict",service="qa",source="local"`,
		},
		"a listed model without a price of tokens": {
			request: `{"model":"painter","messages":[]}`, answer: `{"usage":{"prompt_tokens":4}}`, want: []string{missing("unpriced", "1")},
		},
		"an answer without usage": {
			request: `{"model":"a/b","messages":[]}`, answer: `{"choices":[{"message":{"content":"a"}}]}`,
			want: []string{missing("not_stated", "1"), priced},
		},
		"an answer from the program's cache": {
			request: chat, answer: `{"cached":true,"usage":{"openai/gpt-4o":{"prompt_tokens":4}}}`,
			want: []string{predictions("predict", "success", 1), priced}, absent: `model="gpt-4o",prediction_type="predict",service="qa",source="local"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contentType := "application/json"
			if test.contentType != "" {
				contentType = test.contentType
			}
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), test.header)
				w.Header().Set("Content-Type", contentType)
				_, _ = io.WriteString(w, test.answer)
			}, func(c *service.Config) {
				c.ModelName = "groq/llama"
				c.Model = service.ParseModel(c.ModelName)
				c.Prices = openPrices(t, priceList)
			})
			must(t, http.MethodPost, url+"/predict", test.request)
			poll(t, url, append(test.want, idle)...)
			if page := must(t, http.MethodGet, url+"/metrics", "").body; test.absent != "" && strings.Contains(page, test.absent) {
				t.Errorf("%q is on the page:\n%s", test.absent, page)
			}
		})
	}
}

func TestNoPricesWithoutAList(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"usage":{"openai/gpt-4o":{"prompt_tokens":10}}}`)
	}, nil)
	must(t, http.MethodPost, url+"/predict", `{}`)
	poll(t, url, tokens("input", 10), `dspy_usage_missing_total{reason="unpriced",service="qa"} 0`, idle)
}
