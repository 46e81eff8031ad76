package answer

import (
	"bytes"
	"encoding/json"
	"net/http"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// named is what a usage of one model says.
func named(model string, tokens Tokens) Report {
	return Report{Tokens: tokens, Models: []Spending{{Model: model, Tokens: tokens}}}
}

func TestBody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want Report
	}{
		"get_lm_usage with LiteLLM": {
			body: `{"answer":"Paris","usage":{"openai/gpt-4o-mini":{"completion_tokens":61,"prompt_tokens":260,"total_tokens":321,
				"completion_tokens_details":{"accepted_prediction_tokens":0,"audio_tokens":0,"reasoning_tokens":12,"rejected_prediction_tokens":0,"text_tokens":null},
				"prompt_tokens_details":{"audio_tokens":0,"cached_tokens":128,"text_tokens":null,"image_tokens":null}}}}`,
			want: named("openai/gpt-4o-mini", stated(counts{otelmetrics.TokensInput: 260, otelmetrics.TokensOutput: 61, otelmetrics.TokensCacheRead: 128, otelmetrics.TokensReasoning: 12})),
		},
		"get_lm_usage with DSPy's own clients": {
			body: `{"usage":{"anthropic/claude":{"prompt_tokens":110,"completion_tokens":5,"total_tokens":115,
				"prompt_tokens_details":{"cached_tokens":80,"cache_creation_tokens":20},"completion_tokens_details":null}}}`,
			want: named("anthropic/claude", stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 5, otelmetrics.TokensCacheRead: 80, otelmetrics.TokensCacheWrite: 20})),
		},
		"get_lm_usage with LMUsage of DSPy 3.3": {
			body: `{"usage":{"m":{"input_tokens":10,"output_tokens":4,"total_tokens":14,"prompt_tokens":10,"completion_tokens":4,
				"reasoning_tokens":null,"cache_read_tokens":3,"cache_write_tokens":0,"input_audio_tokens":null,"output_audio_tokens":null,"details":{"x":{"prompt_tokens":9}}}}}`,
			want: named("m", stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 4, otelmetrics.TokensCacheRead: 3, otelmetrics.TokensCacheWrite: 0})),
		},
		"LiteLLM with Anthropic has the cache in prompt_tokens": {
			body: `{"usage":{"m":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60},
				"cache_creation_input_tokens":30,"cache_read_input_tokens":60}}}`,
			want: named("m", stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 7, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30})),
		},
		"Anthropic has the cache beside input_tokens": {
			body: `{"usage":{"input_tokens":10,"output_tokens":7,"cache_creation_input_tokens":30,"cache_read_input_tokens":60}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 7, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30})},
		},
		"two models": {
			body: `{"usage":{"a.b/c-1":{"prompt_tokens":1,"completion_tokens":2},"d*|#":{"input_tokens":10,"output_tokens":20,"reasoning_tokens":5}}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 11, otelmetrics.TokensOutput: 22, otelmetrics.TokensReasoning: 5}), Models: []Spending{
				{Model: "a.b/c-1", Tokens: stated(counts{otelmetrics.TokensInput: 1, otelmetrics.TokensOutput: 2})}, {Model: "d*|#", Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 20, otelmetrics.TokensReasoning: 5})},
			}},
		},
		"chat completions": {
			body: `{"id":"x","model":"gpt-4o-mini-2024-07-18","choices":[{"message":{"content":"{\"usage\":{}}"}}],"usage":{"prompt_tokens":0,"completion_tokens":3,"cost_details":{"prompt_tokens":9}}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 0, otelmetrics.TokensOutput: 3}), Model: "gpt-4o-mini-2024-07-18"},
		},
		"responses": {
			body: `{"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":80},"total_tokens":123}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 36, otelmetrics.TokensOutput: 87, otelmetrics.TokensCacheRead: 30, otelmetrics.TokensReasoning: 80})},
		},
		"floats of Python": {
			body: `{"usage":{"m":{"prompt_tokens":12.0,"completion_tokens":1e2}},"cost":1e-05}`,
			want: Report{
				Tokens: stated(counts{otelmetrics.TokensInput: 12, otelmetrics.TokensOutput: 100}), Cost: new(1e-05),
				Models: []Spending{{Model: "m", Tokens: stated(counts{otelmetrics.TokensInput: 12, otelmetrics.TokensOutput: 100})}},
			},
		},
		"usage null":                {body: `{"prediction_type":"predict","outputs":{"usage":{"prompt_tokens":5}},"usage":null,"cached":false}`, want: Report{Cached: new(false)}},
		"a model that is an output": {body: `{"model":"T","usage":{"m":{"prompt_tokens":1}}}`, want: named("m", stated(counts{otelmetrics.TokensInput: 1}))},
		"usage empty":               {body: `{"usage":{}}`},
		"usage of a model empty":    {body: `{"usage":{"m":{},"n":null}}`},
		"no usage":                  {body: `{"answer":"42"}`},
		"only total":                {body: `{"usage":{"total_tokens":9}}`},
		"member names are exact":    {body: `{"Usage":{"prompt_tokens":1},"ERROR":"x","Cached":true}`},
		"cost":                      {body: `{"cost":0.25,"cost_usd":0.5}`, want: Report{Cost: new(0.5)}},
		"cost zero":                 {body: `{"cost_usd":0}`, want: Report{Cost: new(0.0)}},
		"cost null":                 {body: `{"cost_usd":null,"cost":0.25}`, want: Report{Cost: new(0.25)}},
		"cached":                    {body: `{"cached":true,"usage":{"prompt_tokens":5},"cost":0.1}`, want: Report{Cached: new(true), Saved: stated(counts{otelmetrics.TokensInput: 5})}},
		"cache_hit":                 {body: `{"cache_hit":true,"usage":{}}`, want: Report{Cached: new(true)}},
		"error null":                {body: `{"error":null}`},
		"error that says nothing":   {body: `{"error":""}`},
		"error false":               {body: `{"error":false}`},
		"error text":                {body: `{"error":"rate_limit"}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}},
		"error object":              {body: `{"error":{"message":"timeout"}}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}},
		"error of OpenAI":           {body: `{"error":{"message":"","type":"tokens","code":"rate_limit_exceeded"}}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorRateLimit}},
		"error of DSPy":             {body: `{"error":{"type":"LMTimeoutError"}}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorTimeout}},
		"error with a status":       {body: `{"error":{"code":503}}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable}},
		"error with our type":       {body: `{"error":"x","error_type":"invalid_input"}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorInvalidInput}},
		"error with a type unknown": {body: `{"error":"x","error_type":"weird"}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}},
		"failure that spent tokens": {body: `{"error":"x","usage":{"prompt_tokens":5}}`, want: Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Tokens: stated(counts{otelmetrics.TokensInput: 5})}},
		"array":                     {body: `[{"usage":{"prompt_tokens":5}}]`},
		"text":                      {body: `"usage"`},
		"one alias malformed": {
			body: `{"usage":{"prompt_tokens":"five","input_tokens":6}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 6}), Ignored: []string{`usage.prompt_tokens is not a non-negative integer of sensible size: "\"five\""`}},
		},
		"one count malformed": {
			body: `{"usage":{"m":{"prompt_tokens":-1,"completion_tokens":2}}}`,
			want: Report{
				Tokens: stated(counts{otelmetrics.TokensOutput: 2}), Models: []Spending{{Model: "m", Tokens: stated(counts{otelmetrics.TokensOutput: 2})}},
				Ignored: []string{`usage.prompt_tokens is not a non-negative integer of sensible size: "-1"`},
			},
		},
		"sum too large": {
			body: `{"usage":{"a":{"prompt_tokens":1099511627776,"completion_tokens":1},"b":{"prompt_tokens":1}}}`,
			want: Report{Tokens: stated(counts{otelmetrics.TokensOutput: 1}), Ignored: []string{"the sum of input tokens is too large"}},
		},
		"usage text":     {body: `{"usage":"none"}`, want: Report{Ignored: []string{`usage is not an object: "\"none\""`}}},
		"cost text":      {body: `{"cost":"high"}`, want: Report{Ignored: []string{`cost is not a non-negative number of sensible size: "\"high\""`}}},
		"cached text":    {body: `{"cached":"yes"}`, want: Report{Ignored: []string{`cached is not true or false: "\"yes\""`}}},
		"error a number": {body: `{"error":1}`, want: Report{Ignored: []string{`error is not a string or an object: "1"`}}},
		"cut":            {body: `{"usage":{"prompt_tokens":5}`, want: Report{Ignored: []string{"the JSON does not end"}}},
		"empty":          {body: ``},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "report", tt.want, feed(jsonBody(), 0, tt.body).Report, coarse, cmpopts.IgnoreFields(Report{}, "Ended"))
		})
	}
}

