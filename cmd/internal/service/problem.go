package service

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// problem is an error as RFC 9457 writes it, with the type of the metrics.
type problem struct {
	Title     string                `json:"title"`
	Status    int                   `json:"status"`
	Detail    string                `json:"detail"`
	ErrorType otelmetrics.ErrorType `json:"error_type"`
}

func writeProblem(w http.ResponseWriter, status int, errorType otelmetrics.ErrorType, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	secure(w.Header())
	write(w, status, problem{Title: http.StatusText(status), Status: status, Detail: detail, ErrorType: errorType})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, body)
}

// write ignores write errors: the client has disconnected, and the middleware has
// noticed. The Content-Length lets the middleware recognize a complete answer even if
// the client has not sent all of its request.
func write(w http.ResponseWriter, status int, body any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // strings and numbers
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, _ = text.WriteTo(w)
}

func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
}
