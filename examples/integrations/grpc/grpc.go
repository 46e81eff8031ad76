// Package grpc measures the methods of a gRPC server.
package grpc

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Options measure every method of a server, as a POST to the full method, which is
// what gRPC sends. An interceptor that recovers from panics has to come before them.
func Options(m *otelmetrics.Metrics) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(Unary(m)), grpc.ChainStreamInterceptor(Stream(m))}
}

// [docs:begin recipe]

// Unary measures calls with one answer.
func Unary(m *otelmetrics.Metrics) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, in any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (out any, err error) {
		ctx, request := m.StartRequest(ctx, http.MethodPost, headers(ctx))
		defer request.End(func() (route string, code int) { return info.FullMethod, httpStatus(err) })
		return handler(ctx, in)
	}
}

// Stream measures streams, from their begin to their end.
func Stream(m *otelmetrics.Metrics) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		ctx, request := m.StartRequest(stream.Context(), http.MethodPost, headers(stream.Context()))
		defer request.End(func() (route string, code int) { return info.FullMethod, httpStatus(err) })
		return handler(server, &streamWithContext{stream, ctx})
	}
}

// [docs:end recipe]

// streamWithContext is a stream whose context has the span of the request.
type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // gRPC asks for it.
}

// Context implements grpc.ServerStream.
func (s *streamWithContext) Context() context.Context { return s.ctx }

// headers are the metadata that the client sent.
func headers(ctx context.Context) propagation.TextMapCarrier {
	header := http.Header{}
	in, _ := metadata.FromIncomingContext(ctx)
	for name, values := range in {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	return propagation.HeaderCarrier(header)
}

// httpStatus is the status of HTTP for the code of an error, as gRPC's gateways
// translate it (google/rpc/code.proto).
func httpStatus(err error) int {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err) // as the server does before it answers
	}
	switch s.Code() {
	case codes.OK:
		return http.StatusOK
	case codes.Canceled:
		return 499
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	default: // Unknown, Internal, DataLoss
		return http.StatusInternalServerError
	}
}
