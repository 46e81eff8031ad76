package service_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// What an answer says of the way to it is counted, each in its place.
func TestCalls(t *testing.T) {
	t.Parallel()
	const labels = `{prediction_type="predict",service="qa"} `
	for name, test := range map[string]struct {
		header map[string]string
		body   string
		want   []string
	}{
		"the callback's header": {
			map[string]string{
				"Dspy-Lm-Calls": "3", "Dspy-Lm-Cache-Hits": "1", "Dspy-Tool-Calls": "2", "Dspy-Parse-Failures": "1",
				"Dspy-Scores": "exact_match=1, faithful=0.25, wrong=7",
			},
			`{"usage":{"openai/gpt-4o":{"prompt_tokens":10,"cost":0.5},"anthropic/claude":{"prompt_tokens":5,"cost":0.25}},"cost_usd":1}`,
			[]string{
				`dspy_tool_calls_total` + labels + `2`, `dspy_parse_failures_total` + labels + `1`,
				`dspy_lm_calls_total{model="unknown",prediction_type="predict",service="qa"} 3`,
				`dspy_cost_usd_total{model="gpt-4o",prediction_type="predict",service="qa",source="provider"} 0.5`,
				`dspy_cost_usd_total{model="claude",prediction_type="predict",service="qa",source="provider"} 0.25`,
				`dspy_cost_usd_total{model="unknown",prediction_type="predict",service="qa",source="provider"} 0.25`,
				`dspy_prediction_score_sum{prediction_type="predict",score="faithful",service="qa"} 0.25`,
				`dspy_prediction_score_count{prediction_type="predict",score="exact_match",service="qa"} 1`,
				`dspy_metrics_refused_scores_total{score="wrong"} 1`,
			},
		},
		"calls by model": {
			map[string]string{"Dspy-Lm-Calls": "4", "Dspy-Lm-Calls-By-Model": "openai/gpt-4o=2,anthropic/claude%2C3=1"},
			`{"usage":{"openai/gpt-4o":{"prompt_tokens":10}}}`,
			[]string{
				`dspy_lm_calls_total{model="gpt-4o",prediction_type="predict",service="qa"} 3`,
				`dspy_lm_calls_total{model="claude,3",prediction_type="predict",service="qa"} 1`,
			},
		},
		"calls by model in the body": {
			nil, `{"cached":true,"lm_calls":{"openai/gpt-4o":2,"claude":1},"usage":null}`,
			[]string{
				`dspy_lm_calls_total{model="gpt-4o",prediction_type="predict",service="qa"} 2`,
				`dspy_lm_calls_total{model="claude",prediction_type="predict",service="qa"} 1`,
			},
		},
		"a model's own answer": {
			nil, `{"model":"gpt-4o-2024-08-06","choices":[{"finish_reason":"length","message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":6,"cost":0.125}}`,
			[]string{
				`dspy_lm_calls_total{model="gpt-4o-2024-08-06",prediction_type="predict",service="qa"} 1`,
				`dspy_cost_usd_total{model="gpt-4o-2024-08-06",prediction_type="predict",service="qa",source="provider"} 0.125`,
				`dspy_finishes_total{finish_reason="length",prediction_type="predict",service="qa"} 1`,
			},
		},
		"the program's cache": {
			nil, `{"cached":true,"usage":{"gpt-4o":{"prompt_tokens":9,"completion_tokens":4}},"scores":{"judge":0.75}}`,
			[]string{
				`dspy_tokens_saved_total{prediction_type="predict",service="qa",token_type="input"} 9`,
				`dspy_tokens_saved_total{prediction_type="predict",service="qa",token_type="output"} 4`,
				`dspy_prediction_score_sum{prediction_type="predict",score="judge",service="qa"} 0.75`,
			},
		},
		"a word of the answer": {
			nil, `{"scores":"12 to 3","outputs":{"scores":{"x":1}}}`, []string{`dspy_tool_calls_total` + labels + `0`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				_, _ = io.WriteString(w, test.body)
			}, func(*service.Config) {})
			must(t, http.MethodPost, url+"/predict", question)
			poll(t, url, append(test.want, predictions("predict", "success", 1), idle)...)
		})
	}
}

// Overhead is what a prediction takes beyond its upstream: the two are the whole.
// An answer from the cache has no upstream, and so no overhead.
func TestOverhead(t *testing.T) {
	t.Parallel()
	const pause = 60 * time.Millisecond
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"usage":{"prompt_tokens":9},"outputs":`)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(pause) //nolint:forbidigo // The program takes this long.
		_, _ = io.WriteString(w, `{}}`)
	}, cached)
	must(t, http.MethodPost, url+"/predict", question)
	poll(t, url, predictions("predict", "success", 1), idle)
	must(t, http.MethodPost, url+"/predict", question)
	poll(t, url, predictions("predict", "success", 2), idle,
		`dspy_overhead_seconds_count{prediction_type="predict",service="qa"} 1`,
		`dspy_tokens_saved_total{prediction_type="predict",service="qa",token_type="input"} 9`,
		`dspy_active_predictions_limit{service="qa"} 100`)
	page, err := send(t.Context(), t, http.MethodGet, url+"/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	if overhead, whole := sumOf(t, page.body, "dspy_overhead_seconds"), sumOf(t, page.body, "dspy_prediction_duration_seconds"); overhead > whole-pause.Seconds() {
		t.Errorf("got an overhead of %v s in %v s, although the upstream took %v", overhead, whole, pause)
	}
}

// A stream that states its usage has a time per output token.
func TestTimePerOutputToken(t *testing.T) {
	t.Parallel()
	const pause = 20 * time.Millisecond
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{
			`{"choices":[{"index":0,"delta":{"content":"a"}}]}`, `{"choices":[{"index":0,"delta":{"content":"b"}}]}`,
			`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":3}}`, `[DONE]`,
		} {
			_, _ = io.WriteString(w, "data: "+event+"\n\n")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(pause) //nolint:forbidigo // The program takes this long.
		}
	}, func(*service.Config) {})
	must(t, http.MethodPost, url+"/predict", question)
	poll(t, url, predictions("predict", "success", 1), idle,
		`dspy_time_per_output_token_seconds_count{prediction_type="predict",service="qa"} 1`,
		`dspy_time_per_output_token_seconds_bucket{prediction_type="predict",service="qa",le="0.01"} 0`,
		`dspy_finishes_total{finish_reason="stop",prediction_type="predict",service="qa"} 1`)
}
