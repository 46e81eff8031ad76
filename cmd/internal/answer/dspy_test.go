package answer

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// wrapped is an event of streaming_response, whose chunk is an object.
func wrapped(chunk string) string { return `{"chunk":` + chunk + `}` }

// quoted is an event of streaming_response, whose chunk is a string.
func quoted(chunk string) string {
	text, err := json.Marshal(chunk)
	if err != nil {
		panic(err)
	}
	return wrapped(string(text))
}

// part is a chunk of a completion that a program passes on.
func part(id, text, finish, usage string) string {
	if finish != "null" {
		finish = `"` + finish + `"`
	}
	if usage != "" {
		usage = `,"usage":` + usage
	}
	return `{"id":` + id + `,"created":1,"model":"gpt-5-mini","object":"chat.completion.chunk","choices":[{"finish_reason":` + finish +
		`,"index":0,"delta":{"provider_specific_fields":null,"content":` + strconv.Quote(text) + `,"role":"assistant","tool_calls":null}}],"predict_id":7` + usage + `}`
}

func dspyProgram() []sample {
	const prediction = `{"prediction":{"answer":"Paris"}}`
	usage := func(input, output string) string {
		return `{"prompt_tokens":` + input + `,"completion_tokens":` + output + `}`
	}
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 44}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop}
	silent := Report{Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Missing: otelmetrics.UsageNotStated}
	const models = `"usage":{"openai/gpt-5-mini":{"prompt_tokens":100,"completion_tokens":40,"cost":0.25,"prompt_tokens_details":null},"ollama/llama":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":null}}`
	byModel := Report{
		Tokens: stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 44}), Cost: new(0.25), Models: []Spending{
			{Model: "openai/gpt-5-mini", Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 40}), Cost: new(0.25)},
			{Model: "ollama/llama", Tokens: stated(counts{otelmetrics.TokensInput: 10, otelmetrics.TokensOutput: 4})},
		},
	}
	interleaved := []string{
		part(`"a"`, "x", "null", ""), part(`"b"`, "y", "null", ""), part(`"a"`, "x", "null", ""), part(`"b"`, "y", "stop", usage("100", "40")), part(`"a"`, "", "stop", usage("10", "4")),
	}
	ownIDs := []string{
		part(`"1"`, "x", "null", usage("100", "1")), part(`"2"`, "x", "stop", usage("100", "40")), part(`"3"`, "", "stop", usage("100", "40")),
		part(`"4"`, "y", "null", usage("10", "1")), part(`"5"`, "", "stop", usage("10", "4")),
	}
	noIDs := []string{
		part("null", "x", "null", ""), part("null", "", "stop", usage("100", "40")), part("null", "y", "null", ""), part("null", "", "stop", usage("10", "4")),
	}
	sequence := []string{
		part(`"a"`, "", "null", ""), part(`"a"`, "x", "null", ""), part(`"a"`, "", "stop", usage("100", "40")),
		part(`"b"`, "y", "null", ""), part(`"b"`, "", "stop", usage("10", "4")),
	}
	program := func(wrap func(string) string, chunks []string) []string {
		events := make([]string, 0, len(chunks)+2)
		for _, chunk := range chunks {
			events = append(events, wrap(chunk))
		}
		return sse(append(events, prediction, "[DONE]")...)
	}
	return []sample{
		whole("whole", `{"prediction_type":"predict","outputs":{"answer":"Paris"},`+models+`,"cost_usd":null,"cached":false}`, func() Report {
			r := byModel
			r.Cached = new(false)
			return r
		}()),
		whole("whole of which the provider told the cost", `{"answer":"Paris","usage":{"m":{"prompt_tokens":1,"completion_tokens":null,"cost":"0.5"}},"cost_usd":"0.75"}`,
			Report{Tokens: stated(counts{otelmetrics.TokensInput: 1}), Cost: new(0.75), Models: []Spending{{Model: "m", Tokens: stated(counts{otelmetrics.TokensInput: 1}), Cost: new(0.5)}}}),
		whole("whole on which nothing was spent", `{"answer":"Paris","usage":{}}`, Report{}),
		whole("whole and cached", `{"answer":"Paris",`+models+`,"cached":true}`, Report{Cached: new(true), Saved: stated(counts{otelmetrics.TokensInput: 110, otelmetrics.TokensOutput: 44})}),
		whole("whole with values that are None", `{"answer":"Paris","usage":{"m":{"prompt_tokens":null,"completion_tokens":null},"n":null}}`, Report{Missing: otelmetrics.UsageUnreadable}),
		whole("error", `{"error":"the model is gone","error_type":"timeout"}`, failed(otelmetrics.ErrorTimeout)),
		stream("stream", program(wrapped, sequence), 1, spent),
		stream("stream whose chunks are strings", program(quoted, sequence), 1, spent),
		stream("stream of two completions at once", program(wrapped, interleaved), 0, spent),
		stream("stream of two completions, and an id for each chunk", program(quoted, ownIDs), 0, spent),
		stream("stream of two completions without ids", program(quoted, noIDs), 0, spent),
		stream("stream of 3.4.1, without usage", program(quoted, []string{part("null", "Par", "null", ""), part("null", "", "stop", "")}), 0, silent),
		stream("stream of listeners", append(sse(`{"predict_name":"self","signature_field_name":"answer","chunk":"","is_last_chunk":false}`,
			`{"predict_name":"self","signature_field_name":"answer","chunk":"Par","is_last_chunk":false}`), "event: prediction\ndata: {\"outputs\":{},"+models+"}\n\n"), 1, byModel),
		stream("the usage in an event of its own", append(program(quoted, noIDs[:1])[:2], "event: usage\ndata: {"+models+`,"cost_usd":0.5,"cached":false}`+"\n\n", "data: [DONE]\n\n"), 0, func() Report {
			r := byModel
			r.Model, r.Cost, r.Cached = "gpt-5-mini", new(0.5), new(false)
			return r
		}()),
		stream("status messages are no content", append(append(sse(`{"message":"Calling tool find..."}`, `{"type":"status","message":"x"}`, `{"status":"thinking"}`, `{"status_message":"x"}`),
			"event: status\ndata: Calling\n\n"), sse(`{"field":"answer","chunk":"Par"}`, prediction)...), 5, Report{Missing: otelmetrics.UsageNotStated}),
		stream("the usage beside the prediction is all of it", append(program(wrapped, sequence)[:5], `data: {"prediction":{"answer":"Paris"},`+models+"}\n\n"), 1, func() Report {
			r := byModel
			r.Model, r.Finish = "gpt-5-mini", otelmetrics.FinishStop
			return r
		}()),
		stream("error in an event", append(sse(wrapped(sequence[1])), "event: error\ndata: {\"error\":{\"type\":\"LMRateLimitError\",\"message\":\"x\"}}\n\n"), 0, Report{Model: "gpt-5-mini", Failed: true, ErrorType: otelmetrics.ErrorRateLimit}),
		stream("error in an event that is a problem", []string{"event: error\ndata: {\"title\":\"x\",\"status\":504,\"error_type\":\"timeout\"}\n\n"}, -1, failed(otelmetrics.ErrorTimeout)),
		{"the end of a completion is not that of the program", eventStream(), program(wrapped, sequence)[:3], 1, Report{
			Tokens: stated(counts{otelmetrics.TokensInput: 100, otelmetrics.TokensOutput: 40}), Model: "gpt-5-mini", Finish: otelmetrics.FinishStop, Content: true, Cut: true, Missing: otelmetrics.UsageCutOff,
		}},
	}
}

