package answer

import (
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func sgLang() []sample {
	event := func(text, finish, output string) string {
		return `{"text":"` + text + `","output_ids":[1],"meta_info":{"id":"r","finish_reason":` + finish + `,"prompt_tokens":6,"completion_tokens":` + output + `,"cached_tokens":2}}`
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 6, otelmetrics.TokensOutput: 2, otelmetrics.TokensCacheRead: 2}), Finish: otelmetrics.FinishStop}
	ended := spent
	ended.Ended = true
	return []sample{
		whole("whole", event("Paris", `{"type":"stop","matched":2}`, "2"), ended),
		stream("stream", sse(event("", "null", "0"), event("Par", "null", "1"), event("Paris", `{"type":"stop","matched":2}`, "2"), "[DONE]"), 1, spent),
		stream("aborted", sse(event("Par", "null", "1"), event("Par", `{"type":"abort","message":"x","status_code":503}`, "1"), "[DONE]"), 0,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 6, otelmetrics.TokensOutput: 1, otelmetrics.TokensCacheRead: 2}), Failed: true, ErrorType: otelmetrics.ErrorUpstreamUnavailable}),
		stream("error", sse(event("Par", "null", "1"), `{"error":{"message":"x"}}`), 0,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 6, otelmetrics.TokensOutput: 1, otelmetrics.TokensCacheRead: 2}), Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		{"cut", eventStream(), sse(event("Par", "null", "1")), 0, Report{Tokens: stated(counts{otelmetrics.TokensInput: 6, otelmetrics.TokensOutput: 1, otelmetrics.TokensCacheRead: 2}), Content: true, Cut: true}},
	}
}

func llamaCPP() []sample {
	const (
		empty = `{"index":0,"content":"","tokens":[],"stop":false,"id_slot":-1,"tokens_predicted":0,"tokens_evaluated":0}`
		text  = `{"index":0,"content":"Paris","tokens":[1],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":12}`
		last  = `{"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"llama","tokens_predicted":3,"tokens_evaluated":12,"stop_type":"limit","tokens_cached":14,"timings":{"cache_n":8,"prompt_n":4,"predicted_n":3,"predicted_ms":5.5}}`
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 12, otelmetrics.TokensOutput: 3, otelmetrics.TokensCacheRead: 8}), Model: "llama", Finish: otelmetrics.FinishLength}
	ended := spent
	ended.Ended = true
	timings := chunk(delta(`{}`, `"stop"`), `,"timings":{"cache_n":8,"prompt_n":4,"prompt_ms":1.5,"predicted_n":3}`)
	return []sample{
		whole("whole", strings.Replace(last, `"content":""`, `"content":"Paris"`, 1), ended),
		stream("stream", sse(empty, text, last), 1, spent),
		stream("chat with timings only", sse(chatRole, chatText, timings, "[DONE]"), 1,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 12, otelmetrics.TokensOutput: 3, otelmetrics.TokensCacheRead: 8}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}),
		stream("error in a field of its own", []string{"data: " + text + "\n\n", `error: {"code":500,"message":"x","type":"server_error"}` + "\n\n"}, 0, failed(otelmetrics.ErrorPredictionFailed)),
		stream("error in a line of its own", []string{"data: " + text + "\n\n", `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}` + "\n"}, 0, failed(otelmetrics.ErrorUpstreamUnavailable)),
		{"cut", eventStream(), sse(empty, text), 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}

func ollama() []sample {
	const (
		begin = `{"model":"llama3.2","created_at":"2026-08-04T08:52:19Z",`
		empty = begin + `"message":{"role":"assistant","content":""},"done":false}`
		text  = begin + `"message":{"role":"assistant","content":"Paris"},"done":false}`
		think = begin + `"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}`
		tool  = begin + `"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"find","arguments":{"q":"x"}}}]},"done":false}`
		last  = begin + `"message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":4883583458,"prompt_eval_count":26,"eval_count":282}`
	)
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 26, otelmetrics.TokensOutput: 282}), Model: "llama3.2", Finish: otelmetrics.FinishStop}
	ended := spent
	ended.Ended = true
	in := func(contentType, name string, parts []string, first int, want Report) sample {
		s := stream(name, parts, first, want)
		s.header = header(contentType)
		return s
	}
	lines := func(name string, parts []string, first int, want Report) sample {
		return in("application/x-ndjson", name, parts, first, want)
	}
	broken := spent
	broken.Ignored = []string{"a line is not JSON"}
	return []sample{
		whole("whole", strings.Replace(last, `"content":""`, `"content":"Paris"`, 1), ended),
		whole("whole from generate", begin+`"response":"Paris","done":true,"done_reason":"length","prompt_eval_count":26,"eval_count":282}`, finished(ended, otelmetrics.FinishLength)),
		whole("error", `{"error":"model 'x' not found"}`, failed(otelmetrics.ErrorPredictionFailed)),
		whole("embeddings", begin+`"embeddings":[[0.1]],"prompt_eval_count":26}`, Report{Tokens: stated(counts{otelmetrics.TokensInput: 26})}),
		lines("stream", ndjson(empty, text, last), 1, spent),
		lines("stream from generate", ndjson(begin+`"response":"","done":false}`, begin+`"response":"Par","done":false}`, begin+`"response":"","done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":282}`), 1, spent),
		lines("thinking comes first", ndjson(empty, think, text, last), 1, spent),
		lines("a call of a tool comes first", ndjson(empty, tool, last), 1, spent),
		lines("blank lines", ndjson("", empty, "", text, "\r", last), 3, spent),
		lines("a line that is broken", ndjson(text, `{"model":"llama3.2","mess`, last), 0, broken),
		in("application/json", "stream as JSON", ndjson(empty, text, last), 1, spent),
		in("application/octet-stream", "stream of no type", ndjson(empty, text, last), 1, spent),
		lines("the last line does not end", []string{text + "\n", last}, 0, spent),
		lines("error after content", ndjson(text, `{"error":"an error was encountered while running the model"}`), 0, Report{Model: "llama3.2", Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed}),
		{"cut", header("application/x-ndjson; charset=utf-8"), ndjson(empty, text), 1, Report{Model: "llama3.2", Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
		{"other lines", http.Header{"Content-Type": {"application/jsonl"}}, ndjson(`{"token":"Par"}`, `{"usage":{"m":{"prompt_tokens":5}}}`), 0, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 5}), Models: []Spending{{Model: "m", Tokens: stated(counts{otelmetrics.TokensInput: 5})}}, Content: true,
		}},
	}
}
