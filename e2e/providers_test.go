package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"testing"

	"github.com/prometheus/common/model"
)

// reading is what a client of a provider read from its answers.
type reading struct {
	Counts map[string]float64 `json:"counts"`
	Tokens map[string]float64 `json:"tokens"`
	Cost   float64            `json:"cost"`
}

// Providers' own Python clients ask through the service, in ways that are
// theirs: OpenAI's synchronous one closes its connection at the end mark, while
// the provider has not ended its answer. What the clients read is what the
// metrics say, and no stream is anything but a success.
func TestProvidersOwnClients(t *testing.T) {
	url := provider(t)
	for client, streams := range map[string]int{
		"openai": 1000, "anthropic": 1000, "litellm": 1000, "dspy": 1000, "genai": 99, "cohere": 99, "ollama": 99,
	} {
		t.Run(client, func(t *testing.T) {
			s := serve(t, "--service", "qa", "--upstream", url,
				"--route", "/v1/chat/completions", "--route", "/v1/responses", "--route", "/v1/embeddings",
				"--route", "/v1/messages", "--route", "/v1beta/models/{model}", "--route", "/v2/chat", "--route", "/api/chat")
			command := exec.CommandContext(t.Context(), locate(t, "e2e-python"), "testdata/clients.py", client, "http://"+s.address, strconv.Itoa(streams))
			command.Env = append(environment(), "LITELLM_LOCAL_MODEL_COST_MAP=True", "OLLAMA_API_KEY=")
			var complaint tail
			command.Stderr = &complaint
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%s: %v\n%s", client, err, complaint)
			}
			var saw reading
			if err := json.Unmarshal(out, &saw); err != nil {
				t.Fatalf("%s: %v: %s", client, err, out)
			}
			if got := saw.Counts["streams"]; got != float64(streams) {
				t.Fatalf("the client read %v streams, want %d: %s", got, streams, out)
			}
			until(t, s.process, func() error { return saw.compare(s.samples(t)) })
			t.Logf("%s", out)
		})
	}
}

// compare says where the metrics differ from what the client read.
func (r reading) compare(samples model.Vector) error {
	left := r.Counts["left"]
	failed := r.Counts["rate_limit"] + r.Counts["overloaded"] + r.Counts["invalid"] + r.Counts["server"]
	succeeded := r.Counts["streams"] + r.Counts["whole"]
	for _, m := range []struct {
		name, label, value string
		want               float64
	}{
		{"dspy_active_predictions", "", "", 0},
		{"dspy_predictions_total", "status", "success", succeeded},
		{"dspy_predictions_total", "status", "failure", failed + left},
		{"dspy_errors_total", "error_type", "canceled", left},
		{"dspy_errors_total", "error_type", "rate_limit", r.Counts["rate_limit"]},
		{"dspy_errors_total", "error_type", "upstream_unavailable", r.Counts["overloaded"]},
		{"dspy_errors_total", "error_type", "invalid_input", r.Counts["invalid"]},
		{"dspy_errors_total", "error_type", "prediction_failed", r.Counts["server"]},
		{"dspy_errors_total", "", "", failed + left},
		{"dspy_api_latency_seconds_count", "status_code", "200", succeeded},
		{"dspy_time_to_first_token_seconds_count", "", "", r.Counts["streams"] + left},
		{"dspy_tokens_total", "token_type", "input", r.Tokens["input"]},
		{"dspy_tokens_total", "token_type", "output", r.Tokens["output"]},
		{"dspy_tokens_total", "token_type", "cache_read", r.Tokens["cache_read"]},
		{"dspy_tokens_total", "token_type", "cache_write", r.Tokens["cache_write"]},
		{"dspy_tokens_total", "token_type", "reasoning", r.Tokens["reasoning"]},
		{"dspy_cost_usd_total", "", "", r.Cost},
		{"dspy_usage_missing_total", "reason", "cut_off", left},
		{"dspy_usage_missing_total", "", "", left},
	} {
		labels := model.LabelSet{}
		if m.label != "" {
			labels[model.LabelName(m.label)] = model.LabelValue(m.value)
		}
		if got := total(samples, m.name, labels); math.Abs(got-m.want) > 1e-6*math.Max(1, m.want) {
			return fmt.Errorf("%s%s: got %v, the client read %v", m.name, labels, got, m.want)
		}
	}
	return nil
}

// tail keeps the end of what a program complains.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	*t = append(*t, p...)
	*t = (*t)[max(0, len(*t)-most):]
	return len(p), nil
}
