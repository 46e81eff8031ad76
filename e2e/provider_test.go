package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The names of models that a provider of these tests knows: "wait-20" ends the
// connection 20 ms after the end of the answer, "fail-rate_limit" answers with
// that error, "slow-" sends one piece of the answer and no more.
const (
	modelWait = "wait-"
	modelFail = "fail-"
	modelSlow = "slow-"
)

// words are the pieces of each streamed answer.
func words() []string { return []string{"The", " answer", " is", " 42", "."} }

// provider serves the APIs of the providers whose own Python clients the tests
// run, each in its own dialect.
func provider(t *testing.T) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", provided(openAIChat))
	mux.HandleFunc("POST /v1/responses", provided(openAIResponses))
	mux.HandleFunc("POST /v1/embeddings", provided(openAIEmbeddings))
	mux.HandleFunc("POST /v1/messages", provided(anthropicMessages))
	mux.HandleFunc("POST /v1beta/models/{model}", provided(gemini))
	mux.HandleFunc("POST /v2/chat", provided(cohere))
	mux.HandleFunc("POST /api/chat", provided(ollama))
	return serveHTTP(t, mux)
}

// exchanged is one request and what is needed to answer it.
type exchanged struct {
	http.ResponseWriter
	request *http.Request
	Model   string `json:"model"`
	Stream  bool   `json:"stream"`
	// Prompt is how many tokens the prompt has: the length of the body.
	Prompt int `json:"-"`
}

func provided(answer func(*exchanged)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e := exchanged{ResponseWriter: w, request: r, Prompt: len(body)}
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		if model := r.PathValue("model"); model != "" {
			var verb string
			e.Model, verb, _ = strings.Cut(model, ":")
			e.Stream = verb == "streamGenerateContent"
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(&e)
	}
}

// fails writes the error that the model's name asks for, if any.
func (e *exchanged) fails(body func(kind string) any) bool {
	kind, ok := strings.CutPrefix(e.Model, modelFail)
	if !ok {
		return false
	}
	e.json(map[string]int{"rate_limit": 429, "overloaded": 529, "invalid": 400, "server": 500}[kind], body(kind))
	return true
}

func (e *exchanged) json(status int, body any) {
	e.Header().Set("Content-Type", "application/json")
	e.WriteHeader(status)
	_ = json.NewEncoder(e).Encode(body) // the client may be gone
}

// piece sends one part of a stream.
func (e *exchanged) piece(text string) {
	write(e, text)
	_ = http.NewResponseController(e.ResponseWriter).Flush() // it is gone if the client is
}

// event sends a server-sent event, with its name or without.
func (e *exchanged) event(name string, data any) {
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	if name != "" {
		name = "event: " + name + "\n"
	}
	e.piece(name + "data: " + string(encoded) + "\n\n")
}

// content sends the words, or only the first one if the rest never comes.
func (e *exchanged) content(send func(word string)) (whole bool) {
	for _, word := range words() {
		send(word)
		if strings.HasPrefix(e.Model, modelSlow) {
			<-e.request.Context().Done()
			return false
		}
	}
	return true
}

// linger keeps the connection open after the end of the answer.
func (e *exchanged) linger() {
	milliseconds, _ := strconv.Atoi(strings.TrimPrefix(e.Model, modelWait))
	if milliseconds > 0 {
		select {
		case <-time.After(time.Duration(milliseconds) * time.Millisecond):
		case <-e.request.Context().Done():
		}
	}
}

type object = map[string]any

func openAIError(kind string) any {
	code := map[string]string{"rate_limit": "rate_limit_exceeded", "overloaded": "overloaded", "invalid": "invalid_value", "server": "server_error"}[kind]
	return object{"error": object{"message": "as asked", "type": code, "code": code, "param": nil}}
}

func (e *exchanged) openAIUsage() object {
	return object{
		"prompt_tokens": e.Prompt, "completion_tokens": len(words()), "total_tokens": e.Prompt + len(words()),
		"prompt_tokens_details":     object{"cached_tokens": e.Prompt / 2},
		"completion_tokens_details": object{"reasoning_tokens": 1},
		"cost":                      float64(e.Prompt) / 1024,
	}
}

