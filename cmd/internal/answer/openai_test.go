package answer

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// chunk is one of a chat completion, with its choices and what else it has.
func chunk(choices, rest string) string {
	return `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-mini","system_fingerprint":"fp","choices":[` + choices + `]` + rest + `}`
}

func delta(delta, finish string) string {
	return `{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` + finish + `}`
}

var (
	chatRole  = chunk(delta(`{"role":"assistant","content":"","refusal":null}`, "null"), `,"usage":null,"obfuscation":"Ab3"`)
	chatText  = chunk(delta(`{"content":"Paris"}`, "null"), `,"usage":null`)
	chatStop  = chunk(delta(`{}`, `"stop"`), `,"usage":null`)
	chatUsage = chunk("", `,"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0}}`)
	chatSpent = Report{
		Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 10, otelmetrics.TokensCacheRead: 8, otelmetrics.TokensReasoning: 4}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop,
	}
	chatSilent = Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Missing: otelmetrics.UsageNotStated}
)

func finished(r Report, reason otelmetrics.FinishReason) Report {
	r.Finish = reason
	return r
}

func openAIChat() []sample {
	ended := chatSpent
	ended.Ended = true
	silent := chatSilent
	silent.Finish = otelmetrics.FinishToolCalls
	const toolName = `{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"find","arguments":""}}]}`
	const toolArgument = `{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\""}}]}`
	return []sample{
		whole("whole", `{"id":"c","object":"chat.completion","created":1,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant",
			"content":"{\"usage\":{\"prompt_tokens\":7}} \"error\": finish_reason","refusal":null},"finish_reason":"stop"}],
			"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8},
			"completion_tokens_details":{"reasoning_tokens":4,"accepted_prediction_tokens":0}},"service_tier":"default"}`, byTier(ended, "default")),
		whole("whole without usage", `{"object":"chat.completion","model":"m","choices":[],"usage":null}`, Report{Model: "m", Missing: otelmetrics.UsageNotStated}),
		whole("error", `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, failed(otelmetrics.ErrorRateLimit)),
		whole("error of the context's length", `{"error":{"message":"timeout","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, failed(otelmetrics.ErrorInvalidInput)),
		whole("error of the key", `{"error":{"type":"invalid_request_error","code":"invalid_api_key"}}`, failed(otelmetrics.ErrorOther)),
		whole("error of the server", `{"error":{"type":"server_error","code":null}}`, failed(otelmetrics.ErrorPredictionFailed)),
		stream("stream", sse(chatRole, chatText, chatStop, chatUsage, "[DONE]"), 1, chatSpent),
		stream("stream without usage", sse(chatRole, chatText, chatStop, "[DONE]"), 1, chatSilent),
		stream("[DONE] without a space", append(sse(chatRole, chatText, chatUsage), "data:[DONE]\n\n"), 1, finished(chatSpent, "")),
		stream("[DONE] without an empty line", append(sse(chatRole, chatText, chatUsage), "data: [DONE]"), 1, finished(chatSpent, "")),
		stream("lines that end in CR LF", strings.SplitAfter(strings.ReplaceAll(strings.Join(sse(chatRole, chatText, chatStop, chatUsage, "[DONE]"), ""), "\n", "\r\n"), "\r\n\r\n")[:5], 1, chatSpent),
		stream("data over several lines", sse(chatRole, strings.ReplaceAll(chatText, `,"model"`, ",\ndata: \"model\""), chatStop, chatUsage, "[DONE]"), 1, chatSpent),
		stream("comments, blank lines and a mark", append([]string{"\ufeff: OPENROUTER PROCESSING\n\n", "\n\n", "data:\n\n"}, sse(chatRole, chatText, chatStop, chatUsage, "[DONE]")...), 4, chatSpent),
		stream("the finish_reason is all there is of an end", sse(chatRole, chatText, chatUsage, chatStop), 1, chatSpent),
		stream("two choices", sse(chatText, strings.ReplaceAll(chatText, `"index":0`, `"index":1`), chatStop, strings.ReplaceAll(chatStop, `"index":0`, `"index":1`), chatUsage), 0, chatSpent),
		{"one of two choices is over", eventStream(), sse(chatText, strings.ReplaceAll(chatText, `"index":0`, `"index":1`), chatStop, chatUsage), 0, Report{
			Tokens: chatSpent.Tokens, Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Content: true, Cut: true,
		}},
		stream("reasoning comes first", sse(chatRole, chunk(delta(`{"content":null,"reasoning_content":"Hm"}`, "null"), ""), chatText, chatStop, chatUsage, "[DONE]"), 1, chatSpent),
		stream("a tool's argument comes first", sse(chatRole, chunk(delta(toolName, "null"), ""), chunk(delta(toolArgument, "null"), ""), chunk(delta(`{}`, `"tool_calls"`), ""), "[DONE]"), 2, silent),
		stream("a refusal comes first", sse(chatRole, chunk(delta(`{"refusal":"I"}`, "null"), ""), chatStop, chatUsage, "[DONE]"), 1, chatSpent),
		stream("audio comes first", sse(chatRole, chunk(delta(`{"audio":{"id":"audio_1","expires_at":1}}`, "null"), ""), chunk(delta(`{"audio":{"data":"UklG"}}`, "null"), ""), chatStop, chatUsage, "[DONE]"), 2, chatSpent),
		stream("no content", sse(chatRole, chunk(delta(`{"content":null,"tool_calls":[]}`, "null"), ""), chatStop, chatUsage, "[DONE]"), -1, chatSpent),
		stream("text that looks like a statement", sse(chunk(delta(`{"content":"\"usage\":{\"prompt_tokens\":7},\"error\":{}, [DONE] \\"}`, "null"), ""), chatStop, chatUsage, "[DONE]"), 0, chatSpent),
		stream("error in an event", sse(chatRole, chatText, `{"error":{"message":"The server is overloaded","type":"server_error","code":"rate_limit_exceeded"}}`), 1,
			Report{Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("error only", sse(`{"error":{"message":"x","type":"requests","code":429}}`, "[DONE]"), -1, failed(otelmetrics.ErrorRateLimit)),
		stream("an error that is none", sse(chunk(delta(`{"content":"Paris"}`, "null"), `,"error":null`), strings.ReplaceAll(chatStop, `"usage":null`, `"error":{},"errors":[]`), chatUsage, "[DONE]"), 0, chatSpent),
		stream("an event of nothing after the mark", append(sse(chatText, chatStop, chatUsage, "[DONE]"), `data: {"error":"late"}`+"\n\n"), 0, chatSpent),
		{"cut", eventStream(), sse(chatRole, chatText), 1, Report{Model: "gpt-5-mini", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
		{"cut in an event", eventStream(), []string{"data: " + chatText + "\n\n", "data: " + chatStop[:50]}, 0, Report{Model: "gpt-5-mini", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}

func openAICompletions() []sample {
	const begin = `{"id":"cmpl-1","object":"text_completion","model":"davinci","choices":[{"index":0,"logprobs":null,`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 3, otelmetrics.TokensOutput: 2}), Model: "davinci", Finish: otelmetrics.FinishLength}
	ended := spent
	ended.Ended = true
	return []sample{
		whole("whole", begin+`"text":"Hi","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, ended),
		stream("stream", sse(begin+`"text":"","finish_reason":null}]}`, begin+`"text":"Hi","finish_reason":null}]}`, begin+`"text":"","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, "[DONE]"), 1, spent),
		stream("error", sse(begin+`"text":"Hi","finish_reason":null}]}`, `{"error":{"type":"invalid_request_error"}}`), 0,
			Report{Model: "davinci", Failed: true, ErrorType: otelmetrics.ErrorInvalidInput}),
	}
}

func openAIEmbeddings() []sample {
	return []sample{
		whole("whole", `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 8}), Model: "text-embedding-3-small"}),
		whole("whole with a total only (Voyage)", `{"object":"list","data":[{"embedding":"AACA"}],"model":"voyage-3","usage":{"total_tokens":10}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 10}), Model: "voyage-3"}),
		whole("error", `{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}`, failed(otelmetrics.ErrorInvalidInput)),
	}
}
