package provider

import "net/http"

type (
	object = map[string]any
	list   = []any
)

// chat is OpenAI's chat completions, with the cost that OpenRouter adds and the
// first chunk of Azure.
type chat struct{}

func (chat) whole(a *answer) any {
	return object{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": a.model, "usage": openAIUsage(a.Order),
		"choices": list{object{
			"index": 0, "finish_reason": "stop", "logprobs": nil,
			"message": object{"role": "assistant", "content": a.text("one two three"), "refusal": nil},
		}},
	}
}

func (chat) open(a *answer) {
	a.contentType("text/event-stream; charset=utf-8")
	a.event("", object{
		"id": "", "object": "", "created": 0, "model": "", "choices": list{},
		"prompt_filter_results": list{object{"prompt_index": 0, "content_filter_results": object{}}},
	})
	a.write(": PROCESSING\n\n")
	chunk(a, object{"role": "assistant", "content": "", "refusal": nil}, nil)
}

func (chat) content(a *answer, text string) { chunk(a, object{"content": a.text(text)}, nil) }

func (chat) finish(a *answer) {
	chunk(a, object{}, "stop")
	if a.includeUsage {
		a.event("", object{
			"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": a.model, "choices": list{}, "usage": openAIUsage(a.Order),
		})
	}
	a.event("", "[DONE]")
}

func (chat) failure(f Fault) (status int, body any) { return openAIFailure(f) }

func (chat) breakOff(a *answer, f Fault) {
	_, body := openAIFailure(f)
	a.event("", body)
}

func chunk(a *answer, delta object, finish any) {
	a.event("", object{
		"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": a.model, "usage": nil,
		"choices": list{object{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}},
	})
}

// completions is OpenAI's first API, which vLLM and others still have.
type completions struct{ chat }

func (completions) whole(a *answer) any {
	return object{
		"id": "cmpl-1", "object": "text_completion", "created": 1, "model": a.model, "usage": openAIUsage(a.Order),
		"choices": list{object{"index": 0, "finish_reason": "stop", "logprobs": nil, "text": "one two three"}},
	}
}

func (c completions) open(a *answer) {
	a.contentType("text/event-stream")
	c.content(a, "")
}

func (completions) content(a *answer, text string) { completion(a, text, nil) }

func (completions) finish(a *answer) {
	completion(a, "", "stop")
	a.event("", object{"id": "cmpl-1", "object": "text_completion", "created": 1, "model": a.model, "choices": list{}, "usage": openAIUsage(a.Order)})
	a.event("", "[DONE]")
}

func completion(a *answer, text string, finish any) {
	a.event("", object{
		"id": "cmpl-1", "object": "text_completion", "created": 1, "model": a.model, "usage": nil,
		"choices": list{object{"index": 0, "text": text, "logprobs": nil, "finish_reason": finish}},
	})
}

// embeddings are OpenAI's, which have no streams.
type embeddings struct{ chat }

func (embeddings) whole(a *answer) any {
	return object{
		"object": "list", "model": a.model, "usage": object{"prompt_tokens": a.Input, "total_tokens": a.Input},
		"data": list{object{"object": "embedding", "index": 0, "embedding": list{1, 2, 3}}},
	}
}

func openAIUsage(o Order) object {
	return object{
		"prompt_tokens": o.Input, "completion_tokens": o.Output, "total_tokens": o.Input + o.Output, "cost": o.Cost,
		"prompt_tokens_details":     object{"cached_tokens": o.CacheRead, "audio_tokens": 0},
		"completion_tokens_details": object{"reasoning_tokens": o.Reasoning, "audio_tokens": 0},
	}
}

func openAIFailure(f Fault) (status int, body any) {
	failure := func(status int, kind, code string) (int, any) {
		return status, object{"error": object{"message": "as it was asked", "type": kind, "param": nil, "code": code}}
	}
	switch f {
	case RateLimit, LateRateLimit:
		return failure(http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded")
	case Overloaded, LateOverload:
		return failure(http.StatusServiceUnavailable, "server_error", "engine_overloaded")
	default:
		return failure(http.StatusBadRequest, "invalid_request_error", "context_length_exceeded")
	}
}
