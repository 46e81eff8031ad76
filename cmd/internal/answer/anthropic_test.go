package answer

import (
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func anthropic() []sample {
	const (
		start  = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-sonnet-4-5","stop_reason":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"cache_creation":{"ephemeral_5m_input_tokens":30},"output_tokens":1}}}`
		block  = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
		ping   = `{"type":"ping"}`
		empty  = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}`
		text   = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Paris"}}`
		think  = `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}`
		signed = `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}`
		tool   = `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}`
		end    = `{"type":"content_block_stop","index":0}`
		stop   = `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}`
		last   = `{"type":"message_stop"}`
		body   = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Paris"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":15}}`
	)
	spent := Report{
		Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 15, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30}), Model: "claude-sonnet-4-5", Finish: otelmetrics.FinishStop,
	}
	ended := spent
	ended.Ended = true
	all := strings.Replace(stop, `"output_tokens":15`, `"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":15`, 1)
	zeros := strings.Replace(stop, `"output_tokens":15`, `"input_tokens":0,"cache_creation_input_tokens":null,"cache_read_input_tokens":0,"output_tokens":15`, 1)
	late := strings.NewReplacer(`"input_tokens":10`, `"input_tokens":0`, `_input_tokens":30`, `_input_tokens":0`, `_input_tokens":60`, `_input_tokens":0`).Replace(start)
	return []sample{
		whole("whole", body, ended),
		whole("whole without a cache", strings.NewReplacer(`"cache_creation_input_tokens":30,"cache_read_input_tokens":60,`, "", "end_turn", "max_tokens").Replace(body),
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 15}), Model: "claude-sonnet-4-5", Finish: otelmetrics.FinishLength, Ended: true}),
		whole("whole and refused", strings.ReplaceAll(body, "end_turn", "refusal"), finished(ended, otelmetrics.FinishContentFilter)),
		whole("whole with the parts of what the cache was written", `{"type":"message","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Paris"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":15}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 40, otelmetrics.TokensOutput: 15, otelmetrics.TokensCacheWrite: 30}), Model: "claude-sonnet-4-5", Finish: otelmetrics.FinishStop, Ended: true}),
		whole("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`, failed(otelmetrics.ErrorUpstreamUnavailable)),
		whole("error of the key", `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`, failed(otelmetrics.ErrorOther)),
		whole("error of the size", `{"type":"error","error":{"type":"request_too_large","message":"x"}}`, failed(otelmetrics.ErrorInvalidInput)),
		stream("stream", typed(start, block, ping, empty, text, end, stop, last), 4, spent),
		stream("stream that repeats all counts at its end", typed(start, block, text, end, all, last), 2, spent),
		stream("stream that repeats what it does not know as 0", typed(start, block, text, end, zeros, last), 2, spent),
		stream("stream that states the input at its end only", typed(late, block, text, end, all, last), 2, spent),
		stream("stream without its last event", typed(start, block, text, end, stop), 2, spent),
		stream("stream with names of events only", []string{"event: message_start\ndata: " + strings.Replace(start, `"type":"message_start",`, "", 1) + "\n\n", "event: content_block_delta\ndata: {\"delta\":{\"text\":\"Hi\"}}\n\n", "event: message_delta\ndata: {\"usage\":{\"output_tokens\":15},\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n", "event: message_stop\n\n"}, 1, spent),
		stream("thinking comes first", typed(start, block, think, signed, text, end, stop, last), 2, spent),
		stream("a signature is no content", typed(start, block, signed, text, end, stop, last), 3, spent),
		stream("a tool's argument comes first", typed(start, strings.Replace(block, `"type":"text","text":""`, `"type":"tool_use","id":"toolu_1","name":"find","input":{}`, 1), tool, end, strings.Replace(stop, "end_turn", "tool_use", 1), last), 2, finished(spent, otelmetrics.FinishToolCalls)),
		stream("error in an event", typed(start, block, text, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), 2, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 1, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30}), Model: "claude-sonnet-4-5", Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable,
		}),
		stream("error only", typed(`{"type":"error","error":{"type":"rate_limit_error","message":"x"}}`), -1, failed(otelmetrics.ErrorRateLimit)),
		{"cut", eventStream(), typed(start, block, text), 2, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 1, otelmetrics.TokensCacheRead: 60, otelmetrics.TokensCacheWrite: 30}), Model: "claude-sonnet-4-5",
			Content: true, Cut: true, Missing: otelmetrics.UsageCutOff,
		}},
		whole("the older completions", `{"type":"completion","completion":" Paris","stop_reason":"stop_sequence","model":"claude-2"}`,
			Report{Model: "claude-2", Finish: otelmetrics.FinishStop, Ended: true, Missing: otelmetrics.UsageNotStated}),
	}
}