func unknown() []sample {
	text := func(name, contentType string, parts []string, first int) sample {
		return sample{name, header(contentType), parts, first, Report{Content: true, Missing: otelmetrics.UsageNotStated}}
	}
	return []sample{
		whole("whole", `{"answer":"Paris","model":"T","status":"failed","done":true,"stop":false,"candidates":["a"],"choices":"x"}`, Report{Missing: otelmetrics.UsageNotStated}),
		whole("whole with usage", `{"answer":"Paris","model":"m","usage":{"prompt_tokens":3,"completion_tokens":1}}`, Report{Tokens: stated(counts{otelmetrics.TokensInput: 3, otelmetrics.TokensOutput: 1}), Model: "m"}),
		{"events", eventStream(), sse(`{"text":""}`, `{"text":"Par"}`, `{"usage":{"prompt_tokens":3,"completion_tokens":1}}`), 1, Report{Tokens: stated(counts{otelmetrics.TokensInput: 3, otelmetrics.TokensOutput: 1}), Content: true}},
		text("events of text", "text/event-stream", []string{": x\n\n", "data: Par\n\n", "data: is\n\n"}, 1),
		text("text", "text/plain", []string{"\n", "Par", "is"}, 1),
		text("events of another type", "text/plain", []string{": x\n\n", "data: Par\n\n"}, 1),
		stream("events that end", append(sse("Par"), "event: end\n\n"), 0, Report{Missing: otelmetrics.UsageNotStated}),
		stream("events that end with a reason", append(sse("Par"), "event: done\ndata: {\"reason\":\"stop\"}\n\n"), 0, Report{Missing: otelmetrics.UsageNotStated}),
		stream("events that end with an error as the reason", append(sse("Par"), "event: done\ndata: {\"reason\":\"error\"}\n\n"), 0, failed(otelmetrics.ErrorPredictionFailed)),
		stream("events that end with what failed", append(sse("Par"), "event: end\ndata: {\"finish_reason\":\"timeout\",\"id\":7}\n\n"), 0, failed(otelmetrics.ErrorTimeout)),
		stream("events that end with a status", append(sse("Par"), "event: done\ndata: {\"status\":503}\n\n"), 0, failed(otelmetrics.ErrorUpstreamUnavailable)),
		stream("events that end without success", append(sse("Par"), "event: done\ndata: {\"ok\":false,\"code\":\"rate_limit_exceeded\"}\n\n"), 0, failed(otelmetrics.ErrorRateLimit)),
		{"events that finish with a failure", eventStream(), append(sse("Par"), "event: finish\ndata: {\"reason\":\"failed\"}\n\n"), 0, Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Content: true, Ended: true, Whole: true}},
		stream("events that end with a word", append(sse("Par"), "event: done\ndata: error\n\n"), 0, failed(otelmetrics.ErrorPredictionFailed)),
		stream("events that end with a text", append(sse("Par"), "event: done\ndata: Paris has no error\n\n"), 0, Report{Missing: otelmetrics.UsageNotStated}),
		whole("units that are no tokens", `{"text":"Paris","usage":{"type":"duration","seconds":9}}`, Report{Missing: otelmetrics.UsageNotStated}),
		whole("units that are no tokens, by model", `{"answer":"Paris","usage":{"m":{"characters":120},"n":{"details":{"image_count":1}}}}`, Report{Missing: otelmetrics.UsageNotStated}),
		whole("a unit that is not known", `{"answer":"Paris","usage":{"seconds":9,"quux":3}}`, Report{Missing: otelmetrics.UsageUnreadable}),
		whole("tokens by a name that is not known", `{"answer":"Paris","usage":{"seconds":9,"token_units":"3"}}`, Report{Missing: otelmetrics.UsageUnreadable}),
		whole("an array", `[{"usage":{"prompt_tokens":3}},"text",[{}],7]`, Report{Missing: otelmetrics.UsageNotStated}),
		{"a page", header("text/html"), []string{"<html>", strings.Repeat("{", 100)}, 0, Report{Content: true, Missing: otelmetrics.UsageNotStated}},
	}
}
