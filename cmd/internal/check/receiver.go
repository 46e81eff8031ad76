package check

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the only way to accept compressed requests
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// What a receiver takes at most.
const (
	maxClients = 100
	// maxExports are decoded at a time, so that memory is bounded.
	maxExports = 2
	// readTimeout is how long a client may take to send one export.
	readTimeout = 30 * time.Second
)

// Receiver takes OTLP metrics over gRPC and over HTTP, both at one address and
// without TLS.
type Receiver struct {
	checker  conformance.Checker
	maxBytes int
	listener net.Listener
	server   *http.Server
	served   chan error
	places   chan struct{}

	mu      sync.Mutex
	clients []*conformance.Client
	known   map[string]*conformance.Client // by their resource
	refused int
}

// Listen starts a receiver at the address. An export that is larger than
// maxBytes, when it is unpacked, is refused. Close ends the receiver.
func Listen(ctx context.Context, address string, checker conformance.Checker, maxBytes int) (*Receiver, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for OTLP at %q: %w", address, err)
	}
	r := &Receiver{
		checker: checker, maxBytes: maxBytes, listener: listener,
		served: make(chan error, 1), places: make(chan struct{}, maxExports),
		known: make(map[string]*conformance.Client),
	}
	service := grpc.NewServer(grpc.MaxRecvMsgSize(maxBytes))
	collectorpb.RegisterMetricsServiceServer(service, &metricsService{receiver: r})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/metrics", r.serveHTTP)

	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // what gRPC clients speak without TLS
	r.server = &http.Server{
		Protocols:   &protocols,
		ReadTimeout: readTimeout, // of one request, not of the connection, in HTTP/2
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if !r.enter(req) {
				return
			}
			defer func() { <-r.places }()
			if req.ProtoMajor == 2 && strings.HasPrefix(req.Header.Get("Content-Type"), "application/grpc") {
				service.ServeHTTP(w, req)
				return
			}
			mux.ServeHTTP(w, req)
		}),
	}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
}

// enter waits for a place.
func (r *Receiver) enter(req *http.Request) bool {
	select {
	case r.places <- struct{}{}:
		return true
	case <-req.Context().Done():
		return false
	}
}

// Addr is where the receiver listens.
func (r *Receiver) Addr() string { return r.listener.Addr().String() }

// Close ends the receiver and all its connections.
func (r *Receiver) Close() error {
	err := r.server.Close()
	if served := <-r.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Clients returns what has arrived, by client. Call it after Close.
func (r *Receiver) Clients() []*conformance.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.clients)
}

// Refused returns how many clients were too many to keep.
func (r *Receiver) Refused() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

func (r *Receiver) receive(in *collectorpb.ExportMetricsServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range in.GetResourceMetrics() {
		key := keyOf(resource.GetResource())
		client, ok := r.known[key]
		if !ok {
			if len(r.clients) == maxClients {
				r.refused++
				continue
			}
			client = conformance.NewClient(resource.GetResource())
			r.known[key] = client
			r.clients = append(r.clients, client)
		}
		client.Add(r.checker, resource)
	}
}

// keyOf identifies a resource.
func keyOf(resource proto.Message) string {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(resource)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

type metricsService struct {
	collectorpb.UnimplementedMetricsServiceServer
	receiver *Receiver
}

// Export is the one method of the OTLP metrics service.
func (s *metricsService) Export(_ context.Context, in *collectorpb.ExportMetricsServiceRequest) (*collectorpb.ExportMetricsServiceResponse, error) {
	s.receiver.receive(in)
	return &collectorpb.ExportMetricsServiceResponse{}, nil
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	var in collectorpb.ExportMetricsServiceRequest
	contentType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	body, err := unpacked(req.Body, req.Header.Get("Content-Encoding"), int64(r.maxBytes))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch contentType {
	case "application/x-protobuf":
		err = proto.Unmarshal(body, &in)
	case "application/json":
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, &in)
	default:
		http.Error(w, fmt.Sprintf("content type %q, want application/x-protobuf or application/json", contentType), http.StatusUnsupportedMediaType)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.receive(&in)
	w.Header().Set("Content-Type", contentType)
	if contentType == "application/json" {
		_, _ = io.WriteString(w, "{}")
	}
}

// unpacked reads a body of at most so many bytes.
func unpacked(body io.Reader, encoding string, most int64) ([]byte, error) {
	switch encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		body = unzipped
	default:
		return nil, fmt.Errorf("content encoding %q, want gzip or none", encoding)
	}
	return limited(body, most)
}

// limited reads everything, or fails if there is more than may be.
func limited(from io.Reader, most int64) ([]byte, error) {
	// One byte more than allowed shows that there was more.
	raw, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("cut off after %d bytes: %w", len(raw), err)
	case err != nil:
		return nil, err
	case int64(len(raw)) > most:
		return nil, fmt.Errorf("more than %d bytes when unpacked: see --max-bytes", most)
	}
	return raw, nil
}
