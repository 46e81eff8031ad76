package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func yandex() []sample {
	event := func(text, status, output string) string {
		return `{"result":{"alternatives":[{"message":{"role":"assistant","text":"` + text + `"},"status":"ALTERNATIVE_STATUS_` + status +
			`"}],"usage":{"inputTextTokens":"19","completionTokens":"` + output + `","totalTokens":"25","completionTokensDetails":{"reasoningTokens":"0"}},"modelVersion":"23.10.2024"}}`
	}
	spent := func(output int64, finish otelmetrics.FinishReason) Report {
		return Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: output, otelmetrics.TokensReasoning: 0}), Finish: finish}
	}
	ended := func(r Report) Report { r.Ended = true; return r }
	lines := stream("stream", ndjson(event("", "PARTIAL", "0"), event("Par", "PARTIAL", "1"), event("Paris", "FINAL", "6")), 1, spent(6, otelmetrics.FinishStop))
	lines.header = jsonBody()
	cut := spent(1, "")
	cut.Content, cut.Cut = true, true
	return []sample{
		whole("whole", event("Paris", "FINAL", "6"), ended(spent(6, otelmetrics.FinishStop))),
		whole("truncated", event("Par", "TRUNCATED_FINAL", "6"), ended(spent(6, otelmetrics.FinishLength))),
		whole("filtered", event("", "CONTENT_FILTER", "6"), ended(spent(6, otelmetrics.FinishContentFilter))),
		whole("a call of a tool", event("", "TOOL_CALLS", "6"), ended(spent(6, otelmetrics.FinishToolCalls))),
		whole("error", `{"error":{"grpcCode":8,"httpCode":429,"message":"x","httpStatus":"Too Many Requests"}}`, failed(otelmetrics.ErrorPredictionFailed)),
		lines,
		{"cut", jsonBody(), ndjson(event("Par", "PARTIAL", "1")), 0, cut},
	}
}
