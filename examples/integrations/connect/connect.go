// Package connect measures the procedures of connect-go handlers.
package connect

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"go.opentelemetry.io/otel/propagation"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Interceptor measures every procedure of the handlers that have it, as a POST to
// the procedure. Pass it to connect.WithInterceptors after connect.WithRecover.
func Interceptor(m *otelmetrics.Metrics) connect.Interceptor { return &interceptor{m} }

type interceptor struct{ metrics *otelmetrics.Metrics }

// [docs:begin recipe]

// WrapUnary measures calls with one answer.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, in connect.AnyRequest) (out connect.AnyResponse, err error) {
		if in.Spec().IsClient {
			return next(ctx, in)
		}
		ctx, request := i.metrics.StartRequest(ctx, http.MethodPost, propagation.HeaderCarrier(in.Header()))
		defer request.End(func() (route string, status int) { return in.Spec().Procedure, httpStatus(err) })
		return next(ctx, in)
	}
}

// WrapStreamingHandler measures streams, from their begin to their end.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, stream connect.StreamingHandlerConn) (err error) {
		ctx, request := i.metrics.StartRequest(ctx, http.MethodPost, propagation.HeaderCarrier(stream.RequestHeader()))
		defer request.End(func() (route string, status int) { return stream.Spec().Procedure, httpStatus(err) })
		return next(ctx, stream)
	}
}

// [docs:end recipe]

// WrapStreamingClient leaves clients alone.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// httpStatus is the status of HTTP that Connect sends for the code of an error.
func httpStatus(err error) int {
	switch code := connect.CodeOf(err); {
	case err == nil:
		return http.StatusOK
	case code != connect.CodeUnknown:
	case errors.Is(err, context.Canceled): // as the handler translates it before it answers
		return 499
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	switch connect.CodeOf(err) {
	case connect.CodeCanceled:
		return 499
	case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeOutOfRange:
		return http.StatusBadRequest
	case connect.CodeUnauthenticated:
		return http.StatusUnauthorized
	case connect.CodePermissionDenied:
		return http.StatusForbidden
	case connect.CodeNotFound:
		return http.StatusNotFound
	case connect.CodeAlreadyExists, connect.CodeAborted:
		return http.StatusConflict
	case connect.CodeResourceExhausted:
		return http.StatusTooManyRequests
	case connect.CodeUnimplemented:
		return http.StatusNotImplemented
	case connect.CodeUnavailable:
		return http.StatusServiceUnavailable
	case connect.CodeDeadlineExceeded:
		return http.StatusGatewayTimeout
	default: // Unknown, Internal, DataLoss
		return http.StatusInternalServerError
	}
}
