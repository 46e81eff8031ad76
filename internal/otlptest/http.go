package otlptest

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"
)

const protobuf = "application/x-protobuf"

// NewHTTP starts a receiver that speaks OTLP over HTTP with protobuf bodies, at
// the path /v1/metrics and without TLS.
func NewHTTP(t testing.TB) *Receiver {
	t.Helper()
	return NewHTTPWithTLS(t, nil)
}

// NewHTTPWithTLS is [NewHTTP] with TLS, unless the configuration is nil.
func NewHTTPWithTLS(t testing.TB, config *tls.Config) *Receiver {
	t.Helper()
	return start(t, config, func(p *http.Protocols) { p.SetHTTP1(true) }, func(r *Receiver) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /v1/metrics", r.serveHTTP)
		return mux
	})
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	if got := req.Header.Get("Content-Type"); got != protobuf {
		http.Error(w, fmt.Sprintf("otlptest: content type %q, want %q", got, protobuf), http.StatusUnsupportedMediaType)
		return
	}
	raw, err := read(req.Body, req.Header.Get("Content-Encoding"))
	if err != nil {
		http.Error(w, "otlptest: "+err.Error(), http.StatusBadRequest)
		return
	}
	resources, err := Decode(raw)
	if err != nil {
		http.Error(w, "otlptest: "+err.Error(), http.StatusBadRequest)
		return
	}
	answer := r.receive(req.Context(), Request{Header: req.Header.Clone(), Resources: resources})
	w.Header().Set("Content-Type", protobuf)
	if answer.retryAfter != "" {
		w.Header().Set("Retry-After", answer.retryAfter)
	}
	if body, ok := answer.body(); ok {
		_, _ = w.Write(body) // a client that goes away has seen no success
		return
	}
	w.WriteHeader(answer.httpStatus())
}
