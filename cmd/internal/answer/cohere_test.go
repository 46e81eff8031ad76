package answer

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func cohere1() []sample {
	unstated := Report{Missing: otelmetrics.UsageNotStated}
	const meta = `"meta":{"api_version":{"version":"1"},"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":70,"output_tokens":9}}`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 5, otelmetrics.TokensOutput: 7}), Finish: otelmetrics.FinishStop}
	const (
		start = `{"is_finished":false,"event_type":"stream-start","generation_id":"g"}`
		empty = `{"is_finished":false,"event_type":"text-generation","text":""}`
		text  = `{"is_finished":false,"event_type":"text-generation","text":"Paris"}`
		last  = `{"is_finished":true,"event_type":"stream-end","response":{"text":"Paris","generation_id":"g",` + meta + `},"finish_reason":"COMPLETE"}`
	)
	lines := stream("stream", ndjson(start, empty, text, last), 2, spent)
	lines.header = header("application/stream+json")
	return []sample{
		whole("whole", `{"text":"Paris","generation_id":"g","finish_reason":"MAX_TOKENS",`+meta+`}`, finished(spent, otelmetrics.FinishLength)),
		whole("embeddings", `{"id":"e","embeddings":[[0.1]],"texts":["x"],"meta":{"api_version":{"version":"1"},"billed_units":{"input_tokens":3}},"response_type":"embeddings_floats"}`, Report{Tokens: stated(counts{otelmetrics.TokensInput: 3})}),
		whole("search", `{"id":"r","results":[{"index":3,"relevance_score":0.99}],"meta":{"api_version":{"version":"1"},"billed_units":{"search_units":1}}}`, unstated),
		whole("classification", `{"id":"c","classifications":[{"prediction":"spam","confidence":0.9}],"meta":{"api_version":{"version":"1"},"billed_units":{"classifications":1}}}`, unstated),
		lines,
		stream("stream of events", sse(start, text, last), 1, spent),
		stream("error by its finish_reason", sse(start, text, strings.Replace(last, "COMPLETE", "ERROR", 1)), 1,
			Report{Tokens: spent.Tokens, Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		{"cut", header("application/stream+json"), ndjson(start, text), 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}

func cohere2() []sample {
	const usage = `"usage":{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":70,"output_tokens":9},"cached_tokens":2}`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 5, otelmetrics.TokensOutput: 7, otelmetrics.TokensCacheRead: 2}), Finish: otelmetrics.FinishStop}
	const (
		start = `{"type":"message-start","id":"m","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}`
		block = `{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}`
		text  = `{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Paris"}}}}`
		plan  = `{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I"}}}`
		call  = `{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","type":"function","function":{"name":"find","arguments":""}}}}}`
		tool  = `{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{"}}}}}`
		end   = `{"type":"content-end","index":0}`
		last  = `{"type":"message-end","delta":{"finish_reason":"COMPLETE",` + usage + `}}`
	)
	return []sample{
		whole("whole", `{"id":"m","message":{"role":"assistant","content":[{"type":"text","text":"Paris"}]},"finish_reason":"COMPLETE",`+usage+`}`, spent),
		whole("search", `{"results":[{"index":3,"relevance_score":0.99}],"id":"r","meta":{"api_version":{"version":"2","is_experimental":false},"billed_units":{"search_units":1},"warnings":[]}}`,
			Report{Missing: otelmetrics.UsageNotStated}),
		whole("embeddings of images", `{"id":"e","embeddings":{"float":[[0.1]]},"texts":[],"meta":{"api_version":{"version":"2"},"billed_units":{"images":1}},"response_type":"embeddings_by_type"}`,
			Report{Missing: otelmetrics.UsageNotStated}),
		whole("error", `{"id":"m","message":{"role":"assistant","content":[]},"finish_reason":"ERROR"}`, Report{Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		stream("stream", typed(start, block, text, end, last), 2, spent),
		stream("stream without names of events", sse(start, block, text, end, last), 2, spent),
		stream("a tool's plan comes first", typed(start, plan, call, tool, strings.Replace(last, "COMPLETE", "TOOL_CALL", 1)), 1, finished(spent, otelmetrics.FinishToolCalls)),
		stream("a tool's argument comes first", typed(start, call, tool, strings.Replace(last, "COMPLETE", "TOOL_CALL", 1)), 2, finished(spent, otelmetrics.FinishToolCalls)),
		stream("error by its finish_reason", typed(start, block, text, `{"type":"message-end","delta":{"error":"x","finish_reason":"TIMEOUT"}}`), 2,
			Report{Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorTimeout}),
		{"cut", eventStream(), typed(start, block, text), 2, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
