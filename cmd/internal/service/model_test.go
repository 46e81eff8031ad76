package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func TestParseModel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]otelmetrics.Model{
		"":                                 {},
		"gpt-4o-mini":                      {Name: "gpt-4o-mini"},
		"openai/gpt-4o-mini":               {Provider: "openai", Name: "gpt-4o-mini"},
		"azure/my-deployment":              {Provider: "azure.ai.openai", Name: "my-deployment"},
		"bedrock/anthropic.claude-v2":      {Provider: "aws.bedrock", Name: "anthropic.claude-v2"},
		"gemini/gemini-2.5-pro":            {Provider: "gcp.gemini", Name: "gemini-2.5-pro"},
		"mistral/mistral-large":            {Provider: "mistral_ai", Name: "mistral-large"},
		"xai/grok-4":                       {Provider: "x_ai", Name: "grok-4"},
		"openrouter/anthropic/claude-opus": {Provider: "openrouter", Name: "anthropic/claude-opus"},
		"ollama_chat/llama3":               {Provider: "ollama_chat", Name: "llama3"},
	} {
		if got := service.ParseModel(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

// TestModels gives the tokens of answers to the models that they name.
func TestModels(t *testing.T) {
	t.Parallel()
	const usage = "gen_ai_client_inference_usage_"
	labels := func(provider, model, response string) string {
		text := `{gen_ai_operation_name="chat",gen_ai_provider_name="` + provider + `"`
		if model != "" {
			text += `,gen_ai_request_model="` + model + `"`
		}
		if response != "" {
			text += `,gen_ai_response_model="` + response + `"`
		}
		return text + `,gen_ai_token_modality="unknown"} `
	}
	duration := func(model string) string {
		return `gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",gen_ai_operation_name="invoke_workflow"` + model + `} 1`
	}
	for name, test := range map[string]struct {
		request, answer string
		want            []string
	}{
		"get_lm_usage": {
			`{}`, `{"usage":{"openai/gpt-4o-mini":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60}}}}`,
			[]string{
				usage + "input_tokens_total" + labels("openai", "gpt-4o-mini", "") + "100",
				usage + "output_tokens_total" + labels("openai", "gpt-4o-mini", "") + "7",
				usage + "cache_read_input_tokens_total" + labels("openai", "gpt-4o-mini", "") + "60",
				tokens("input", 100), tokens("output", 7), tokens("cache_read", 60),
				duration(`,gen_ai_request_model="gpt-4o-mini"`),
			},
		},
		"two models": {
			`{}`, `{"usage":{"openai/gpt-4o-mini":{"prompt_tokens":100},"anthropic/claude":{"prompt_tokens":9}}}`,
			[]string{
				usage + "input_tokens_total" + labels("openai", "gpt-4o-mini", "") + "100",
				usage + "input_tokens_total" + labels("anthropic", "claude", "") + "9",
				tokens("input", 109), duration(""),
				`dspy_tokens_total{model="claude",prediction_type="predict",service="qa",token_type="input"} 9`,
			},
		},
		"chat completions": {
			`{"model":"openai/gpt-4o","messages":[]}`, `{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":5,"completion_tokens":6}}`,
			[]string{
				usage + "input_tokens_total" + labels("openai", "gpt-4o", "gpt-4o-2024-08-06") + "5",
				usage + "output_tokens_total" + labels("openai", "gpt-4o", "gpt-4o-2024-08-06") + "6",
				`dspy_tokens_total{model="gpt-4o-2024-08-06",prediction_type="predict",service="qa",token_type="input"} 5`,
				duration(`,gen_ai_request_model="gpt-4o"`),
			},
		},
		"a model that is an input": {
			`{"model":"T","inputs":{}}`, `{"usage":{"openai/gpt-4o":{"prompt_tokens":5}}}`,
			[]string{duration(`,gen_ai_request_model="gpt-4o"`)},
		},
		"no name at all": {
			`{}`, `{"usage":{"prompt_tokens":5}}`,
			[]string{usage + "input_tokens_total" + labels("groq", "llama", "") + "5", duration(`,gen_ai_request_model="llama"`)},
		},
		"a name without its provider": {
			`{}`, `{"usage":{"mixtral":{"prompt_tokens":5}}}`,
			[]string{usage + "input_tokens_total" + labels("groq", "mixtral", "") + "5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := service.ParseModel("groq/llama")
			recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithGenAI(otelmetrics.GenAINew),
				otelmetrics.WithModel(model), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, test.answer)
			}, func(c *service.Config) { c.Metrics, c.Model = recorder, model })
			must(t, http.MethodPost, url+"/predict", test.request)
			poll(t, url, test.want...)
		})
	}
}
