package answer

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func response(status, rest string) string {
	return `{"id":"resp_1","object":"response","created_at":1,"status":"` + status + `","error":null,"instructions":"` + strings.Repeat("Be short. ", 50) + `","model":"gpt-5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Paris"}]}]` + rest + `}`
}

const responseUsage = `,"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":80},"total_tokens":123}`

func responses() []sample {
	created := `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"instructions":"Be short","model":"gpt-5","output":[],"usage":null}}`
	begun := []string{
		created, strings.ReplaceAll(created, "created", "in_progress"),
		`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"}}`,
		`{"type":"response.content_part.added","item_id":"msg_1","part":{"type":"output_text","annotations":[],"text":""}}`,
	}
	text := `{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Paris","logprobs":[],"obfuscation":"x9"}`
	event := func(kind, response string) string {
		return `{"type":"response.` + kind + `","sequence_number":9,"response":` + response + `}`
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 36, otelmetrics.TokensOutput: 87, otelmetrics.TokensCacheRead: 30, otelmetrics.TokensReasoning: 80}), Model: "gpt-5", Finish: otelmetrics.FinishStop}
	all := func(last ...string) []string { return typed(append(append(begun[:4:4], text), last...)...) }
	return []sample{
		whole("whole", response("completed", responseUsage), spent),
		whole("whole and incomplete", response("incomplete", `,"incomplete_details":{"reason":"max_output_tokens"}`+responseUsage), finished(spent, otelmetrics.FinishLength)),
		whole("whole with a call of a tool", strings.ReplaceAll(response("completed", responseUsage), `"type":"message"`, `"type":"function_call"`), finished(spent, otelmetrics.FinishToolCalls)),
		whole("failed", strings.Replace(response("failed", ""), `"error":null`, `"error":{"code":"rate_limit_exceeded","message":"x"}`, 1), Report{Model: "gpt-5", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("stream", all(event("completed", response("completed", responseUsage))), 4, spent),
		stream("stream without names of events", sse(append(append(begun[:4:4], text), event("completed", response("completed", responseUsage)))...), 4, spent),
		stream("incomplete is a success", all(event("incomplete", response("incomplete", `,"incomplete_details":{"reason":"content_filter"}`+responseUsage))), 4, finished(spent, otelmetrics.FinishContentFilter)),
		stream("reasoning comes first", typed(created, `{"type":"response.reasoning_summary_text.delta","delta":"Hm"}`, text, event("completed", response("completed", responseUsage))), 1, spent),
		stream("a tool's argument comes first", typed(created, `{"type":"response.function_call_arguments.delta","item_id":"fc_1","delta":""}`, `{"type":"response.function_call_arguments.delta","item_id":"fc_1","delta":"{"}`, event("completed", response("completed", responseUsage))), 2, spent),
		stream("failed event", all(event("failed", `{"object":"response","status":"failed","model":"gpt-5","error":{"code":"server_error","message":"rate_limit"},"usage":null}`)), 4,
			Report{Model: "gpt-5", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		stream("failed event that spent tokens", all(event("failed", strings.Replace(response("failed", responseUsage), `"error":null`, `"error":{"code":"context_length_exceeded"}`, 1))), 4,
			Report{Tokens: spent.Tokens, Model: "gpt-5", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorInvalidInput}),
		stream("error event", typed(created, `{"type":"error","code":"rate_limit_exceeded","message":"x","param":null,"sequence_number":3}`), -1, failed(otelmetrics.ErrorRateLimit)),
		{"cut", eventStream(), typed(append(begun[:4:4], text)...), 4, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
