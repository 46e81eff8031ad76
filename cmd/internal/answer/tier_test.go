package answer

import (
	"fmt"
	"strings"
	"testing"
)

// byTier returns a report of an answer of a service tier.
func byTier(r Report, tier string) Report {
	r.ServiceTier = tier
	return r
}

func TestServiceTier(t *testing.T) {
	t.Parallel()
	const chunk = `data: {"object":"chat.completion.chunk","service_tier":"%s","choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n"
	for name, test := range map[string]struct{ answer, want string }{
		"none":                {`{"choices":[],"usage":{"prompt_tokens":1}}`, ""},
		"OpenAI":              {`{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":1}}`, "flex"},
		"nobody's choice":     {`{"choices":[],"service_tier":"auto","usage":{"prompt_tokens":1}}`, ""},
		"null":                {`{"choices":[],"service_tier":null,"usage":{"prompt_tokens":1}}`, ""},
		"no text":             {`{"choices":[],"service_tier":7,"usage":{"prompt_tokens":1}}`, ""},
		"a very long one":     {`{"choices":[],"service_tier":"priorityprioritypriorityprioritypriority","usage":{"prompt_tokens":1}}`, ""},
		"a response":          {`{"object":"response","status":"completed","service_tier":"priority","usage":{"input_tokens":1}}`, "priority"},
		"events of responses": {"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"service_tier\":\"priority\",\"usage\":{\"input_tokens\":1}}}\n\n", "priority"},
		"Anthropic":           {`{"type":"message","content":[],"usage":{"input_tokens":1,"output_tokens":1,"service_tier":"batch"}}`, "batch"},
		"events of Anthropic": {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1,\"service_tier\":\"priority\"}}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "priority"},
		"Bedrock":             {`{"stopReason":"end_turn","output":{},"serviceTier":{"type":"flex"},"usage":{"inputTokens":1}}`, "flex"},
		"Vertex AI":           {`{"candidates":[],"usageMetadata":{"promptTokenCount":1,"trafficType":"ON_DEMAND_PRIORITY"}}`, "priority"},
		"a program":           {`{"answer":"Paris","service_tier":"flex","usage":{"openai/m":{"prompt_tokens":1}}}`, "flex"},
		"a stream":            {fmt.Sprintf(chunk+chunk, "flex", "flex") + "data: [DONE]\n\n", "flex"},
		"calls that differ":   {fmt.Sprintf(chunk+chunk, "flex", "default") + "data: [DONE]\n\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := jsonBody()
			if !strings.HasPrefix(test.answer, "{") {
				kind = eventStream()
			}
			if got := feed(kind, 0, test.answer).ServiceTier; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestServiceTierOfAModel(t *testing.T) {
	t.Parallel()
	models := feed(jsonBody(), 0, `{"usage":{"anthropic/a":{"input_tokens":1,"service_tier":"Priority"},"openai/b":{"prompt_tokens":1}}}`).Models
	if got := models[0].ServiceTier; got != "priority" {
		t.Errorf("got %q, want priority", got)
	}
	if got := models[1].ServiceTier; got != "" {
		t.Errorf("got %q, want none", got)
	}
}
