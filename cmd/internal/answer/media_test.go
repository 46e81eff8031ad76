package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

func openAIMedia() []sample {
	const usage = `"usage":{"type":"tokens","input_tokens":7,"output_tokens":2,"total_tokens":9,"input_token_details":{"text_tokens":1,"audio_tokens":6}}`
	spent := Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2})}
	return []sample{
		whole("transcription", `{"text":"Paris",`+usage+`}`, spent),
		whole("images", `{"created":1,"data":[{"b64_json":"AA=="}],`+usage+`}`, spent),
		stream("transcription, stream", typed(`{"type":"transcript.text.delta","delta":""}`, `{"type":"transcript.text.delta","delta":"Par"}`, `{"type":"transcript.text.done","text":"Paris",`+usage+`}`), 1, spent),
		stream("speech, stream", sse(`{"type":"speech.audio.delta","audio":"AA=="}`, `{"type":"speech.audio.done",`+usage+`}`), 0, spent),
		stream("image, stream", sse(`{"type":"image_generation.partial_image","b64_json":"AA=="}`, `{"type":"image_generation.completed","b64_json":"AA==",`+usage+`}`), 0, spent),
		{"cut", eventStream(), sse(`{"type":"transcript.text.delta","delta":"Par"}`), 0, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}

func assistants() []sample {
	event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	created := event("thread.run.created", `{"id":"run_1","object":"thread.run","status":"queued","model":"gpt-5-mini","usage":null}`)
	text := event("thread.message.delta", `{"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":"Paris"}}]}}`)
	completed := event("thread.run.completed", `{"id":"run_1","object":"thread.run","status":"completed","model":"gpt-5-mini","usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`)
	limited := event("thread.run.failed", `{"id":"run_1","object":"thread.run","status":"failed","last_error":{"code":"rate_limit_exceeded","message":"x"},"usage":null}`)
	done := event("done", "[DONE]")
	return []sample{
		stream("stream", []string{created, text, completed, done}, 1, Report{Tokens: stated(counts{otelmetrics.TokensInput: 7, otelmetrics.TokensOutput: 2}), Model: "gpt-5-mini"}),
		stream("a run that failed", []string{created, text, limited, done}, 1, failed(otelmetrics.ErrorRateLimit)),
		{"cut", eventStream(), []string{created, text}, 1, Report{Content: true, Cut: true, Missing: otelmetrics.UsageCutOff}},
	}
}
