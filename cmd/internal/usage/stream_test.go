package usage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/views"
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

// seen is what a stream told.
type seen struct {
	Report  Report
	Ending  Ending
	Content bool
}

// feed writes the parts and tells, besides, in which one the first content was.
func feed(limit int, parts ...string) (got seen, first int) {
	s := NewStream("text/event-stream; charset=utf-8")
	s.MaxEventBytes = limit
	first = -1
	part := 0
	s.OnContent = func() {
		if got.Content {
			panic("OnContent called twice")
		}
		got.Content, first = true, part
	}
	for ; part < len(parts); part++ {
		buffer := []byte(parts[part])
		if n, err := s.Write(buffer); n != len(buffer) || err != nil {
			panic(fmt.Sprintf("Write: %d, %v", n, err))
		}
		for i := range buffer { // what is kept of it would show
			buffer[i] = '!'
		}
	}
	got.Report, got.Ending = s.Finish()
	return got, first
}

func TestStream(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stream string
		want   seen
	}{
		"empty": {},
		"DSPy with LiteLLM": {
			stream: role + litellm + usage1 + answered + done,
			want: seen{
				Report: Report{Tokens: tokens{views.Input: 10, views.Output: 4, views.Reasoning: 1}, Model: "m"},
				Ending: EndComplete, Content: true,
			},
		},
		"DSPy with two completions": {
			stream: litellm + usage1 + usage1 + usage2 + answered + done,
			want: seen{
				Report: Report{Tokens: tokens{views.Input: 110, views.Output: 44, views.Reasoning: 1}},
				Ending: EndComplete, Content: true,
			},
		},
		"DSPy with its own clients": {
			stream: engine + engineNo + answered + done,
			want:   seen{Report: Report{Model: "m"}, Ending: EndComplete, Content: true},
		},
		"DSPy with two models": {
			stream: role + usage1 + strings.ReplaceAll(role, `"model":"m"`, `"model":"n"`) + usage2 + answered + done,
			want: seen{
				Report: Report{Tokens: tokens{views.Input: 110, views.Output: 44, views.Reasoning: 1}},
				Ending: EndComplete, Content: true,
			},
		},
		"DSPy cut": {
			stream: litellm + usage1 + litellm,
			want: seen{
				Report: Report{Tokens: tokens{views.Input: 10, views.Output: 4, views.Reasoning: 1}},
				Ending: EndCut, Content: true,
			},
		},
		"DSPy with its own clients, cut": {stream: engine + engineNo, want: seen{Report: Report{Model: "m"}, Ending: EndCut, Content: true}},
		"the prediction ends it":         {stream: litellm + answered, want: seen{Ending: EndComplete, Content: true}},
		"get_lm_usage beside the prediction is all of it": {
			stream: usage1 + usage2 + `data: {"prediction":{"answer":"x"},"usage":{"a":{"prompt_tokens":111,"completion_tokens":45},"b":{"prompt_tokens":1}},"cost":0.5,"cached":false}` + "\n\n" + done,
			want: seen{
				Report: Report{
					Tokens: tokens{views.Input: 112, views.Output: 45}, Cost: new(0.5), Cached: new(false),
					Models: map[string]tokens{"a": {views.Input: 111, views.Output: 45}, "b": {views.Input: 1}},
				},
				Ending: EndComplete, Content: true,
			},
		},
		"a cached answer": {
			stream: usage1 + `data: {"prediction":{"answer":"x"},"cached":true,"cost":1}` + "\n\n",
			want:   seen{Report: Report{Cached: new(true)}, Ending: EndComplete, Content: true},
		},
		"OpenAI": {
			stream: openAIRole + openAIText + openAIStop + openAIUsage + done,
			want: seen{
				Report: Report{Tokens: tokens{views.Input: 19, views.Output: 10, views.CacheRead: 8}},
				Ending: EndComplete, Content: true,
			},
		},
		"OpenAI cut":             {stream: openAIRole + openAIText, want: seen{Ending: EndCut, Content: true}},
		"OpenAI without [DONE]":  {stream: openAIText + openAIStop, want: seen{Content: true}},
		"OpenAI without content": {stream: openAIRole + openAIStop + done, want: seen{Ending: EndComplete}},
		"cumulative usage": {
			stream: `data: {"text":"a","usage":{"prompt_tokens":5,"completion_tokens":1}}` + "\n\n" + `data: {"text":"b","usage":{"prompt_tokens":5,"completion_tokens":2}}` + "\n\n",
			want:   seen{Report: Report{Tokens: tokens{views.Input: 5, views.Output: 2}}, Content: true},
		},
		"event error": {
			stream: "event: error\ndata: the model is gone\n\n",
			want:   seen{Report: Report{Failed: true, ErrorType: views.PredictionFailed}, Ending: EndComplete},
		},
		"event error without data": {
			stream: "event: error\n\n",
			want:   seen{Report: Report{Failed: true, ErrorType: views.PredictionFailed}, Ending: EndComplete},
		},
		"event error with an object": {
			stream: openAIText + `event: error` + "\n" + `data: {"type":"error","error":{"type":"overloaded_error"}}` + "\n\n",
			want:   seen{Report: Report{Failed: true, ErrorType: views.UpstreamUnavailable}, Ending: EndComplete, Content: true},
		},
		"event error with a problem": {
			stream: `event: error` + "\n" + `data: {"title":"Gateway Timeout","status":504}` + "\n\n",
			want:   seen{Report: Report{Failed: true, ErrorType: views.Timeout}, Ending: EndComplete},
		},
		"error in the data": {
			stream: `data: {"error":{"message":"no","code":"429"},"detail":"x"}` + "\n\n" + done,
			want:   seen{Report: Report{Failed: true, ErrorType: views.RateLimit}, Ending: EndComplete},
		},
		"error null":    {stream: `data: {"text":"a","error":null}` + "\n\n", want: seen{Content: true}},
		"text":          {stream: "data: Hello\n\ndata: 5\n\n", want: seen{Content: true}},
		"a space":       {stream: "data:  \n\n", want: seen{Content: true}},
		"chunk of text": {stream: `data: {"chunk":"{}"}` + "\n\n" + `data: {"chunk":"Par"}` + "\n\n", want: seen{Content: true}},
		"keep-alive":    {stream: ": ping\n\n:\n\ndata:\n\ndata: \n\ndata\n\nevent: ping\ndata: {\"time\":1}\n\nid: 5\nretry: 10\n\n\n\n"},
		"usage alone":   {stream: `data: {"usage":{"prompt_tokens":5}}` + "\n\ndata: {}\n\n", want: seen{Report: Report{Tokens: tokens{views.Input: 5}}}},
		"event done": {
			stream: `event: done` + "\n" + `data: {"usage":{"prompt_tokens":5},"model":"m"}` + "\n\n",
			want:   seen{Report: Report{Tokens: tokens{views.Input: 5}, Model: "m"}, Ending: EndComplete},
		},
		"the last usage holds, and its models": {
			stream: `data: {"usage":{"a":{"prompt_tokens":9}}}` + "\n\n" + `data: {"usage":{"prompt_tokens":3}}` + "\n\n" + done,
			want:   seen{Report: Report{Tokens: tokens{views.Input: 3}}, Ending: EndComplete},
		},
		"event end without data": {stream: "event: end\n\n", want: seen{Ending: EndComplete}},
		"the name ends with the event": {
			stream: "event: ping\n\ndata: x\n\n", want: seen{Content: true},
		},
		"an event the end of which is missing": {stream: litellm + "data: [DONE]", want: seen{Ending: EndComplete, Content: true}},
		"an event that breaks off":             {stream: role + "data: [DON", want: seen{Report: Report{Model: "m"}, Ending: EndCut}},
		"a line that breaks off":               {stream: "event: err", want: seen{}},
		"data over several lines": {
			stream: "data: {\"usage\":\ndata:{\"prompt_tokens\":\r\ndata: 5}\rdata: }\n\n",
			want:   seen{Report: Report{Tokens: tokens{views.Input: 5}}},
		},
		"line ends of all kinds": {
			stream: "data: {\"usage\":{\"prompt_tokens\":5}}\r\n\r\nevent: end\r\rdata: x\n\r",
			want:   seen{Report: Report{Tokens: tokens{views.Input: 5}}, Ending: EndComplete, Content: true},
		},
		"CR LF is one line end":      {stream: "event: error\r\ndata: x\r\n\r\n", want: seen{Report: Report{Failed: true, ErrorType: views.PredictionFailed}, Ending: EndComplete}},
		"byte order mark":            {stream: "\ufeffevent: end\n\n", want: seen{Ending: EndComplete}},
		"byte order mark in the way": {stream: "event: x\n\ufeffevent: end\n\n"},
		"malformed": {
			stream: `data: {"usage":{"prompt_tokens":-5}}` + "\n\n",
			want:   seen{Report: Report{Ignored: []string{`usage.prompt_tokens is not a non-negative integer of sensible size: "-5"`}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := feed(0, tt.stream)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("in one part (-want +got):\n%s", diff)
			}
			got, _ = feed(0, strings.Split(tt.stream, "")...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
			for cut := range len(tt.stream) {
				got, _ = feed(0, tt.stream[:cut], "", tt.stream[cut:])
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
				}
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
		"with a tool call":            {parts: []string{openAIRole, strings.ReplaceAll(openAIText, `"content":"Hi"`, `"tool_calls":[{"index":0}]`), openAIText}, want: 1},
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
			limit := 0
			if strings.Contains(name, "long") || strings.Contains(name, "many") {
				limit = 64
			}
			if _, got := feed(limit, tt.parts...); got != tt.want {
				t.Errorf("first content in part %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPlainStream(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/json", "text/plain; charset=utf-8", "", "!"} {
		s := NewStream(contentType)
		calls := 0
		s.OnContent = func() { calls++ }
		for i, part := range []string{"", "e", "vent: error\n\n", "data: {}\n\n"} {
			if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
				t.Errorf("Write: got %d, %v", n, err)
			}
			if want := min(i, 1); calls != want {
				t.Errorf("%q: after %q %d calls, want %d", contentType, part, calls, want)
			}
		}
		report, ending := s.Finish()
		if diff := cmp.Diff(seen{}, seen{Report: report, Ending: ending}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", contentType, diff)
		}
	}
}

func TestFinishTwice(t *testing.T) {
	t.Parallel()
	s := NewStream("text/event-stream")
	if _, err := s.Write([]byte(usage1 + usage2 + "data: [DONE]")); err != nil {
		t.Fatal(err)
	}
	first, ending := s.Finish()
	second, again := s.Finish()
	if diff := cmp.Diff(seen{Report: first, Ending: ending}, seen{Report: second, Ending: again}); diff != "" || ending != EndComplete {
		t.Errorf("ending %d, first and second (-first +second):\n%s", ending, diff)
	}
}
