package provider

import (
	"net/http"
	"strconv"
)

// messages is Anthropic's API. It has no place for a cost: the header is that of
// a LiteLLM proxy.
type messages struct{}

func (messages) whole(a *answer) any {
	a.cost()
	return object{
		"id": "msg_1", "type": "message", "role": "assistant", "model": a.model, "stop_reason": "end_turn", "stop_sequence": nil,
		"content": list{object{"type": "text", "text": a.text("one two three")}}, "usage": anthropicUsage(a.Order, a.Output),
	}
}

func (messages) open(a *answer) {
	a.cost()
	a.contentType("text/event-stream; charset=utf-8")
	a.event("message_start", object{"type": "message_start", "message": object{
		"id": "msg_1", "type": "message", "role": "assistant", "model": a.model, "stop_reason": nil, "stop_sequence": nil,
		"content": list{}, "usage": anthropicUsage(a.Order, 1),
	}})
	a.event("content_block_start", object{"type": "content_block_start", "index": 0, "content_block": object{"type": "text", "text": ""}})
	a.event("ping", object{"type": "ping"})
}

func (messages) content(a *answer, text string) {
	a.event("content_block_delta", object{"type": "content_block_delta", "index": 0, "delta": object{"type": "text_delta", "text": a.text(text)}})
}

func (messages) finish(a *answer) {
	a.event("content_block_stop", object{"type": "content_block_stop", "index": 0})
	usage := object{"output_tokens": a.Output}
	if a.Input%2 == 0 { // some state all of it again
		usage = anthropicUsage(a.Order, a.Output)
	}
	a.event("message_delta", object{"type": "message_delta", "delta": object{"stop_reason": "end_turn", "stop_sequence": nil}, "usage": usage})
	a.event("message_stop", object{"type": "message_stop"})
}

func (messages) failure(f Fault) (status int, body any) {
	failure := func(status int, kind string) (int, any) {
		return status, object{"type": "error", "error": object{"type": kind, "message": "as it was asked"}, "request_id": "req_1"}
	}
	switch f {
	case RateLimit, LateRateLimit:
		return failure(http.StatusTooManyRequests, "rate_limit_error")
	case Overloaded, LateOverload:
		return failure(529, "overloaded_error")
	default:
		return failure(http.StatusBadRequest, "invalid_request_error")
	}
}

func (m messages) breakOff(a *answer, f Fault) {
	_, body := m.failure(f)
	a.event("error", body)
}

func (a *answer) cost() {
	a.w.Header().Set("X-Litellm-Response-Cost", strconv.FormatFloat(a.Cost, 'f', -1, 64))
}

// anthropicUsage has an input without what was read from the cache or written to it.
func anthropicUsage(o Order, output int) object {
	return object{
		"input_tokens": o.Input - o.CacheRead - o.CacheWrite, "output_tokens": output,
		"cache_read_input_tokens": o.CacheRead, "cache_creation_input_tokens": o.CacheWrite,
		"cache_creation": object{"ephemeral_5m_input_tokens": o.CacheWrite, "ephemeral_1h_input_tokens": 0}, "service_tier": "standard",
	}
}
