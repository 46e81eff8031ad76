package answer

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// What streaming_response of DSPy writes around the chunks of LiteLLM and of its
// own clients, and what OpenAI's API writes.
const (
	role     = `data: {"chunk":{"id":"chatcmpl-1","created":1,"model":"m","object":"chat.completion.chunk","choices":[{"finish_reason":null,"index":0,"delta":{"provider_specific_fields":null,"content":"","role":"assistant","function_call":null,"tool_calls":null,"audio":null},"logprobs":null}],"predict_id":7}}` + "\n\n"
	litellm  = `data: {"chunk":{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"finish_reason":null,"index":0,"delta":{"content":"Par","role":null}}]}}` + "\n\n"
	usage1   = `data: {"chunk":{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"finish_reason":"stop","index":0,"delta":{"content":null}}],"usage":{"completion_tokens":4,"prompt_tokens":10,"total_tokens":14,"completion_tokens_details":{"reasoning_tokens":1},"prompt_tokens_details":null}}}` + "\n\n"
	usage2   = `data: {"chunk":{"id":"chatcmpl-2","object":"chat.completion.chunk","choices":[],"usage":{"completion_tokens":40,"prompt_tokens":100}}}` + "\n\n"
	engine   = `data: {"chunk":"{\"id\": null, \"model\": \"m\", \"predict_id\": 7, \"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Par\"}, \"finish_reason\": null}]}"}` + "\n\n"
	engineNo = `data: {"chunk":"{\"id\": null, \"model\": \"m\", \"predict_id\": 7, \"choices\": [{\"index\": 0, \"delta\": {\"content\": null}, \"finish_reason\": \"stop\"}]}"}` + "\n\n"
	answered = `data: {"prediction":{"answer":"Paris"}}` + "\n\n"
	done     = "data: [DONE]\n\n"

	openAIRole  = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}` + "\n\n"
	openAIText  = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}` + "\n\n"
	openAIStop  = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n\n"
	openAIUsage = `data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8}}}` + "\n\n"
)

