package otlptest

import (
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

const protobuf = "application/x-protobuf"

// maxBody bounds a request after decompression, as the gRPC server does.
const maxBody = 4 << 20

// NewHTTP starts a receiver that speaks OTLP over HTTP with protobuf bodies, at
// the path /v1/metrics and without TLS.
func NewHTTP(t testing.TB) *Receiver {
	t.Helper()
	return NewHTTPWithTLS(t, nil)
}

// NewHTTPWithTLS is [NewHTTP] with TLS, unless the configuration is nil.
func NewHTTPWithTLS(t testing.TB, config *tls.Config) *Receiver {
	t.Helper()
	r := newReceiver(t, config)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/metrics", r.serveHTTP)

	// The server is assembled, not made by its constructor, which would open a
	// listener of its own. Its Close waits for the handlers.
	server := &httptest.Server{Listener: r.listener, Config: &http.Server{Handler: mux, ReadHeaderTimeout: patience, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}}
	if config != nil {
		server.TLS = config.Clone()
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return r
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	if got := req.Header.Get("Content-Type"); got != protobuf {
		http.Error(w, fmt.Sprintf("otlptest: content type %q, want %q", got, protobuf), http.StatusUnsupportedMediaType)
		return
	}
	var in collectorpb.ExportMetricsServiceRequest
	if err := decode(req, &in); err != nil {
		http.Error(w, "otlptest: "+err.Error(), http.StatusBadRequest)
		return
	}
	answer := r.receive(req.Context(), Request{Header: req.Header.Clone(), Metrics: in.GetResourceMetrics()})
	w.Header().Set("Content-Type", protobuf)
	if answer.retryAfter != "" {
		w.Header().Set("Retry-After", answer.retryAfter)
	}
	switch answer.mode {
	case accepting:
		// The answer to a complete success has no fields, so its encoding has no bytes.
		w.WriteHeader(http.StatusOK)
	case rejecting:
		body, err := proto.Marshal(rejection())
		if err != nil {
			http.Error(w, "otlptest: "+err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(body) // a client that goes away has seen no success
	case garbling:
		_, _ = w.Write([]byte("garbage"))
	default:
		w.WriteHeader(answer.httpStatus())
	}
}

func decode(req *http.Request, into proto.Message) error {
	var body io.Reader = req.Body
	switch encoding := req.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		unzipped, err := gzip.NewReader(req.Body)
		if err != nil {
			return err
		}
		body = unzipped
	default:
		return fmt.Errorf("content encoding %q, want gzip or none", encoding)
	}
	// One byte more than allowed shows that there was more.
	raw, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return err
	}
	if len(raw) > maxBody {
		return fmt.Errorf("body over %d bytes", maxBody)
	}
	return proto.Unmarshal(raw, into)
}
