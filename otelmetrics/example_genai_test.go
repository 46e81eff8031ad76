package otelmetrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func ExampleWithGenAI() {
	ctx := context.Background()
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"), otelmetrics.WithGenAI(otelmetrics.GenAINew),
		otelmetrics.WithModel(otelmetrics.Model{Provider: "openai", Name: "gpt-4o-mini"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Shutdown(ctx) //nolint:errcheck // nothing is pushed

	_, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
	p.AddTokens(otelmetrics.TokensInput, 1500)
	reranker := otelmetrics.Model{Provider: "cohere", Name: "rerank-v3.5"}
	p.AddUsage(otelmetrics.Usage{Model: reranker, Tokens: otelmetrics.Tokens{Input: 300}})
	p.End(nil)

	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "gen_ai_client") || strings.HasPrefix(lines.Text(), "gen_ai_invoke_agent_duration_seconds_count") {
			fmt.Println(lines.Text())
		}
	}
	// Output:
	// gen_ai_client_inference_usage_input_tokens_total{gen_ai_operation_name="chat",gen_ai_provider_name="cohere",gen_ai_request_model="rerank-v3.5",gen_ai_token_modality="unknown"} 300
	// gen_ai_client_inference_usage_input_tokens_total{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_modality="unknown"} 1500
	// gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",gen_ai_operation_name="invoke_workflow",gen_ai_request_model="gpt-4o-mini"} 1
}
