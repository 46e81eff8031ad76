package provider

import "net/http"

// gemini is Google's API.
type gemini struct{}

func (gemini) whole(a *answer) any { return candidate(a, "one two three", "STOP") }

func (gemini) open(a *answer) { a.contentType("text/event-stream") }

func (gemini) content(a *answer, text string) { a.event("", candidate(a, text, nil)) }

func (gemini) finish(a *answer) { a.event("", candidate(a, "", "STOP")) }

func (gemini) failure(f Fault) (status int, body any) {
	failure := func(code int, status string) (int, any) {
		return code, object{"error": object{"code": code, "message": "as it was asked", "status": status}}
	}
	switch f {
	case RateLimit, LateRateLimit:
		return failure(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED")
	case Overloaded, LateOverload:
		return failure(http.StatusServiceUnavailable, "UNAVAILABLE")
	default:
		return failure(http.StatusBadRequest, "INVALID_ARGUMENT")
	}
}

func (g gemini) breakOff(a *answer, f Fault) {
	_, body := g.failure(f)
	a.event("", body)
}

// candidate states the usage so far in each event.
func candidate(a *answer, text string, finish any) object {
	c := object{"index": 0, "content": object{"role": "model", "parts": list{object{"text": text}}}}
	usage := object{"promptTokenCount": a.Input, "totalTokenCount": a.Input + 1, "candidatesTokenCount": 1, "cachedContentTokenCount": a.CacheRead}
	if finish != nil {
		c["finishReason"] = finish
		usage["candidatesTokenCount"] = a.Output - a.Reasoning
		usage["thoughtsTokenCount"] = a.Reasoning
		usage["totalTokenCount"] = a.Input + a.Output
	}
	return object{"candidates": list{c}, "usageMetadata": usage, "modelVersion": "gemini-2.5-flash", "responseId": "r1"}
}
