package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// predictor starts an upstream that answers at once, with what it spent, and as
// a stream where it is asked for one. The header X-Fault asks it for a status,
// for slow=SECONDS or for hang.
func predictor(t *testing.T) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, r *http.Request) {
		const (
			spent = `{"prompt_tokens": 30, "completion_tokens": 12, "prompt_tokens_details": {"cached_tokens": 8}}`
			costs = `"cost_usd": 0.0007, "cached": false}`
		)
		w.Header().Set("Dspy-Scores", "relevance=0.8, absurd=7")
		w.Header().Set("Dspy-Lm-Calls", "1")
		if strings.HasSuffix(r.URL.Path, "/stream") {
			w.Header().Set("Content-Type", "text/event-stream")
			for range 3 {
				write(w, "data: {\"chunk\": \"a\"}\n\n")
				_ = http.NewResponseController(w).Flush()
				<-time.After(time.Millisecond) // a token takes its time
			}
			write(w, `event: prediction`+"\n"+`data: {"usage": {"lm": `+spent+`}, `+costs+"\n\n")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		write(w, `{"model": "lm", "choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}], "usage": `+spent+`, `+costs)
	}
	handle := func(w http.ResponseWriter, r *http.Request) {
		// Only then is it noticed when the client goes away.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		kind, value, _ := strings.Cut(r.Header.Get("X-Fault"), "=")
		switch kind {
		case "":
			answer(w, r)
		case "hang":
			<-r.Context().Done()
		case "slow":
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			select {
			case <-time.After(time.Duration(seconds * float64(time.Second))):
				answer(w, r)
			case <-r.Context().Done():
			}
		default:
			status, err := strconv.Atoi(kind)
			if err != nil {
				status = http.StatusBadRequest
			}
			http.Error(w, "as it was asked", status)
		}
	}
	mux.HandleFunc("POST /predict", handle)
	mux.HandleFunc("POST /predict/stream", handle)
	return serveHTTP(t, mux)
}

// serveHTTP serves until the test ends, whatever is in flight.
func serveHTTP(t *testing.T, handler http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.BaseContext = func(net.Listener) context.Context { return t.Context() }
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// write ignores that the client is gone, which then it notices itself.
func write(w io.Writer, text string) { _, _ = io.WriteString(w, text) }