func TestStream(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stream string
		want   Report
	}{
		"empty": {},
		"DSPy with LiteLLM": {
			stream: role + litellm + usage1 + answered + done,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 4, otelmetrics.TokensReasoning: 1}), Model: "m", Ended: true, Content: true},
		},
		"DSPy with two completions": {
			stream: litellm + usage1 + usage1 + usage2 + answered + done,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 44, otelmetrics.TokensReasoning: 1}), Ended: true, Content: true},
		},
		"DSPy with its own clients": {
			stream: engine + engineNo + answered + done,
			want:   Report{Model: "m", Ended: true, Content: true},
		},
		"DSPy with two models": {
			stream: role + usage1 + strings.ReplaceAll(role, `"model":"m"`, `"model":"n"`) + usage2 + answered + done,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 44, otelmetrics.TokensReasoning: 1}), Ended: true, Content: true},
		},
		"DSPy cut": {
			stream: litellm + usage1 + litellm,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 4, otelmetrics.TokensReasoning: 1}), Cut: true, Content: true},
		},
		"DSPy with its own clients, cut": {stream: engine + engineNo, want: Report{Model: "m", Cut: true, Content: true}},
		"the prediction ends it":         {stream: litellm + answered, want: Report{Ended: true, Content: true}},
		"get_lm_usage beside the prediction is all of it": {
			stream: usage1 + usage2 + `data: {"prediction":{"answer":"x"},"usage":{"a":{"prompt_tokens":111,"completion_tokens":45},"b":{"prompt_tokens":1}},"cost":0.5,"cached":false}` + "\n\n" + done,
			want: Report{
				Tokens: stated(counts{otelmetrics.TokensInput: 112, otelmetrics.TokensOutput: 45}), Cost: new(0.5), Cached: new(false),
				Models: []Spending{{Model: "a", Tokens: stated(counts{otelmetrics.TokensInput: 111, otelmetrics.TokensOutput: 45})}, {Model: "b", Tokens: stated(counts{otelmetrics.TokensInput: 1})}}, Ended: true, Content: true,
			},
		},
		"a cached answer": {
			stream: usage1 + `data: {"prediction":{"answer":"x"},"cached":true,"cost":1}` + "\n\n",
			want:   Report{Cached: new(true), Saved: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 4, otelmetrics.TokensReasoning: 1}), Ended: true, Content: true},
		},
		"OpenAI": {
			stream: openAIRole + openAIText + openAIStop + openAIUsage + done,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 10, otelmetrics.TokensCacheRead: 8}), Ended: true, Content: true},
		},
		"OpenAI cut":             {stream: openAIRole + openAIText, want: Report{Cut: true, Content: true}},
		"OpenAI without [DONE]":  {stream: openAIText + openAIStop, want: Report{Ended: true, Content: true}},
		"OpenAI without content": {stream: openAIRole + openAIStop + done, want: Report{Ended: true}},
		"cumulative usage": {
			stream: `data: {"text":"a","usage":{"prompt_tokens":5,"completion_tokens":1}}` + "\n\n" + `data: {"text":"b","usage":{"prompt_tokens":5,"completion_tokens":2}}` + "\n\n",
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 5, otelmetrics.TokensOutput: 2}), Content: true},
		},
		"event error": {
			stream: "event: error\ndata: the model is gone\n\n",
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Ended: true},
		},
		"event error without data": {
			stream: "event: error\n\n",
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Ended: true},
		},
		"event error with an object": {
			stream: openAIText + `event: error` + "\n" + `data: {"type":"error","error":{"type":"overloaded_error"}}` + "\n\n",
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable, Ended: true, Content: true},
		},
		"event error with a problem": {
			stream: `event: error` + "\n" + `data: {"title":"Gateway Timeout","status":504}` + "\n\n",
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorTimeout, Ended: true},
		},
		"error in the data": {
			stream: `data: {"error":{"message":"no","code":"429"},"detail":"x"}` + "\n\n" + done,
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorRateLimit, Ended: true},
		},
		"error null":    {stream: `data: {"text":"a","error":null}` + "\n\n", want: Report{Content: true}},
		"text":          {stream: "data: Hello\n\ndata: 5\n\n", want: Report{Content: true}},
		"a space":       {stream: "data:  \n\n", want: Report{Content: true}},
		"chunk of text": {stream: `data: {"chunk":"{}"}` + "\n\n" + `data: {"chunk":"Par"}` + "\n\n", want: Report{Content: true}},
		"keep-alive":    {stream: ": ping\n\n:\n\ndata:\n\ndata: \n\ndata\n\nevent: ping\ndata: {\"time\":1}\n\nid: 5\nretry: 10\n\n\n\n"},
		"usage alone":   {stream: `data: {"usage":{"prompt_tokens":5}}` + "\n\ndata: {}\n\n", want: Report{Tokens: stated(counts{otelmetrics.TokensInput: 5})}},
		"event done": {
			stream: `event: done` + "\n" + `data: {"usage":{"prompt_tokens":5},"model":"m"}` + "\n\n",
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 5}), Model: "m", Ended: true},
		},
		"the last usage holds, and its models": {
			stream: `data: {"usage":{"a":{"prompt_tokens":9}}}` + "\n\n" + `data: {"usage":{"prompt_tokens":3}}` + "\n\n" + done,
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 3}), Ended: true},
		},
		"event end without data": {stream: "event: end\n\n", want: Report{Ended: true}},
		"the name ends with the event": {
			stream: "event: ping\n\ndata: x\n\n", want: Report{Content: true},
		},
		"an event the end of which is missing": {stream: litellm + "data: [DONE]", want: Report{Ended: true, Content: true}},
		"an event that breaks off":             {stream: role + "data: [DON", want: Report{Model: "m", Cut: true}},
		"a line that breaks off":               {stream: "event: err", want: Report{}},
		"data over several lines": {
			stream: "data: {\"usage\":\ndata:{\"prompt_tokens\":\r\ndata: 5}\rdata: }\n\n",
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 5})},
		},
		"line ends of all kinds": {
			stream: "data: {\"usage\":{\"prompt_tokens\":5}}\r\n\r\nevent: end\r\rdata: x\n\r",
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 5}), Ended: true, Content: true},
		},
		"CR LF is one line end":      {stream: "event: error\r\ndata: x\r\n\r\n", want: Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Ended: true}},
		"byte order mark":            {stream: "\ufeffevent: end\n\n", want: Report{Ended: true}},
		"byte order mark in the way": {stream: "event: x\n\ufeffevent: end\n\n"},
		"malformed": {
			stream: `data: {"usage":{"prompt_tokens":-5}}` + "\n\n",
			want:   Report{Ignored: []string{`usage.prompt_tokens is not a non-negative integer of sensible size: "-5"`}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "in one part", tt.want, feed(eventStream(), 0, tt.stream).Report, coarse)
			same(t, "byte by byte", tt.want, feed(eventStream(), 0, strings.Split(tt.stream, "")...).Report, coarse)
			for cut := range len(tt.stream) {
				same(t, "cut at "+strconv.Itoa(cut), tt.want, feed(eventStream(), 0, tt.stream[:cut], "", tt.stream[cut:]).Report, coarse)
			}
		})
	}
}

