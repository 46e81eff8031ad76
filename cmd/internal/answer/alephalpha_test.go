package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func alephAlpha() []sample {
	const (
		empty   = `{"type":"stream_chunk","index":0,"completion":""}`
		text    = `{"type":"stream_chunk","index":0,"completion":" Paris"}`
		summary = `{"type":"stream_summary","index":0,"model_version":"2022-04","finish_reason":"maximum_tokens"}`
		last    = `{"type":"completion_summary","num_tokens_prompt_total":7,"num_tokens_generated":2}`
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishLength}
	return []sample{
		whole("whole", `{"model_version":"2022-04","completions":[{"completion":" Paris","finish_reason":"end_of_text"}],"num_tokens_prompt_total":7,"num_tokens_generated":2}`, finished(spent, otelmetrics.FinishStop)),
		stream("stream", sse(empty, text, summary, last), 1, spent),
		whole("error", `{"error":"x","code":"OVERLOADED"}`, failed(otelmetrics.ErrorUpstreamUnavailable)),
		{"cut", eventStream(), sse(text, summary), 0, Report{Content: true, Cut: true, Finish: otelmetrics.FinishLength, Missing: otelmetrics.UsageCutOff}},
	}
}
