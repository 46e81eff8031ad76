package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is one answer that a dialect is to give.
type answer struct {
	Order
	model        string
	stream       bool
	includeUsage bool // of chat completions that are streams
	fields       bool // the prompt asks for an answer in the form of DSPy's ChatAdapter
	w            http.ResponseWriter
	ctx          context.Context //nolint:containedctx // of the request that is answered
}

// dialect is how a provider speaks.
type dialect interface {
	// whole returns the JSON of an answer.
	whole(a *answer) any
	// write writes the events of a stream: an opening, contents, and a closing
	// that contains the end mark.
	open(a *answer)
	content(a *answer, text string)
	finish(a *answer)
	// failure returns the status and the JSON of a failure.
	failure(f Fault) (status int, body any)
	// breakOff writes a failure in the middle of a stream.
	breakOff(a *answer, f Fault)
}

// Handler answers the requests of all clients.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, d := range map[string]dialect{
		"POST /v1/chat/completions":     chat{},
		"POST /v1/completions":          completions{},
		"POST /v1/embeddings":           embeddings{},
		"POST /v1/responses":            responses{},
		"POST /v1/messages":             messages{},
		"POST /v1beta/models/{call}":    gemini{},
		"POST /v2/chat":                 cohere{},
		"POST /api/chat":                ollama{},
		"POST /model/{model}/{call...}": converse{},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { serve(w, r, d) })
	}
	return mux
}

func serve(w http.ResponseWriter, r *http.Request, d dialect) {
	request, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	a := &answer{w: w, ctx: r.Context(), fields: bytes.Contains(request, []byte("[[ ## completed ## ]]"))}
	if a.Order, err = parseOrder(request); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	var asked struct {
		Model         string `json:"model"`
		Stream        bool   `json:"stream"`
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	a.model, a.stream, a.includeUsage = asked.Model, asked.Stream || streams(r), asked.StreamOptions.IncludeUsage
	switch a.Fault {
	case RateLimit, Overloaded, Invalid:
		a.fail(d.failure(a.Fault))
		return
	case LateOverload, LateRateLimit:
		if !a.stream {
			a.fail(d.failure(a.Fault))
			return
		}
	case none, Cut, Endless: // what an answer comes to
	}
	if !a.stream {
		a.pause(a.Before)
		a.json(http.StatusOK, d.whole(a))
		a.linger()
		return
	}
	a.events(d)
}

// streams reports whether the path asks for a stream, as with some providers.
func streams(r *http.Request) bool {
	call := r.PathValue("call")
	return strings.HasSuffix(call, ":streamGenerateContent") || call == "converse-stream"
}

func (a *answer) events(d dialect) {
	d.open(a)
	a.flush()
	a.pause(a.Before)
	d.content(a, "one")
	a.flush()
	switch a.Fault {
	case LateOverload, LateRateLimit:
		d.breakOff(a, a.Fault)
		return
	case Cut:
		return
	case Endless:
		for a.ctx.Err() == nil {
			a.pause(5 * time.Millisecond)
			d.content(a, " more")
			a.flush()
		}
		return
	case none, RateLimit, Overloaded, Invalid: // those that fail have been answered
	}
	d.content(a, " two")
	a.flush()
	d.content(a, " three")
	a.flush()
	d.finish(a)
	a.flush()
	a.linger()
}

// text gives a part of the answer the form that the prompt asks for.
func (a *answer) text(part string) string {
	if !a.fields {
		return part
	}
	if strings.HasPrefix(part, "one") {
		part = "[[ ## answer ## ]]\n" + part
	}
	if strings.HasSuffix(part, "three") {
		part += "\n\n[[ ## completed ## ]]"
	}
	return part
}

// pause returns early when the client is gone.
func (a *answer) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-a.ctx.Done():
	}
}

// linger keeps the connection open, whatever the client does.
func (a *answer) linger() { time.Sleep(a.Linger) } //nolint:forbidigo // it is what the program is to do

func (a *answer) flush() { _ = http.NewResponseController(a.w).Flush() }

func (a *answer) fail(status int, body any) {
	if status == http.StatusTooManyRequests {
		a.w.Header().Set("Retry-After", "1")
	}
	a.json(status, body)
}

func (a *answer) json(status int, body any) {
	text := marshal(body)
	a.w.Header().Set("Content-Type", "application/json")
	a.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	a.w.WriteHeader(status)
	a.write(text)
	a.flush()
}

// event writes a server-sent event.
func (a *answer) event(name string, data any) {
	text, ok := data.(string)
	if !ok {
		text = marshal(data)
	}
	if name != "" {
		a.write("event: " + name + "\n")
	}
	a.write("data: " + text + "\n\n")
}

// write ignores that the client is gone: its context says so.
func (a *answer) write(text string) { _, _ = io.WriteString(a.w, text) }

func (a *answer) contentType(value string) { a.w.Header().Set("Content-Type", value) }

func marshal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // what is written here can be encoded
	}
	return string(text)
}
