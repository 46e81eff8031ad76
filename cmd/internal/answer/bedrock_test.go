package answer

import (
	"bytes"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// frame encodes a message of AWS, with its header as pairs of name and value.
func frame(payload string, header ...string) string {
	message := eventstream.Message{Payload: []byte(payload)}
	for i := 0; i < len(header); i += 2 {
		message.Headers.Set(header[i], eventstream.StringValue(header[i+1]))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, message); err != nil {
		panic(err)
	}
	return b.String()
}

func awsEvent(kind, payload string) string {
	return frame(payload, ":event-type", kind, ":content-type", "application/json", ":message-type", "event")
}

func awsException(kind, payload string) string {
	return frame(payload, ":exception-type", kind, ":content-type", "application/json", ":message-type", "exception")
}

func bedrock() []sample {
	start := awsEvent("messageStart", `{"p":"abcd","role":"assistant"}`)
	empty := awsEvent("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":""},"p":"abc"}`)
	text := awsEvent("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"Paris"},"p":"abc"}`)
	reasoning := awsEvent("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}},"p":"abc"}`)
	toolStart := awsEvent("contentBlockStart", `{"contentBlockIndex":0,"start":{"toolUse":{"name":"find","toolUseId":"t"}}}`)
	tool := awsEvent("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"q\""}}}`)
	end := awsEvent("contentBlockStop", `{"contentBlockIndex":0,"p":"abcdef"}`)
	stop := awsEvent("messageStop", `{"p":"a","stopReason":"end_turn"}`)
	metadata := awsEvent("metadata", `{"metrics":{"latencyMs":800},"p":"ab","usage":{"inputTokens":10,"outputTokens":15,"totalTokens":115,"cacheReadInputTokens":60,"cacheWriteInputTokens":30}}`)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 15, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30}), Finish: otelmetrics.FinishStop}
	frames := func(name string, first int, want Report, parts ...string) sample {
		s := stream(name, parts, first, want)
		s.header = header("application/vnd.amazon.eventstream")
		return s
	}
	invoked := func(text string) string {
		return awsEvent("chunk", `{"bytes":"`+base64.StdEncoding.EncodeToString([]byte(text))+`","p":"abc"}`)
	}
	broken := []byte(text)
	broken[20] ^= 1
	byHeader := whole("usage in the header", `{"generation":"Paris","stop_reason":"stop"}`, Report{Tokens: stated(counts{otelmetrics.TokensInput: 13, otelmetrics.TokensOutput: 5, otelmetrics.TokensCacheRead: 3})})
	byHeader.header = jsonBody()
	byHeader.header.Set("X-Amzn-Bedrock-Input-Token-Count", "10")
	byHeader.header.Set("X-Amzn-Bedrock-Output-Token-Count", "5")
	byHeader.header.Set("X-Amzn-Bedrock-Cache-Read-Input-Token-Count", "3")
	return []sample{
		whole("whole", `{"metrics":{"latencyMs":1},"output":{"message":{"role":"assistant","content":[{"text":"Paris"}]}},"stopReason":"end_turn","usage":{"inputTokens":10,"outputTokens":15,"totalTokens":115,"cacheReadInputTokens":60,"cacheWriteInputTokens":30}}`, spent),
		whole("whole and stopped by a guardrail", `{"output":{"message":{"content":[]}},"stopReason":"guardrail_intervened","usage":{"inputTokens":10,"outputTokens":15,"totalTokens":25}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 15}), Finish: otelmetrics.FinishContentFilter}),
		byHeader,
		frames("stream", 2, spent, start, empty, text, end, stop, metadata),
		frames("reasoning comes first", 1, spent, start, reasoning, text, end, stop, metadata),
		frames("a tool's argument comes first", 2, spent, start, toolStart, tool, end, stop, metadata),
		frames("exception", 1, failed(otelmetrics.ErrorRateLimit), start, text, awsException("throttlingException", `{"message":"x"}`)),
		frames("exception only", -1, failed(otelmetrics.ErrorTimeout), awsException("modelTimeoutException", `{"message":"x"}`)),
		frames("exception of the model's stream", 1, failed(otelmetrics.ErrorUpstreamUnavailable), start, text, awsException("modelStreamErrorException", `{"message":"x","originalStatusCode":500}`)),
		frames("exception of the request", -1, failed(otelmetrics.ErrorInvalidInput), awsException("validationException", `{"message":"x"}`)),
		frames("error", -1, failed(otelmetrics.ErrorPredictionFailed), frame("", ":message-type", "error", ":error-code", "InternalFailure", ":error-message", "x")),
		frames("InvokeModel with Anthropic's events", 1, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 15}), Model: "claude", Finish: otelmetrics.FinishStop,
		}, invoked(`{"type":"message_start","message":{"model":"claude","usage":{"input_tokens":10,"output_tokens":1}}}`), invoked(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`),
			invoked(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}`),
			invoked(`{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":10,"outputTokenCount":15,"invocationLatency":1,"firstByteLatency":1}}`)),
		{"without metadata", header("application/vnd.amazon.eventstream"), []string{start, text, end, stop}, 1, Report{
			Finish: otelmetrics.FinishStop, Content: true, Ended: true, Whole: true, Missing: otelmetrics.UsageNotStated,
		}},
		stream("events passed on by a program", sse(`{"messageStart":{"role":"assistant"}}`, `{"contentBlockDelta":{"delta":{"text":"Paris"},"contentBlockIndex":0}}`, `{"messageStop":{"stopReason":"end_turn"}}`,
			`{"metadata":{"usage":{"inputTokens":10,"outputTokens":15,"cacheReadInputTokens":60,"cacheWriteInputTokens":30},"metrics":{"latencyMs":1}}}`), 1, spent),
		{"cut", header("application/vnd.amazon.eventstream"), []string{start, text}, 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
		{"a checksum that is wrong", header("application/vnd.amazon.eventstream"), []string{start, string(broken), stop}, -1, Report{
			Cut: true, Missing: otelmetrics.UsageCutOff, Ignored: []string{"a message of the event stream cannot be read"},
		}},
	}
}
