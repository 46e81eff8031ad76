package answer

import (
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func envelopes() []sample {
	const body = `{"object":"chat.completion","model":"gpt-5-mini","choices":[{"index":0,"message":{"content":"Paris"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Ended: true}
	const usage = `{"prompt_tokens":7,"completion_tokens":2}`
	bare := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2})}
	return []sample{
		whole("in data", `{"code":0,"msg":"ok","data":`+body+`}`, spent),
		whole("in result", `{"success":true,"errors":[],"messages":[],"result":`+body+`}`, spent),
		whole("in a body that is text, as of AWS Lambda's proxies", `{"statusCode":200,"headers":{},"body":`+strconv.Quote(body)+`}`, spent),
		whole("Cloudflare's own shape", `{"result":{"response":"Paris","usage":`+usage+`},"success":true,"errors":[],"messages":[]}`, bare),
		whole("Tencent's, whose names begin with capital letters", `{"Response":{"RequestId":"r","Choices":[{"Message":{"Content":"Paris"}}],"Usage":{"PromptTokens":7,"CompletionTokens":2,"TotalTokens":9}}}`, bare),
		whole("in Oracle's chatResponse", `{"modelId":"m","chatResponse":{"text":"Paris","finishReason":"COMPLETE","usage":{"promptTokens":7,"completionTokens":2}}}`, bare),
		whole("in the output of LangServe", `{"output":{"content":"Paris","type":"ai","usage_metadata":{"input_tokens":7,"output_tokens":2,"total_tokens":9}},"metadata":{"run_id":"r"}}`, bare),
		whole("usage of Dify's metadata", `{"event":"message","answer":"Paris","metadata":{"usage":`+usage+`}}`, bare),
		stream("events of AG-UI", sse(`{"type":"RUN_STARTED","runId":"r"}`, `{"type":"TEXT_MESSAGE_CONTENT","delta":"Paris"}`, `{"type":"RUN_FINISHED","runId":"r"}`), 1, Report{Missing: otelmetrics.UsageNotStated}),
		stream("events of a conversation", typed(`{"type":"conversation.response.started","conversation_id":"c"}`, `{"type":"message.output.delta","content":"Paris"}`, `{"type":"conversation.response.done","usage":`+usage+`}`), 1, bare),
		stream("a stream that is completed", []string{"data: Paris\n\n", "event: prediction_completed\ndata: {\"id\":7}\n\n"}, 0, Report{Missing: otelmetrics.UsageNotStated}),
		{"a step that is done is a part", eventStream(), sse(`{"type":"step.done","text":"Paris"}`), 0, Report{Content: true, Missing: otelmetrics.UsageNotStated}},
		whole("usage by DSPy's name", `{"answer":"Paris","lm_usage":{"m":`+usage+`}}`, Report{Tokens: bare.Tokens, Models: []Spending{{Model: "m", Tokens: bare.Tokens}}}),
		whole("usage of LangChain's metadata", `{"content":"Paris","response_metadata":{"token_usage":`+usage+`}}`, bare),
		whole("usage of Haystack's replies", `{"replies":["Paris","Rome"],"meta":[{"model":"m","index":0,"finish_reason":"stop","usage":`+usage+`},{"model":"m","index":1,"finish_reason":"stop","usage":`+usage+`}]}`,
			Report{Tokens: bare.Tokens, Model: "m"}),
		whole("metrics of Replicate", `{"id":"p","status":"succeeded","output":["Par","is"],"error":null,"metrics":{"input_token_count":7,"output_token_count":2}}`, bare),
		{"chunks of LangChain", eventStream(), sse(`{"type":"AIMessageChunk","content":""}`, `{"type":"AIMessageChunk","content":"Paris"}`,
			`{"type":"AIMessageChunk","content":"","usage_metadata":{"input_tokens":7,"output_tokens":2,"total_tokens":9,"input_token_details":{"cache_read":3},"output_token_details":{"reasoning":1}}}`), 1, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2, otelmetrics.TokensCacheRead: 3, otelmetrics.TokensReasoning: 1}), Content: true,
		}},
		stream("names of the AI SDK", sse(chatText, strings.Replace(chatStop, `"usage":null`, `"usage":{"promptTokens":7,"completionTokens":2}`, 1), "[DONE]"), 0,
			Report{Tokens: bare.Tokens, Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}),
		stream("events of the AI SDK", sse(`{"type":"start","messageId":"m"}`, `{"type":"tool-input-start","toolCallId":"c"}`, `{"type":"text-delta","id":"0","delta":"Paris"}`, `{"type":"finish"}`, "[DONE]"), 2, Report{Missing: otelmetrics.UsageNotStated}),
		stream("a server without empty lines", []string{"data: " + chatRole + "\n", "data: " + chatText + "\n", "data: " + chatStop + "\n", "data: " + chatUsage + "\n", "data: [DONE]\n"}, 2, chatSpent),
		whole("an error that its members name", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"x"}`, failed(otelmetrics.ErrorRateLimit)),
		whole("an error of AWS Lambda", `{"errorMessage":"x","errorType":"Sandbox.Timedout","stackTrace":[]}`, failed(otelmetrics.ErrorTimeout)),
		whole("an error of a proxy of Lambda", `{"statusCode":503,"headers":{},"body":"{}"}`, failed(otelmetrics.ErrorUpstreamUnavailable)),
		whole("an error of AWS", `{"__type":"com.amazon.coral.service#ThrottlingException","message":"x"}`, failed(otelmetrics.ErrorRateLimit)),
		whole("an error of AWS inside of Output", `{"Output":{"__type":"com.amazon.coral.service#ThrottlingException","message":"x"},"Version":"1.0"}`, failed(otelmetrics.ErrorRateLimit)),
		whole("an error of AWS inside of a result", `{"result":{"__type":"ValidationException","Message":"x"},"requestId":"r"}`, failed(otelmetrics.ErrorInvalidInput)),
		whole("an error of AWS of any type", `{"Response":{"__type":"InternalFailure","message":"x"}}`, failed(otelmetrics.ErrorPredictionFailed)),
		whole("an error of AWS' query protocol", `{"ErrorResponse":{"Error":{"Code":"Throttling","Message":"x","Type":"Sender"},"RequestId":"r"}}`, failed(otelmetrics.ErrorRateLimit)),
		whole("a type that is a part of an answer", `{"Output":{"__type":"com.example#City","name":"Paris","country":"France"},"Version":"1.0"}`, Report{Missing: otelmetrics.UsageNotStated}),
		whole("an error of Tencent", `{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"x"},"RequestId":"r"}}`, failed(otelmetrics.ErrorRateLimit)),
		whole("an error of MiniMax", `{"choices":null,"base_resp":{"status_code":1004,"status_msg":"x"}}`, failed(otelmetrics.ErrorPredictionFailed)),
		whole("an error of Baidu", `{"error_code":336003,"error_msg":"x","id":"y"}`, failed(otelmetrics.ErrorPredictionFailed)),
		whole("a problem", `{"type":"about:blank","title":"x","status":429,"detail":"y"}`, failed(otelmetrics.ErrorRateLimit)),
		whole("no success", `{"success":false,"message":"x"}`, failed(otelmetrics.ErrorPredictionFailed)),
		whole("an error of GraphQL", `{"data":null,"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}`, failed(otelmetrics.ErrorOther)),
		whole("an error beside its message", `{"error":"Too Many Requests","message":"x","statusCode":429}`, failed(otelmetrics.ErrorRateLimit)),
		whole("words of an error in an answer", `{"answer":"Paris","error_code":"rate_limit","status":"failed","success":false,"message":"x"}`, Report{Missing: otelmetrics.UsageNotStated}),
		whole("a code that is none", `{"error_code":0,"error_msg":"","code":200,"message":"ok"}`, Report{Missing: otelmetrics.UsageNotStated}),
		stream("an error by the type of its event", sse(`{"type":"RUN_STARTED","threadId":"t","runId":"r"}`, `{"type":"RUN_ERROR","message":"x","code":"rate_limit"}`), -1, failed(otelmetrics.ErrorRateLimit)),
		stream("an error by a member", sse(`{"event":"error","status":400,"code":"invalid_param","message":"x"}`), -1, failed(otelmetrics.ErrorInvalidInput)),
		stream("an error of a kind", []string{"event: metadata\ndata: {\"run_id\":\"r\"}\n\n", "event: error\ndata: {\"error\":\"TimeoutError\",\"message\":\"x\"}\n\n"}, -1, failed(otelmetrics.ErrorTimeout)),
		stream("a part that failed", typed(`{"type":"response.mcp_call.failed","item_id":"i"}`, `{"type":"response.output_text.delta","delta":"Paris"}`, `{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":7,"output_tokens":2}}}`), 1,
			Report{Tokens: bare.Tokens, Finish: otelmetrics.FinishStop}),
	}
}