func TestMalformedNumbers(t *testing.T) {
	t.Parallel()
	for _, number := range []string{`-1`, `1.5`, `"-1"`, `"1.5"`, `"one"`, `""`, `true`, `[]`, `{}`, `NaN`, `Infinity`, `1e13`, `1e999`, `9223372036854775808`, `-0.5`} {
		got := feed(jsonBody(), 0, `{"usage":{"prompt_tokens":`+number+`,"completion_tokens":2},"cached":false}`).Report
		if len(got.Ignored) != 1 {
			t.Errorf("%s: ignored %q, want one entry", number, got.Ignored)
		}
		got.Ignored = nil
		same(t, number, Report{Tokens: stated(counts{otelmetrics.TokensOutput: 2}), Cached: new(false), Whole: true}, got)
	}
	for _, number := range []string{`-1`, `"-1"`, `"NaN"`, `NaN`, `""`, `true`, `1e999`, `1e10`, `[0.1]`} {
		if got := feed(jsonBody(), 0, `{"cost":`+number+`}`).Report; got.Cost != nil || len(got.Ignored) != 1 {
			t.Errorf("%s: got %+v, want no cost and one entry ignored", number, got)
		}
	}
}

func TestIgnoredIsShort(t *testing.T) {
	t.Parallel()
	models := make(map[string]any)
	for _, name := range "abcdefghijklmnop" {
		models[string(name)] = map[string]any{"prompt_tokens": string(bytes.Repeat([]byte("x"), 1000))}
	}
	body, err := json.Marshal(map[string]any{"usage": models})
	if err != nil {
		t.Fatal(err)
	}
	got := feed(jsonBody(), 1<<20, string(body)).Report
	size := 0
	for _, text := range got.Ignored {
		size += len(text)
	}
	if len(got.Ignored) == 0 || len(got.Ignored) > 8 || size > 8*200 {
		t.Errorf("got %d entries of %d bytes, want 1 to 8 short ones", len(got.Ignored), size)
	}
}

