package answer

import (
	"encoding/base64"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func watsonx() []sample {
	event := func(text, input, output, stop string) string {
		return "id: 1\nevent: message\n" + `data: {"model_id":"granite","results":[{"generated_text":"` + text + `","generated_token_count":` + output +
			`,"input_token_count":` + input + `,"stop_reason":"` + stop + `"}]}` + "\n\n"
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop}
	ended := spent
	ended.Ended = true
	return []sample{
		whole("whole", `{"model_id":"granite","results":[{"generated_text":"Paris","generated_token_count":2,"input_token_count":7,"stop_reason":"eos_token"}]}`, ended),
		stream("stream", []string{event("", "7", "0", "not_finished"), event("Par", "0", "1", "not_finished"), event("is", "0", "2", "eos_token")}, 1, spent),
		whole("error", `{"errors":[{"code":"rate_limit_reached_requests","message":"x"}],"trace":"t","status_code":429}`, failed(otelmetrics.ErrorRateLimit)),
		{"cut", eventStream(), []string{event("Par", "7", "1", "not_finished")}, 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 1}), Content: true, Cut: true}},
	}
}

// invoked are the models that Bedrock's InvokeModel answers for in shapes of
// their own. A stream's last chunk has Bedrock's metrics, whatever the model.
func invoked() []sample {
	const metrics = `"amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":2,"invocationLatency":1,"firstByteLatency":1}`
	part := func(text string) string {
		return awsEvent("chunk", `{"bytes":"`+base64.StdEncoding.EncodeToString([]byte(text))+`"}`)
	}
	frames := func(name string, first int, want Report, parts ...string) sample {
		s := stream(name, parts, first, want)
		s.header = header("application/vnd.amazon.eventstream")
		return s
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2})}
	stopped := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop, Ended: true}
	return []sample{
		whole("Titan, whole", `{"inputTextTokenCount":7,"results":[{"tokenCount":2,"outputText":"Paris","completionReason":"FINISH"}]}`, stopped),
		whole("Titan's embeddings", `{"embedding":[0.1],"inputTextTokenCount":7}`, Report{Tokens: stated(counts{otelmetrics.TokensInput: 7})}),
		whole("Llama, whole", `{"generation":"Paris","prompt_token_count":7,"generation_token_count":2,"stop_reason":"stop"}`, spent),
		frames("Titan, stream", 0, spent, part(`{"outputText":"Par","index":0,"totalOutputTextTokenCount":null,"completionReason":null}`),
			part(`{"outputText":"is","index":0,"totalOutputTextTokenCount":2,"completionReason":"FINISH","inputTextTokenCount":7,`+metrics+`}`)),
		frames("Llama, stream", 1, spent, part(`{"generation":"","prompt_token_count":7,"generation_token_count":1,"stop_reason":null}`), part(`{"generation":"Paris","generation_token_count":2}`),
			part(`{"generation":"","stop_reason":"stop",`+metrics+`}`)),
		frames("Mistral, stream", 0, spent, part(`{"outputs":[{"text":"Paris","stop_reason":null}]}`), part(`{"outputs":[{"text":"","stop_reason":"stop"}],`+metrics+`}`)),
		{"cut", header("application/vnd.amazon.eventstream"), []string{part(`{"outputText":"Par"}`)}, 0, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
