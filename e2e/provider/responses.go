package provider

import "strings"

// responses is OpenAI's Responses API.
type responses struct{}

func (responses) whole(a *answer) any { return response(a, "completed") }

func (responses) open(a *answer) {
	a.contentType("text/event-stream; charset=utf-8")
	event(a, "created", object{"response": response(a, "in_progress")})
	event(a, "in_progress", object{"response": response(a, "in_progress")})
	event(a, "output_item.added", object{"output_index": 0, "item": object{
		"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": list{},
	}})
	event(a, "content_part.added", object{
		"item_id": "msg_1", "output_index": 0, "content_index": 0, "part": object{"type": "output_text", "text": "", "annotations": list{}},
	})
}

func (responses) content(a *answer, text string) {
	event(a, "output_text.delta", object{"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text, "logprobs": list{}})
}

func (responses) finish(a *answer) {
	event(a, "output_text.done", object{"item_id": "msg_1", "output_index": 0, "content_index": 0, "text": "one two three", "logprobs": list{}})
	event(a, "completed", object{"response": response(a, "completed")})
}

func (responses) failure(f Fault) (status int, body any) { return openAIFailure(f) }

func (responses) breakOff(a *answer, f Fault) {
	failed := response(a, "failed")
	failed["error"] = object{"code": "server_error", "message": "as it was asked"}
	if f == LateRateLimit {
		failed["error"] = object{"code": "rate_limit_exceeded", "message": "as it was asked"}
	}
	event(a, "failed", object{"response": failed})
}

func event(a *answer, name string, data object) {
	name = "response." + name
	data["type"], data["sequence_number"] = name, 0
	a.event(name, data)
}

// response is the whole response as it is at a time. It repeats the instructions,
// which makes it large.
func response(a *answer, status string) object {
	r := object{
		"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": a.model, "error": nil, "incomplete_details": nil,
		"instructions": strings.Repeat("Be brief. ", 10_000), "output": list{}, "parallel_tool_calls": true, "tool_choice": "auto", "tools": list{},
		"usage": nil, "metadata": object{}, "temperature": 1, "top_p": 1,
	}
	if status == "completed" {
		r["output"] = list{object{
			"id": "msg_1", "type": "message", "status": status, "role": "assistant",
			"content": list{object{"type": "output_text", "text": "one two three", "annotations": list{}}},
		}}
		r["usage"] = object{
			"input_tokens": a.Input, "output_tokens": a.Output, "total_tokens": a.Input + a.Output, "cost": a.Cost,
			"input_tokens_details":  object{"cached_tokens": a.CacheRead},
			"output_tokens_details": object{"reasoning_tokens": a.Reasoning},
		}
	}
	return r
}
