package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func dataStream() []sample {
	const (
		begin = `f:{"messageId":"m"}`
		text  = `0:"Paris"`
		call  = `9:{"toolCallId":"c","toolName":"find","args":{"q":"x"}}`
		found = `a:{"toolCallId":"c","result":"x"}`
		step  = `e:{"finishReason":"tool-calls","usage":{"promptTokens":4,"completionTokens":1},"isContinued":false}`
		over  = `e:{"finishReason":"stop","usage":{"promptTokens":3,"completionTokens":1},"isContinued":false}`
		last  = `d:{"finishReason":"stop","usage":{"promptTokens":7,"completionTokens":2}}`
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Finish: otelmetrics.FinishStop}
	in := func(s sample) sample {
		s.header = header("text/plain; charset=utf-8")
		return s
	}
	lines := func(name string, first int, want Report, all ...string) sample {
		return in(stream(name, ndjson(all...), first, want))
	}
	return []sample{
		lines("stream", 1, spent, begin, text, `e:{"finishReason":"stop","usage":{"promptTokens":7,"completionTokens":2},"isContinued":false}`, last),
		lines("two steps", 1, spent, begin, call, found, step, begin, text, over, last),
		lines("reasoning comes first", 0, spent, `g:"Hm"`, text, last),
		lines("a part of a call comes first", 1, spent, `b:{"toolCallId":"c","toolName":"find"}`, `c:{"toolCallId":"c","argsTextDelta":"{"}`, last),
		lines("usage that is not known", 0, Report{Finish: otelmetrics.FinishLength, Missing: otelmetrics.UsageNotStated}, text, `d:{"finishReason":"length","usage":{"promptTokens":null,"completionTokens":null}}`),
		lines("error", 1, failed(otelmetrics.ErrorPredictionFailed), begin, text, `3:"An error occurred."`),
		in(sample{"cut after a step", nil, ndjson(begin, call, found, step, begin, text), 1, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 4, otelmetrics.TokensOutput: 1}), Finish: otelmetrics.FinishToolCalls, Content: true, Cut: true,
		}}),
		in(sample{"cut", nil, ndjson(begin, text), 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}}),
		in(sample{"a text that begins alike", nil, []string{"1: the first", "\n2: the second"}, 0, Report{Content: true, Missing: otelmetrics.UsageNotStated}}),
	}
}
