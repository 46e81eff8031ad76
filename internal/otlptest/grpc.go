package otlptest

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"
)

// NewGRPC starts a receiver that speaks OTLP over gRPC, without TLS.
func NewGRPC(t testing.TB) *Receiver {
	t.Helper()
	return NewGRPCWithTLS(t, nil)
}

// NewGRPCWithTLS is [NewGRPC] with TLS, unless the configuration is nil.
//
// A call of gRPC is a POST by HTTP/2 whose status comes in the trailer, which net/http serves.
func NewGRPCWithTLS(t testing.TB, config *tls.Config) *Receiver {
	t.Helper()
	return start(t, config, func(p *http.Protocols) {
		p.SetHTTP2(true)
		p.SetUnencryptedHTTP2(true)
	}, func(r *Receiver) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /opentelemetry.proto.collector.metrics.v1.MetricsService/Export", r.serveGRPC)
		return mux
	})
}

func (r *Receiver) serveGRPC(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	end := func(code Code, message string) {
		w.WriteHeader(http.StatusOK)
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(int(code)))
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", message)
	}
	raw, err := unframe(req.Body, req.Header.Get("Grpc-Encoding"))
	if err != nil {
		end(Internal, err.Error())
		return
	}
	resources, err := Decode(raw)
	if err != nil {
		end(Internal, err.Error())
		return
	}
	answer := r.receive(req.Context(), Request{Header: req.Header.Clone(), Resources: resources})
	body, ok := answer.body()
	if !ok {
		end(answer.grpcCode(), "otlptest: not accepted")
		return
	}
	_, _ = w.Write(frame(body)) // a client that goes away has seen no success
	end(0, "")
}

// frameHeader is a byte that is 1 if the message is compressed, and its length.
const frameHeader = 5

func frame(message []byte) []byte {
	head := make([]byte, frameHeader, frameHeader+len(message))
	binary.BigEndian.PutUint32(head[1:], uint32(len(message))) //nolint:gosec // our own answers are short
	return append(head, message...)
}

// unframe reads the one message of a call.
func unframe(body io.Reader, encoding string) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(body, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxBody {
		return nil, errors.New("message too large")
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(body, message); err != nil {
		return nil, err
	}
	if head[0] == 0 {
		encoding = ""
	}
	return read(bytes.NewReader(message), encoding)
}
