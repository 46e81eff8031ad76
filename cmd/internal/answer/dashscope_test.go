package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func dashScope() []sample {
	event := func(text, finish, output string) string {
		return "id:1\nevent:result\n:HTTP_STATUS/200\n" + `data:{"output":{"choices":[{"message":{"content":"` + text + `","role":"assistant"},"finish_reason":"` + finish +
			`"}]},"usage":{"total_tokens":9,"output_tokens":` + output + `,"input_tokens":7},"request_id":"r"}` + "\n\n"
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop}
	ended := spent
	ended.Ended = true
	throttled := "id:1\nevent:error\n:HTTP_STATUS/429\n" + `data:{"code":"Throttling.RateQuota","message":"x","request_id":"r"}` + "\n\n"
	return []sample{
		whole("whole", `{"output":{"text":"Paris","finish_reason":"stop"},"usage":{"total_tokens":9,"output_tokens":2,"input_tokens":7},"request_id":"r"}`, ended),
		stream("stream", []string{event("", "null", "0"), event("Par", "null", "1"), event("Paris", "stop", "2")}, 1, spent),
		stream("error", []string{event("Par", "null", "1"), throttled}, 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 1}), Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("error only", []string{"event:error\ndata:{\"code\":\"InvalidParameter\",\"message\":\"x\"}\n\n"}, -1, failed(otelmetrics.ErrorInvalidInput)),
		stream("the text null is no finish_reason of OpenAI's either", sse(chunk(`{"index":0,"delta":{"content":"Hi"},"finish_reason":"null"}`, ""), chatStop, "[DONE]"), 0,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Missing: otelmetrics.UsageNotStated}),
		{"cut", eventStream(), []string{event("Par", "null", "1")}, 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 1}), Content: true, Cut: true}},
	}
}
