package check

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the only way to accept compressed requests
	"google.golang.org/protobuf/proto"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/otlp"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// What a receiver takes at most.
const (
	maxClients = 100
	// maxKept is how many bytes of series are kept of all clients together.
	maxKept = 64 << 20
	// bodies is how many exports of the largest size may be read at a time.
	bodies = 4
	// idleTimeout is how long a connection may be idle; a client sends every minute.
	idleTimeout = 5 * time.Minute
)

// Receiver takes OTLP metrics over gRPC and over HTTP, both at one address and
// without TLS.
type Receiver struct {
	checker  conformance.Checker
	maxBytes int
	listener net.Listener
	server   *http.Server
	served   chan error
	grpc     *grpc.Server
	intake   *intake
	decoding chan struct{} // has the one export that is decoded at a time

	mu      sync.Mutex
	clients []*conformance.Client
	known   map[[sha256.Size]byte]*conformance.Client // by their resource
	kept    int64                                     // of all clients
	missed  missed
	closed  bool
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
		served: make(chan error, 1), intake: newIntake(bodies * maxBytes), decoding: make(chan struct{}, 1),
		known: make(map[[sha256.Size]byte]*conformance.Client),
		grpc:  grpc.NewServer(grpc.MaxRecvMsgSize(maxBytes), grpc.ForceServerCodecV2(newCodec(maxBytes))),
	}
	collectorpb.RegisterMetricsServiceServer(r.grpc, &metricsService{receiver: r})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/metrics", r.serveHTTP)
	mux.HandleFunc("POST /opentelemetry.proto.collector.metrics.v1.MetricsService/Export", r.serveGRPC)

	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // what gRPC clients speak without TLS
	r.server = &http.Server{
		Protocols:         &protocols,
		ReadHeaderTimeout: readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		Handler:           mux,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // the report is what it says
	}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
}

// enter reads the body of a request and then waits until it may be decoded. A slow
// sender does not delay others, because its body is read first. The caller calls
// leave.
func (r *Receiver) enter(w http.ResponseWriter, req *http.Request) (body []byte, leave func(), err error) {
	const frame = 5 // of gRPC, before the message
	body, give, err := r.intake.read(w, req, r.maxBytes+frame)
	if err != nil {
		give()
		r.miss(err)
		return nil, nil, err
	}
	select {
	case r.decoding <- struct{}{}:
		return body, func() { <-r.decoding; give() }, nil
	case <-req.Context().Done():
		give()
		return nil, nil, context.Cause(req.Context())
	}
}

// Addr is where the receiver listens.
func (r *Receiver) Addr() string { return r.listener.Addr().String() }

// Close ends the receiver and all its connections.
func (r *Receiver) Close() error {
	r.mu.Lock()
	r.closed = true // what is cut off now has not been refused
	r.mu.Unlock()
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

// Missed returns what arrived and was not checked, as findings.
func (r *Receiver) Missed() []conformance.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.missed.findings()
}

// miss takes note of an export that was refused.
func (r *Receiver) miss(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.missed.refused++
	if r.missed.reason == nil {
		r.missed.reason = reason
	}
}

func (r *Receiver) receive(in *collectorpb.ExportMetricsServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range in.GetResourceMetrics() {
		key := keyOf(resource.GetResource())
		client, ok := r.known[key]
		if !ok {
			if len(r.clients) == maxClients {
				r.missed.clients++
				continue
			}
			client = otlp.NewClient(resource.GetResource())
			r.known[key] = client
			r.clients = append(r.clients, client)
		}
		before := client.Kept()
		client.Most = before + maxKept - r.kept
		client.Add(r.checker, otlp.Metrics(resource))
		r.kept += client.Kept() - before
	}
}

// keyOf identifies a resource.
func keyOf(resource proto.Message) [sha256.Size]byte {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(resource)
	if err != nil {
		return sha256.Sum256([]byte(err.Error()))
	}
	return sha256.Sum256(raw)
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

// serveGRPC has the body read before gRPC sees the request: it would decode as many
// at a time as there are clients.
func (r *Receiver) serveGRPC(w http.ResponseWriter, req *http.Request) {
	body, leave, err := r.enter(w, req)
	if err != nil {
		w.Header().Set("Content-Type", "application/grpc")
		_, code := statusOf(err)
		w.Header().Set("Grpc-Status", strconv.Itoa(int(code)))
		w.Header().Set("Grpc-Message", err.Error())
		return
	}
	defer leave()
	req.Body = io.NopCloser(bytes.NewReader(body))
	r.grpc.ServeHTTP(w, req)
	if status := w.Header().Get("Grpc-Status"); status != "" && status != "0" { // a trailer
		r.miss(errors.New(w.Header().Get("Grpc-Message")))
	}
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	body, leave, err := r.enter(w, req)
	if err != nil {
		status, _ := statusOf(err)
		http.Error(w, err.Error(), status)
		return
	}
	defer leave()
	contentType := req.Header.Get("Content-Type")
	plain, err := unpacked(bytes.NewReader(body), req.Header.Get("Content-Encoding"), int64(r.maxBytes))
	status := http.StatusBadRequest
	var in *collectorpb.ExportMetricsServiceRequest
	if err == nil {
		in, status, err = decode(plain, contentType, r.maxBytes)
	}
	if err != nil {
		r.miss(err)
		http.Error(w, err.Error(), status)
		return
	}
	r.receive(in)
	w.Header().Set("Content-Type", contentType)
	if strings.HasPrefix(contentType, "application/json") {
		_, _ = io.WriteString(w, "{}")
	}
}
