package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func tgi() []sample {
	const (
		text  = `{"index":1,"token":{"id":1,"text":"Par","logprob":-0.1,"special":false},"generated_text":null,"details":null}`
		empty = `{"index":0,"token":{"id":0,"text":"","logprob":0,"special":true},"generated_text":null,"details":null}`
		last  = `{"index":2,"token":{"id":2,"text":"is","logprob":-0.1,"special":false},"generated_text":"Paris","details":{"finish_reason":"length","generated_tokens":2,"input_length":7,"seed":null}}`
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishLength}
	return []sample{
		whole("whole", `{"generated_text":"Paris","details":{"finish_reason":"eos_token","generated_tokens":2,"prefill":[],"tokens":[]}}`,
			Report{Tokens: stated(counts{otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop, Ended: true}),
		whole("in an array", `[{"generated_text":"Paris","details":{"finish_reason":"length","generated_tokens":2,"seed":null,"prefill":[],"tokens":[]}}]`,
			Report{Tokens: stated(counts{otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishLength}),
		whole("of two prompts", `[{"generated_text":"Paris","details":{"finish_reason":"length","generated_tokens":2,"input_length":7}},{"generated_text":"Rome","details":{"finish_reason":"eos_token","generated_tokens":3,"input_length":5}}]`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 12, otelmetrics.TokensOutput: 5}), Finish: otelmetrics.FinishStop}),
		stream("stream", sse(empty, text, last), 1, spent),
		stream("stream without details", sse(text, `{"token":{"text":"is"},"generated_text":"Paris","details":null}`), 0, Report{Missing: otelmetrics.UsageNotStated}),
		stream("error", sse(text, `{"error":"Request failed during generation: x","error_type":"generation"}`), 0, failed(otelmetrics.ErrorPredictionFailed)),
		whole("overloaded", `{"error":"Model is overloaded","error_type":"overloaded"}`, failed(otelmetrics.ErrorUpstreamUnavailable)),
		{"cut", eventStream(), sse(empty, text), 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
