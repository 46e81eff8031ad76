package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func interactions() []sample {
	const (
		start = "event: interaction.start\n" + `data: {"event_type":"interaction.start","interaction":{"id":"i","object":"interaction","status":"in_progress","model":"gemini"}}` + "\n\n"
		begin = "event: content.start\n" + `data: {"event_type":"content.start","index":0,"content":{"type":"text"}}` + "\n\n"
		text  = "event: content.delta\n" + `data: {"event_type":"content.delta","index":0,"delta":{"type":"text","text":"Paris"}}` + "\n\n"
		usage = `"usage":{"total_input_tokens":7,"total_output_tokens":2,"total_thought_tokens":4,"total_cached_tokens":3,"total_tokens":13}`
		last  = "event: interaction.complete\n" + `data: {"event_type":"interaction.complete","interaction":{"id":"i","status":"completed",` + usage + `}}` + "\n\n"
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 6, otelmetrics.TokensCacheRead: 3, otelmetrics.TokensReasoning: 4}), Model: "gemini", Finish: otelmetrics.FinishStop}
	return []sample{
		whole("whole", `{"id":"i","object":"interaction","status":"completed","model":"gemini","outputs":[{"type":"text","text":"Paris"}],`+usage+`}`, spent),
		whole("whole and failed", `{"id":"i","object":"interaction","status":"failed","model":"gemini","error":{"code":429}}`, Report{Model: "gemini", Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("stream", []string{start, begin, text, last}, 2, spent),
		{"cut", eventStream(), []string{start, begin, text}, 2, Report{Model: "gemini", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
