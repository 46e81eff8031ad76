package answer

import (
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func azure() []sample {
	const filter = `{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}`
	scored := chunk(`{"content_filter_offsets":{"start":0,"end":5},"content_filter_results":{"hate":{"severity":"safe"}},"finish_reason":null,"index":0}`, "")
	filtered := chunk(delta(`{}`, `"content_filter"`), `,"usage":null`)
	return []sample{
		whole("whole", `{"object":"chat.completion","model":"gpt-5-mini","prompt_filter_results":[],"choices":[{"index":0,"message":{"content":"x"},"content_filter_results":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 2, otelmetrics.TokensOutput: 1}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Ended: true}),
		whole("error of the filter", `{"error":{"message":"x","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`, failed(otelmetrics.ErrorInvalidInput)),
		whole("error by number", `{"error":{"code":"429","message":"Requests have exceeded the call rate limit"}}`, failed(otelmetrics.ErrorRateLimit)),
		whole("error by status beside", `{"statusCode":401,"error":"Access denied"}`, failed(otelmetrics.ErrorOther)),
		stream("stream", sse(filter, chatRole, chatText, scored, chatStop, chatUsage, "[DONE]"), 2, chatSpent),
		stream("stream that is filtered", sse(filter, chatRole, filtered, "[DONE]"), -1, finished(chatSilent, otelmetrics.FinishContentFilter)),
	}
}

func deepSeek() []sample {
	const usage = `,"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36,"completion_tokens_details":{"reasoning_tokens":12}}`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 20, otelmetrics.TokensCacheRead: 64, otelmetrics.TokensReasoning: 12}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}
	ended := spent
	ended.Ended = true
	body := `{"object":"chat.completion","model":"gpt-5-mini","choices":[{"index":0,"message":{"content":"x","reasoning_content":"y"},"finish_reason":"stop"}]` + usage + `}`
	return []sample{
		whole("whole", body, ended),
		whole("whole after blank lines", strings.Repeat("\n", 5000)+body, ended),
		whole("error", `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`, failed(otelmetrics.ErrorInvalidInput)),
		stream("stream", append([]string{": keep-alive\n\n"}, sse(chatRole, chunk(delta(`{"content":null,"reasoning_content":"Hm"}`, "null"), ""), chatText, chunk(delta(`{"content":""}`, `"stop"`), usage), "[DONE]")...), 2, spent),
		stream("stream that was interrupted", sse(chatText, chunk(delta(`{}`, `"insufficient_system_resource"`), ""), "[DONE]"), 0,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable}),
	}
}

func groq() []sample {
	const usage = `{"queue_time":0.1,"prompt_tokens":19,"prompt_time":0.001,"completion_tokens":10,"total_tokens":29,"completion_time":0.02,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":4}}`
	stop := chunk(delta(`{}`, `"stop"`), `,"x_groq":{"id":"req_1","usage":`+usage+`}`)
	both := chunk(delta(`{}`, `"stop"`), `,"x_groq":{"id":"req_1","usage":`+usage+`},"usage":`+usage)
	return []sample{
		stream("stream", sse(chunk(delta(`{"role":"assistant","content":""}`, "null"), `,"x_groq":{"id":"req_1"}`), chatText, stop, "[DONE]"), 1, chatSpent),
		stream("stream that states it twice", sse(chatText, both, "[DONE]"), 0, chatSpent),
		stream("error in the vendor's member", sse(chatText, chunk("", `,"x_groq":{"id":"req_1","error":"over capacity"}`)), 0,
			Report{Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		whole("error", `{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}`, failed(otelmetrics.ErrorRateLimit)),
	}
}

func mistral() []sample {
	parts := chunk(delta(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}]}`, "null"), `,"p":"abcdef"`)
	last := chunk(delta(`{"content":""}`, `"length"`), `,"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8}}`)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 10, otelmetrics.TokensCacheRead: 8}), Model: "gpt-5-mini", Finish: otelmetrics.FinishLength}
	return []sample{
		stream("stream", sse(chatRole, chatText, last, "[DONE]"), 1, spent),
		stream("thinking comes first", sse(chatRole, parts, chatText, last, "[DONE]"), 1, spent),
		whole("error", `{"object":"error","message":{"detail":[]},"type":"invalid_request_error","param":null,"code":null}`, failed(otelmetrics.ErrorInvalidInput)),
		stream("finish_reason error", sse(chatText, chunk(delta(`{}`, `"error"`), ""), "[DONE]"), 0,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
	}
}

func openRouter() []sample {
	const usage = `,"usage":{"prompt_tokens":194,"completion_tokens":2,"total_tokens":196,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":100,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"cost":0.00095,"is_byok":false,"cost_details":{"upstream_inference_cost":19}}`
	spent := Report{
		Tokens: stated(counts{otelmetrics.TokensInput: 194, otelmetrics.TokensOutput: 2, otelmetrics.TokensCacheRead: 0, otelmetrics.TokensCacheWrite: 100, otelmetrics.TokensReasoning: 0}), Cost: new(0.00095), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop,
	}
	ended := spent
	ended.Ended = true
	stop := chunk(delta(`{"role":"assistant","content":""}`, `"stop"`), "")
	return []sample{
		whole("whole", `{"id":"gen-1","provider":"OpenAI","object":"chat.completion","model":"gpt-5-mini","choices":[{"index":0,"native_finish_reason":"stop","finish_reason":"stop","message":{"content":"x"}}]`+usage+`}`, ended),
		whole("error in a choice", `{"object":"chat.completion","model":"gpt-5-mini","choices":[{"index":0,"finish_reason":"error","message":{"content":""},"error":{"code":502,"message":"Provider returned error","metadata":{}}}]}`,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable}),
		whole("error", `{"error":{"code":402,"message":"Insufficient credits"},"user_id":"u"}`, failed(otelmetrics.ErrorOther)),
		stream("stream", append([]string{": OPENROUTER PROCESSING\n\n", ": OPENROUTER PROCESSING\n\n"}, sse(chatRole, chatText, stop, chunk(delta(`{"role":"assistant","content":""}`, `"stop"`), usage), "[DONE]")...), 3, spent),
		stream("reasoning comes first", sse(chatRole, chunk(delta(`{"content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.summary","summary":"Hm","format":"x","index":0}]}`, "null"), ""), chatText, chunk(delta(`{}`, `"stop"`), usage), "[DONE]"), 1, spent),
		stream("error in a chunk", sse(chatText, chunk(delta(`{"content":""}`, `"error"`), `,"error":{"code":429,"message":"x"}`), "[DONE]"), 0,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
	}
}

func liteLLM() []sample {
	usage := strings.Replace(chatUsage, `"total_tokens":29`, `"total_tokens":29,"cost":"0.0012","cache_read_input_tokens":8,"cache_creation_input_tokens":0`, 1)
	spent := chatSpent
	spent.Tokens = stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 10, otelmetrics.TokensCacheRead: 8, otelmetrics.TokensCacheWrite: 0, otelmetrics.TokensReasoning: 4})
	spent.Cost = new(0.0012)
	byHeader := chatSpent
	byHeader.Cost = new(3.5e-05)
	inHeader := stream("cost in the header", sse(chatText, chatStop, chatUsage, "[DONE]"), 0, byHeader)
	inHeader.header = http.Header{"Content-Type": {"text/event-stream"}, "X-Litellm-Response-Cost": {"3.5e-05"}}
	none := stream("no cost in the header", sse(chatText, chatStop, chatUsage, "[DONE]"), 0, chatSpent)
	none.header = http.Header{"Content-Type": {"text/event-stream"}, "X-Litellm-Response-Cost": {"None"}}
	return []sample{
		stream("stream with the cost as a string", sse(chatRole, chatText, chatStop, usage, "[DONE]"), 1, spent),
		inHeader, none,
		whole("error", `{"error":{"message":"litellm.RateLimitError: x","type":"None","param":"None","code":"429"}}`, failed(otelmetrics.ErrorRateLimit)),
		stream("error in an event", sse(chatText, `{"error":{"message":"x","type":"throttling_error","param":null,"code":"429"}}`), 0,
			Report{Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
	}
}

func vLLM() []sample {
	with := func(chunk, usage string) string {
		return strings.Replace(strings.TrimSuffix(chunk, `,"usage":null}`), `"usage":null,`, "", 1) + `,"usage":` + usage + `}`
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 3}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}
	ownIDs := func(events ...string) []string {
		for i := range events {
			events[i] = strings.Replace(events[i], "chatcmpl-1", "chatcmpl-"+string(rune('a'+i)), 1)
		}
		return sse(append(events, "[DONE]")...)
	}
	one, two := with(chatText, `{"prompt_tokens":19,"completion_tokens":1}`), with(chatText, `{"prompt_tokens":19,"completion_tokens":2}`)
	three := with(chatStop, `{"prompt_tokens":19,"completion_tokens":3}`)
	return []sample{
		stream("continuous usage", sse(with(chatText, `{"prompt_tokens":19,"completion_tokens":0}`), one, two, three, chunk("", `,"usage":{"prompt_tokens":19,"total_tokens":22,"completion_tokens":3}`), "[DONE]"), 0, spent),
		stream("continuous usage, and an id for each chunk", ownIDs(one, two, three), 0, spent),
		whole("error", `{"error":{"message":"x","type":"BadRequestError","param":null,"code":400}}`, failed(otelmetrics.ErrorInvalidInput)),
		stream("error in an event", sse(one, `{"error":{"message":"x","type":"InternalServerError","param":null,"code":500}}`, "[DONE]"), 0,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 1}), Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		{"continuous usage, cut", eventStream(), sse(one, two), 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 2}), Model: "gpt-5-mini", Content: true, Cut: true}},
	}
}