//nolint:paralleltest // it measures what the process allocates.
func TestLargeValuesAreNotKept(t *testing.T) {
	body := []byte(`{"outputs":{"text":"` + string(bytes.Repeat([]byte("0123456789abcdef"), 1<<20)) + `"},"usage":{"prompt_tokens":5}}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := NewReader(http.StatusOK, jsonBody(), Options{MaxBytes: 1 << 25})
	if _, err := r.Write(body); err != nil {
		t.Fatal(err)
	}
	got := r.Finish(true)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("a body of %d bytes allocated %d", len(body), allocated)
	}
	if got.Tokens.Of(otelmetrics.TokensInput) != 5 {
		t.Errorf("got %+v, want 5 input tokens", got)
	}
}

// What an answer is shows in its text, and not in what its media type says.
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	const body = `{"object":"chat.completion","model":"m","choices":[],"usage":{"prompt_tokens":5}}`
	want := Report{Tokens: stated(counts{otelmetrics.TokensInput: 5}), Model: "m"}
	for _, contentType := range []string{"", "text/plain", "text/html; charset=utf-8", "application/octet-stream", "text/event-stream", "application/vnd.api+json", "TEXT/JSON", "?"} {
		sized := header(contentType)
		sized.Set("Content-Length", strconv.Itoa(len(body)))
		for _, h := range []http.Header{sized, header(contentType)} {
			same(t, contentType, want, feed(h, 0, body).Report, coarse)
		}
	}
}
