package provider

import "net/http"

// cohere is the second version of Cohere's API. Its usage has two accounts of
// one call, and what is billed is what counts.
type cohere struct{}

func (cohere) whole(a *answer) any {
	return object{
		"id": "c1", "finish_reason": "COMPLETE", "usage": cohereUsage(a.Order),
		"message": object{"role": "assistant", "content": list{object{"type": "text", "text": "one two three"}}},
	}
}

func (cohere) open(a *answer) {
	a.contentType("text/event-stream")
	a.event("message-start", object{"type": "message-start", "id": "c1", "delta": object{"message": object{
		"role": "assistant", "content": list{}, "tool_plan": "", "tool_calls": list{}, "citations": list{},
	}}})
	a.event("content-start", object{"type": "content-start", "index": 0, "delta": object{"message": object{"content": object{"type": "text", "text": ""}}}})
}

func (cohere) content(a *answer, text string) {
	a.event("content-delta", object{"type": "content-delta", "index": 0, "delta": object{"message": object{"content": object{"text": text}}}})
}

func (cohere) finish(a *answer) {
	a.event("content-end", object{"type": "content-end", "index": 0})
	a.event("message-end", object{"type": "message-end", "id": "c1", "delta": object{"finish_reason": "COMPLETE", "usage": cohereUsage(a.Order)}})
}

func (cohere) failure(f Fault) (status int, body any) {
	switch f {
	case RateLimit, LateRateLimit:
		return http.StatusTooManyRequests, object{"id": "e1", "message": "trial key is limited"}
	case Overloaded, LateOverload:
		return http.StatusServiceUnavailable, object{"id": "e1", "message": "overloaded"}
	default:
		return http.StatusBadRequest, object{"id": "e1", "message": "invalid request"}
	}
}

func (cohere) breakOff(a *answer, _ Fault) {
	a.event("message-end", object{"type": "message-end", "id": "c1", "delta": object{"finish_reason": "ERROR", "error": "as it was asked"}})
}

func cohereUsage(o Order) object {
	return object{
		"billed_units": object{"input_tokens": o.Input, "output_tokens": o.Output},
		"tokens":       object{"input_tokens": o.Input + 68, "output_tokens": o.Output + 2},
	}
}
