package otlptest

import (
	"context"
	"crypto/tls"
	"net/http"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // the only way to accept compressed requests
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// NewGRPC starts a receiver that speaks OTLP over gRPC, without TLS.
func NewGRPC(t testing.TB) *Receiver {
	t.Helper()
	return NewGRPCWithTLS(t, nil)
}

// NewGRPCWithTLS is [NewGRPC] with TLS, unless the configuration is nil.
func NewGRPCWithTLS(t testing.TB, config *tls.Config) *Receiver {
	t.Helper()
	r := newReceiver(t, config)
	options := []grpc.ServerOption{grpc.WaitForHandlers(true)}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	server := grpc.NewServer(options...)
	collectorpb.RegisterMetricsServiceServer(server, &grpcService{receiver: r})

	served := make(chan error, 1)
	go func() { served <- server.Serve(r.listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("otlptest: %v", err)
		}
	})
	return r
}

type grpcService struct {
	collectorpb.UnimplementedMetricsServiceServer
	receiver *Receiver
}

// Export is the one method of the OTLP metrics service.
func (s *grpcService) Export(ctx context.Context, in *collectorpb.ExportMetricsServiceRequest) (*collectorpb.ExportMetricsServiceResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	header := http.Header{}
	for key, values := range md {
		for _, v := range values {
			header.Add(key, v)
		}
	}
	answer := s.receiver.receive(ctx, Request{Header: header, Metrics: in.GetResourceMetrics()})
	switch answer.mode {
	case accepting:
		return &collectorpb.ExportMetricsServiceResponse{}, nil
	case rejecting:
		return rejection(), nil
	case garbling:
		garbage := new(collectorpb.ExportMetricsServiceResponse)
		garbage.ProtoReflect().SetUnknown([]byte("garbage"))
		return garbage, nil
	default:
		return nil, status.Error(answer.grpcCode(), "otlptest: not accepted")
	}
}

// rejection is the partial success of [Reject].
func rejection() *collectorpb.ExportMetricsServiceResponse {
	return &collectorpb.ExportMetricsServiceResponse{
		PartialSuccess: &collectorpb.ExportMetricsPartialSuccess{RejectedDataPoints: 1, ErrorMessage: "otlptest: rejected"},
	}
}
