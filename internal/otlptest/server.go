package otlptest

import (
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
)

// maxBody bounds a request after decompression, as gRPC servers do by default.
const maxBody = 4 << 20

// start serves a handler until the test ends, and lets none of its calls outlive it.
func start(t testing.TB, config *tls.Config, protocol func(*http.Protocols), handler func(*Receiver) http.Handler) *Receiver {
	t.Helper()
	r := newReceiver(t, config)
	handle := handler(r)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.handling.RLock()
			defer r.handling.RUnlock()
			handle.ServeHTTP(w, req)
		}),
		Protocols:         new(http.Protocols),
		TLSConfig:         config,
		ReadHeaderTimeout: patience,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, 0),
	}
	protocol(server.Protocols)
	served := make(chan error, 1)
	go func() {
		if config != nil {
			served <- server.ServeTLS(r.listener, "", "")
			return
		}
		served <- server.Serve(r.listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		r.handling.Lock() // when the last call has returned
		defer r.handling.Unlock()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("otlptest: %v", err)
		}
	})
	return r
}

// read returns a body, after decompression.
func read(body io.Reader, encoding string) ([]byte, error) {
	switch encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	default:
		return nil, fmt.Errorf("content encoding %q, want gzip or none", encoding)
	}
	// One byte more than allowed shows that there was more.
	raw, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxBody {
		return nil, fmt.Errorf("body over %d bytes", maxBody)
	}
	return raw, nil
}

// rejection is the answer of [Reject]: an ExportMetricsServiceResponse with a partial
// success, which has the number of points that were rejected and a message.
func rejection() []byte {
	const text = "otlptest: rejected"
	partial := append([]byte{1 << 3, 1, 2<<3 | 2, byte(len(text))}, text...)
	return append([]byte{1<<3 | 2, byte(len(partial))}, partial...) //nolint:gosec // a short text
}