func openAIChat(e *exchanged) {
	if e.fails(openAIError) {
		return
	}
	if !e.Stream {
		e.json(http.StatusOK, object{
			"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": e.Model, "usage": e.openAIUsage(),
			"choices": []any{object{
				"index": 0, "finish_reason": "stop",
				"message": object{"role": "assistant", "content": strings.Join(words(), "")},
			}},
		})
		return
	}
	e.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	chunk := func(choices []any, usage any) {
		e.event("", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": e.Model, "choices": choices, "usage": usage})
	}
	choice := func(delta object, finish any) []any {
		return []any{object{"index": 0, "delta": delta, "finish_reason": finish}}
	}
	chunk(choice(object{"role": "assistant", "content": ""}, nil), nil)
	if !e.content(func(word string) { chunk(choice(object{"content": word}, nil), nil) }) {
		return
	}
	chunk(choice(object{}, "stop"), nil)
	chunk([]any{}, e.openAIUsage())
	e.piece("data: [DONE]\n\n")
	e.linger()
}

func openAIResponses(e *exchanged) {
	if e.fails(openAIError) {
		return
	}
	message := object{
		"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
		"content": []any{object{"type": "output_text", "text": strings.Join(words(), ""), "annotations": []any{}}},
	}
	response := func(status string, usage any) object {
		return object{
			"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": e.Model, "error": nil, "usage": usage,
			"incomplete_details": nil, "instructions": nil, "metadata": object{}, "output": []any{message},
			"parallel_tool_calls": true, "temperature": 1, "tool_choice": "auto", "tools": []any{}, "top_p": 1,
		}
	}
	usage := object{
		"input_tokens": e.Prompt, "input_tokens_details": object{"cached_tokens": e.Prompt / 2},
		"output_tokens": len(words()), "output_tokens_details": object{"reasoning_tokens": 1}, "total_tokens": e.Prompt + len(words()),
	}
	if !e.Stream {
		e.json(http.StatusOK, response("completed", usage))
		return
	}
	e.Header().Set("Content-Type", "text/event-stream")
	number := 0
	send := func(kind string, more object) {
		more["type"], more["sequence_number"] = kind, number
		number++
		e.event(kind, more)
	}
	send("response.created", object{"response": response("in_progress", nil)})
	send("response.output_item.added", object{"output_index": 0, "item": message})
	if !e.content(func(word string) {
		send("response.output_text.delta", object{"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": word, "logprobs": []any{}})
	}) {
		return
	}
	send("response.completed", object{"response": response("completed", usage)})
	e.linger()
}

func openAIEmbeddings(e *exchanged) {
	if e.fails(openAIError) {
		return
	}
	e.json(http.StatusOK, object{
		"object": "list", "model": e.Model, "usage": object{"prompt_tokens": e.Prompt, "total_tokens": e.Prompt},
		"data": []any{object{"object": "embedding", "index": 0, "embedding": []float64{0.5, 0.25}}},
	})
}

func anthropicMessages(e *exchanged) {
	if e.fails(func(kind string) any {
		name := map[string]string{"rate_limit": "rate_limit_error", "overloaded": "overloaded_error", "invalid": "invalid_request_error", "server": "api_error"}[kind]
		return object{"type": "error", "error": object{"type": name, "message": "as asked"}}
	}) {
		return
	}
	// A third of the prompt is read from the provider's cache and a third written to it.
	usage := func(output int) object {
		third := e.Prompt / 3
		return object{
			"input_tokens": e.Prompt - 2*third, "cache_read_input_tokens": third, "cache_creation_input_tokens": third, "output_tokens": output,
		}
	}
	message := object{"id": "msg_1", "type": "message", "role": "assistant", "model": e.Model, "stop_reason": nil, "stop_sequence": nil}
	if !e.Stream {
		message["content"], message["stop_reason"], message["usage"] = []any{object{"type": "text", "text": strings.Join(words(), "")}}, "end_turn", usage(len(words()))
		e.json(http.StatusOK, message)
		return
	}
	e.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	send := func(kind string, more object) {
		more["type"] = kind
		e.event(kind, more)
	}
	message["content"], message["usage"] = []any{}, usage(1)
	send("message_start", object{"message": message})
	send("content_block_start", object{"index": 0, "content_block": object{"type": "text", "text": ""}})
	send("ping", object{})
	if !e.content(func(word string) {
		send("content_block_delta", object{"index": 0, "delta": object{"type": "text_delta", "text": word}})
	}) {
		return
	}
	send("content_block_stop", object{"index": 0})
	send("message_delta", object{"delta": object{"stop_reason": "end_turn", "stop_sequence": nil}, "usage": object{"output_tokens": len(words())}})
	send("message_stop", object{})
	e.linger()
}

func gemini(e *exchanged) {
	if e.fails(func(kind string) any {
		status := map[string]string{"rate_limit": "RESOURCE_EXHAUSTED", "overloaded": "UNAVAILABLE", "invalid": "INVALID_ARGUMENT", "server": "INTERNAL"}[kind]
		return object{"error": object{"message": "as asked", "status": status}}
	}) {
		return
	}
	answer := func(text string, finish any, output int) object {
		candidate := object{"index": 0, "content": object{"role": "model", "parts": []any{object{"text": text}}}}
		if finish != nil {
			candidate["finishReason"] = finish
		}
		return object{
			"candidates": []any{candidate}, "modelVersion": e.Model,
			"usageMetadata": object{
				"promptTokenCount": e.Prompt, "cachedContentTokenCount": e.Prompt / 2,
				"candidatesTokenCount": output, "thoughtsTokenCount": 2, "totalTokenCount": e.Prompt + output + 2,
			},
		}
	}
	if !e.Stream {
		e.json(http.StatusOK, answer(strings.Join(words(), ""), "STOP", len(words())))
		return
	}
	e.Header().Set("Content-Type", "text/event-stream")
	sent := 0
	if !e.content(func(word string) {
		sent++
		finish := any(nil)
		if sent == len(words()) {
			finish = "STOP"
		}
		e.event("", answer(word, finish, sent))
	}) {
		return
	}
	e.linger()
}

func cohere(e *exchanged) {
	if e.fails(func(string) any { return object{"message": "as asked"} }) {
		return
	}
	usage := object{
		"billed_units": object{"input_tokens": e.Prompt, "output_tokens": len(words())},
		"tokens":       object{"input_tokens": e.Prompt + 100, "output_tokens": len(words()) + 100},
	}
	if !e.Stream {
		e.json(http.StatusOK, object{
			"id": "1", "finish_reason": "COMPLETE", "usage": usage,
			"message": object{"role": "assistant", "content": []any{object{"type": "text", "text": strings.Join(words(), "")}}},
		})
		return
	}
	e.Header().Set("Content-Type", "text/event-stream")
	send := func(kind string, more object) {
		more["type"] = kind
		e.event(kind, more)
	}
	send("message-start", object{"id": "1", "delta": object{"message": object{"role": "assistant", "content": []any{}}}})
	send("content-start", object{"index": 0, "delta": object{"message": object{"content": object{"type": "text", "text": ""}}}})
	if !e.content(func(word string) {
		send("content-delta", object{"index": 0, "delta": object{"message": object{"content": object{"text": word}}}})
	}) {
		return
	}
	send("content-end", object{"index": 0})
	send("message-end", object{"delta": object{"finish_reason": "COMPLETE", "usage": usage}})
	e.linger()
}

func ollama(e *exchanged) {
	if e.fails(func(string) any { return object{"error": "as asked"} }) {
		return
	}
	part := func(word string, done bool) object {
		o := object{"model": e.Model, "created_at": "2026-01-01T00:00:00Z", "message": object{"role": "assistant", "content": word}, "done": done}
		if done {
			o["done_reason"], o["prompt_eval_count"], o["eval_count"] = "stop", e.Prompt, len(words())
		}
		return o
	}
	if !e.Stream {
		e.json(http.StatusOK, part(strings.Join(words(), ""), true))
		return
	}
	e.Header().Set("Content-Type", "application/x-ndjson")
	line := func(o object) {
		encoded, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		e.piece(fmt.Sprintf("%s\n", encoded))
	}
	if !e.content(func(word string) { line(part(word, false)) }) {
		return
	}
	line(part("", true))
	e.linger()
}