func others() []sample {
	inChoice := chunk(`{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":19,"completion_tokens":13,"total_tokens":32,"cached_tokens":8}}`, "")
	return []sample{
		{
			"Snowflake: no end mark", eventStream(), sse(`{"id":"s","model":"mistral-7b","choices":[{"delta":{"content":""}}],"usage":{}}`,
				`{"id":"s","model":"mistral-7b","choices":[{"delta":{"type":"text","content":"Par","text":"Par"}}],"usage":{"prompt_tokens":57,"completion_tokens":1,"total_tokens":58}}`,
				`{"id":"s","model":"mistral-7b","choices":[{"delta":{"content":"is"}}],"usage":{"prompt_tokens":57,"completion_tokens":2,"total_tokens":59}}`), 1,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 57, otelmetrics.TokensOutput: 2}), Model: "mistral-7b", Content: true},
		},
		{
			"cut, by the index of its choices", eventStream(), sse(`{"id":"s","model":"m","choices":[{"index":0,"delta":{"content":"Par"}}]}`), 0,
			Report{Model: "m", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff},
		},
		stream("Moonshot: usage in a choice", sse(chatRole, chatText, inChoice, "[DONE]"), 1,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 19, otelmetrics.TokensOutput: 13, otelmetrics.TokensCacheRead: 8}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}),
		whole("xAI: reasoning beside the output", `{"object":"chat.completion","model":"grok-4","choices":[],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 32, otelmetrics.TokensOutput: 103, otelmetrics.TokensReasoning: 94}), Model: "grok-4"}),
		whole("Perplexity: an object of costs", `{"object":"chat.completion","model":"sonar","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":4,"cost":{"input_tokens_cost":1,"request_cost":5,"total_cost":0.006}}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 8, otelmetrics.TokensOutput: 4}), Cost: new(0.006), Model: "sonar"}),
		whole("DeepInfra: an estimated cost", `{"object":"chat.completion","model":"m","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":4,"estimated_cost":0.01}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 8, otelmetrics.TokensOutput: 4}), Cost: new(0.01), Model: "m"}),
		stream("Baidu: text in result", sse(`{"id":"x","object":"chat.completion","is_end":false,"result":"Par","usage":{"prompt_tokens":7,"completion_tokens":0}}`, `{"id":"x","object":"chat.completion","is_end":true,"result":"is","usage":{"prompt_tokens":7,"completion_tokens":2}}`), 0,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop}),
		stream("Zhipu: stopped by its filter", sse(chatText, chunk(delta(`{}`, `"sensitive"`), ""), "[DONE]"), 0, Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishContentFilter, Missing: otelmetrics.UsageNotStated}),
		stream("Zhipu: stopped by its network", sse(chatText, chunk(delta(`{}`, `"network_error"`), ""), "[DONE]"), 0,
			Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishError, Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable}),
		stream("an error in a delta", sse(chatRole, chunk(delta(`{"error":{"code":429,"message":"x"}}`, "null"), ""), "[DONE]"), -1, Report{Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("an end mark in small letters", sse(chatText, "[done]"), 0, Report{Model: "gpt-5-mini", Missing: otelmetrics.UsageNotStated}),
		whole("Cloudflare: errors", `{"result":null,"success":false,"errors":[{"code":10000,"message":"timeout"}],"messages":[]}`, failed(otelmetrics.ErrorPredictionFailed)),
	}
}
