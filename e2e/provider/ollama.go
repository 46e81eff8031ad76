package provider

import "net/http"

// ollama answers in lines of JSON.
type ollama struct{}

func (ollama) whole(a *answer) any { return last(a, "one two three") }

func (ollama) open(a *answer) { a.contentType("application/x-ndjson") }

func (ollama) content(a *answer, text string) { line(a, part(a, text, false)) }

func (ollama) finish(a *answer) { line(a, last(a, "")) }

func (ollama) failure(f Fault) (status int, body any) {
	switch f {
	case RateLimit, LateRateLimit:
		return http.StatusTooManyRequests, object{"error": "too many requests"}
	case Overloaded, LateOverload:
		return http.StatusServiceUnavailable, object{"error": "server busy, please try again"}
	default:
		return http.StatusBadRequest, object{"error": "invalid options"}
	}
}

func (o ollama) breakOff(a *answer, f Fault) {
	_, body := o.failure(f)
	line(a, body)
}

func line(a *answer, value any) { a.write(marshal(value) + "\n") }

func part(a *answer, text string, done bool) object {
	return object{
		"model": a.model, "created_at": "2026-11-20T10:00:00Z", "done": done,
		"message": object{"role": "assistant", "content": text},
	}
}

func last(a *answer, text string) object {
	p := part(a, text, true)
	p["done_reason"], p["total_duration"], p["prompt_eval_count"], p["eval_count"] = "stop", 5_000_000, a.Input, a.Output
	return p
}
