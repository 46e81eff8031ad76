package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// Behind the service is a real DSPy program. What Prometheus reads of the
// conventions' metrics is what the answers say, model by model, in both
// generations, and the contract's check has nothing against it.
func TestGenAI(t *testing.T) {
	s := serve(t, "--upstream", startDSPy(t), "--genai", "both", "--cache", "off", "--service", "qa")
	questions := []struct {
		kind, question string
		status         int
	}{
		{"predict", "one [[tokens 300 10 30 2]]", http.StatusOK},
		{"cot", "two", http.StatusOK},
		{"react", "three, in several calls [[tokens 11 1 2 1]]", http.StatusOK},
		{"predict", "four [[fault 429]]", http.StatusTooManyRequests},
	}
	spent := map[string]float64{}
	for _, q := range questions {
		body, err := json.Marshal(map[string]any{"prediction_type": q.kind, "inputs": map[string]string{"question": q.question}})
		if err != nil {
			t.Fatal(err)
		}
		status, _, raw, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", body)
		if err != nil || status != q.status {
			t.Fatalf("%s: got status %d, %v, want %d: %s", q.question, status, err, q.status, raw)
		}
		var answer struct {
			Usage map[string]struct {
				Input   float64 `json:"prompt_tokens"`
				Output  float64 `json:"completion_tokens"`
				Details struct {
					Cached float64 `json:"cached_tokens"`
				} `json:"prompt_tokens_details"`
			}
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		usage, ok := answer.Usage["openai/gpt-4o-mini"]
		if ok != (q.status == http.StatusOK) {
			t.Fatalf("got usage %v, want that of openai/gpt-4o-mini if it succeeded", answer.Usage)
		}
		spent["input"] += usage.Input
		spent["output"] += usage.Output
		spent["cache_read"] += usage.Details.Cached
	}
	if spent["input"] < 400 || spent["output"] == 0 || spent["cache_read"] == 0 {
		t.Fatalf("the answers say too little: %v", spent)
	}

	const (
		model    = `gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"`
		workflow = `gen_ai_operation_name="invoke_workflow"`
		agent    = `gen_ai_operation_name="invoke_agent"`
	)
	want := map[string]float64{
		`sum(gen_ai_client_token_usage_sum{gen_ai_token_type="input",` + model + `})`:                                    spent["input"],
		`sum(gen_ai_client_token_usage_sum{gen_ai_token_type="output",` + model + `})`:                                   spent["output"],
		`sum(gen_ai_client_token_usage_sum)`:                                                                             spent["input"] + spent["output"],
		`sum(gen_ai_client_inference_usage_input_tokens_total{gen_ai_operation_name="chat",` + model + `})`:              spent["input"],
		`sum(gen_ai_client_inference_usage_output_tokens_total{gen_ai_token_modality="unknown",` + model + `})`:          spent["output"],
		`sum(gen_ai_client_inference_usage_cache_read_input_tokens_total{` + model + `})`:                                spent["cache_read"],
		`sum(dspy_tokens_total{token_type="input"})`:                                                                     spent["input"],
		`sum(gen_ai_client_operation_duration_seconds_count{` + workflow + `,error_type="",` + model + `})`:              2,
		`sum(gen_ai_client_operation_duration_seconds_count{` + agent + `,error_type="",` + model + `})`:                 1,
		`sum(gen_ai_client_operation_duration_seconds_count{` + workflow + `,error_type="rate_limit"})`:                  1,
		`sum(gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",` + workflow + `,error_type=""})`:         2,
		`sum(gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="qa",` + agent + `})`:                          1,
		`sum(gen_ai_invoke_agent_duration_seconds_count) == bool sum(dspy_prediction_duration_seconds_count)`:            1,
		`abs(sum(gen_ai_client_operation_duration_seconds_sum) - sum(dspy_prediction_duration_seconds_sum)) < bool 1e-9`: 1,
		`count(count by (le) (gen_ai_invoke_agent_duration_seconds_bucket{le!="+Inf",gen_ai_agent_name="qa"}))`:          13,
		`count(count by (le) (gen_ai_client_operation_duration_seconds_bucket{le!="+Inf",` + workflow + `}))`:            14,
		`histogram_quantile(1, sum by (le) (gen_ai_client_token_usage_bucket{gen_ai_token_type="input"})) <= 1024`:       1024,
	}
	p := scrape(t, s.address)
	until(t, p.process, func() error {
		for query, value := range want {
			got, err := p.query(t, query)
			if err != nil {
				return err
			}
			if len(got) != 1 || float64(got[0].Value) != value {
				return fmt.Errorf("%s: got %v, want %v", query, got, value)
			}
		}
		return nil
	})
	for _, rule := range checkStrictly(t, "text", s.page(t)) {
		if rule != "missing-metric" { // nothing was streamed or cached
			t.Errorf("check: got the finding %s, want none", rule)
		}
	}
}