func TestFirstContent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parts []string
		want  int
	}{
		"after the pings":             {parts: []string{": ping\n\n", "event: ping\ndata: {}\n\n", "data: a\n\n", "data: b\n\n"}, want: 2},
		"after the role":              {parts: []string{role, litellm, litellm}, want: 1},
		"with a tool call":            {parts: []string{openAIRole, strings.ReplaceAll(openAIText, `"content":"Hi"`, `"tool_calls":[{"index":0,"function":{"arguments":"{"}}]`), openAIText}, want: 1},
		"with the prediction":         {parts: []string{role, answered, done}, want: 1},
		"when its event ends":         {parts: []string{"data: a", "\n", "\n", "data: b\n\n"}, want: 2},
		"before a long event ends":    {parts: []string{"data: ", strings.Repeat("x", 100), "x", "\n\n"}, want: 1},
		"not with a long ping":        {parts: []string{"event: ping\n", "data: " + strings.Repeat("x", 100), "\n\n", "data: a\n\n"}, want: 3},
		"not with a long comment":     {parts: []string{": " + strings.Repeat("x", 100), "\n\n"}, want: -1},
		"with many lines that are it": {parts: []string{strings.Repeat("data: 0123456789\n", 3), strings.Repeat("data: 0123456789\n", 7), "\n"}, want: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := int64(0)
			if strings.Contains(name, "long") || strings.Contains(name, "many") {
				limit = 64
			}
			if got := feed(eventStream(), limit, tt.parts...).First; got != tt.want {
				t.Errorf("first content in part %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPlainStream(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/xml", "text/plain; charset=utf-8", "", "!"} {
		got := feed(header(contentType), 0, "", "\n", "T", "hat is it: {}\n\n", "data: [DONE]\n\n")
		if want := (fed{Report{Content: true, Missing: otelmetrics.UsageNotStated}, 2}); !cmp.Equal(want, got) {
			t.Errorf("%q: got %+v, want %+v", contentType, got, want)
		}
	}
}

func TestFinishTwice(t *testing.T) {
	t.Parallel()
	r := NewReader(http.StatusOK, eventStream(), Options{})
	write(r, usage1+usage2+"data: [DONE]")
	first := r.Finish(true)
	write(r, openAIUsage)
	same(t, "the second report", first, r.Finish(false))
	if !first.Ended {
		t.Error("the answer did not end")
	}
}
