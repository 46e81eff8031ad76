package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// program answers chat completions, as a language model would.
type program struct {
	url    string
	delay  atomic.Int64 // before an answer, in nanoseconds
	server http.Server
}

const (
	usage = `{"prompt_tokens":20,"completion_tokens":50,"total_tokens":70}`
	whole = `{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"finish_reason":"stop","logprobs":null,` +
		`"message":{"role":"assistant","content":"An answer of a few words, as a language model gives it to a short question.","refusal":null}}],"usage":` + usage + `}`
	chunk  = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":" word"},"finish_reason":null}],"usage":null}` + "\n\n"
	ending = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n\n" +
		`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[],"usage":` + usage + `}` + "\n\ndata: [DONE]\n\n"
	chunks = 50
)

func startProgram(ctx context.Context) (*program, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &program{url: "http://" + listener.Addr().String()}
	p.server.Handler = http.HandlerFunc(p.answer)
	go func() { _ = p.server.Serve(listener) }() // it ends with close
	return p, nil
}

func (p *program) close() { _ = p.server.Close() }

func (p *program) answer(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Stream bool `json:"stream"`
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if delay := time.Duration(p.delay.Load()); delay > 0 {
		time.Sleep(delay) //nolint:forbidigo // that is what it is asked for
	}
	if !request.Stream {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, whole)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	for range chunks {
		_, _ = io.WriteString(w, chunk)
		_ = flusher.Flush()
	}
	_, _ = io.WriteString(w, ending)
}
