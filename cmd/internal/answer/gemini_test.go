package answer

import (
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func gemini() []sample {
	part := func(parts, rest string) string {
		return `{"candidates":[{"content":{"parts":[` + parts + `],"role":"model"}` + rest + `,"index":0}]`
	}
	const model = `,"modelVersion":"gemini-2.5-flash","responseId":"r"}`
	early := part(`{"text":"Par"}`, "") + `,"usageMetadata":{"promptTokenCount":20,"totalTokenCount":20}` + model
	text := part(`{"text":"is"}`, "") + `,"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":3,"totalTokenCount":23}` + model
	const usage = `,"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":7,"thoughtsTokenCount":5,"cachedContentTokenCount":16,"totalTokenCount":32,"promptTokensDetails":[{"modality":"TEXT","tokenCount":20}]}`
	last := part("", `,"finishReason":"STOP"`) + usage + model
	spent := Report{
		Tokens: stated(counts{otelmetrics.TokensInput: 20, otelmetrics.TokensOutput: 12, otelmetrics.TokensCacheRead: 16, otelmetrics.TokensReasoning: 5}), Model: "gemini-2.5-flash", Finish: otelmetrics.FinishStop,
	}
	ended := spent
	ended.Ended = true
	array := func(parts ...string) []string {
		parts[0] = "[" + parts[0]
		for i := range parts[1:] {
			parts[i+1] = ",\r\n" + parts[i+1]
		}
		return append(parts, "]")
	}
	inArray := func(name string, parts []string, first int, want Report) sample {
		s := stream(name, parts, first, want)
		s.header = jsonBody()
		return s
	}
	included := strings.Replace(last, `"totalTokenCount":32`, `"totalTokenCount":27`, 1)
	filtered := `{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}` + model
	blocked := Report{Tokens: stated(counts{otelmetrics.TokensInput: 9}), Model: "gemini-2.5-flash", Finish: otelmetrics.FinishContentFilter}
	blockedWhole := blocked
	blockedWhole.Ended = true
	const failure = `{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x","reason":"timeout"}]}}`
	return []sample{
		whole("whole", part(`{"text":"Paris"}`, `,"finishReason":"STOP"`)+usage+model, ended),
		whole("whole and cut short", part(`{"text":"Paris"}`, `,"finishReason":"MAX_TOKENS"`)+usage+model, finished(ended, otelmetrics.FinishLength)),
		whole("whole and blocked", filtered, blockedWhole),
		whole("whole with reasoning in the output", part("", `,"finishReason":"STOP"`)+strings.Replace(usage, `"totalTokenCount":32`, `"totalTokenCount":27`, 1)+model,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 20, otelmetrics.TokensOutput: 7, otelmetrics.TokensCacheRead: 16, otelmetrics.TokensReasoning: 5}), Model: "gemini-2.5-flash", Finish: otelmetrics.FinishStop, Ended: true}),
		whole("whole in a member", `{"response":`+part(`{"text":"Paris"}`, `,"finishReason":"STOP"`)+usage+model+`,"traceId":"t"}`, ended),
		whole("whole in the case of Python", `{"candidates":[{"content":{"parts":[{"text":"x"}]},"finish_reason":"STOP"}],"usage_metadata":{"prompt_token_count":20,"candidates_token_count":7,"thoughts_token_count":5,"cached_content_token_count":16},"model_version":"gemini-2.5-flash"}`, ended),
		whole("error", failure, failed(otelmetrics.ErrorRateLimit)),
		stream("stream", sse(early, text, last), 0, spent),
		stream("stream whose thoughts come first", sse(part(`{"thought":true,"text":"Hm"}`, "")+model, text, last), 0, spent),
		stream("stream whose call of a tool comes first", sse(part(`{"functionCall":{"name":"find","args":{}}}`, "")+model, part(`{"functionCall":{"name":"find","args":{"q":"x"}}}`, "")+model, last), 1, spent),
		stream("stream with reasoning in the output", sse(text, included), 0,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 20, otelmetrics.TokensOutput: 7, otelmetrics.TokensCacheRead: 16, otelmetrics.TokensReasoning: 5}), Model: "gemini-2.5-flash", Finish: otelmetrics.FinishStop}),
		stream("stream that is blocked", sse(filtered), -1, blocked),
		stream("error in an event", sse(text, `{"error":{"code":503,"message":"The model is overloaded","status":"UNAVAILABLE"}}`), 0, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 20, otelmetrics.TokensOutput: 3}), Model: "gemini-2.5-flash", Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable,
		}),
		inArray("one array in parts", array(early, text, last), 0, spent),
		func() sample { // no stream, so it has no first token
			s := inArray("one array of a stated length", []string{strings.Join(array(early, text, last), "")}, -1, spent)
			s.header.Set("Content-Length", strconv.Itoa(len(s.parts[0])))
			s.want.Whole = true
			return s
		}(),
		inArray("error in an array", array(failure), -1, failed(otelmetrics.ErrorRateLimit)),
		{"cut", eventStream(), sse(early, text), 0, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 20, otelmetrics.TokensOutput: 3}), Model: "gemini-2.5-flash", Content: true, Cut: true,
		}},
		{"an array that is cut", jsonBody(), array(early)[:1], 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 20}), Model: "gemini-2.5-flash", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
