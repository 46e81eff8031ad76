package service_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// TestClassifyOfGRPC has the library judge errors of gRPC. It stands here because the library's
// module does not require gRPC.
func TestClassifyOfGRPC(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want otelmetrics.ErrorType
	}{
		"canceled":        {grpcstatus.Error(codes.Canceled, ""), otelmetrics.ErrorCanceled},
		"unknown":         {grpcstatus.Error(codes.Unknown, ""), otelmetrics.ErrorPredictionFailed},
		"argument":        {grpcstatus.Error(codes.InvalidArgument, ""), otelmetrics.ErrorInvalidInput},
		"deadline":        {fmt.Errorf("ask: %w", grpcstatus.Error(codes.DeadlineExceeded, "")), otelmetrics.ErrorTimeout},
		"not found":       {grpcstatus.Error(codes.NotFound, ""), otelmetrics.ErrorOther},
		"permission":      {grpcstatus.Error(codes.PermissionDenied, ""), otelmetrics.ErrorOther},
		"exhausted":       {errors.Join(errors.New("no"), fmt.Errorf("ask: %w", grpcstatus.Error(codes.ResourceExhausted, ""))), otelmetrics.ErrorRateLimit},
		"internal":        {grpcstatus.Error(codes.Internal, ""), otelmetrics.ErrorPredictionFailed},
		"unimplemented":   {grpcstatus.Error(codes.Unimplemented, ""), otelmetrics.ErrorPredictionFailed},
		"unavailable":     {&url.Error{Op: "Post", Err: grpcstatus.Error(codes.Unavailable, "")}, otelmetrics.ErrorUpstreamUnavailable},
		"unauthenticated": {grpcstatus.Error(codes.Unauthenticated, ""), otelmetrics.ErrorOther},
		"of the future":   {grpcstatus.Error(99, ""), otelmetrics.ErrorPredictionFailed},
	} {
		if got := otelmetrics.Classify(test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// A context that has ended decides about an error of gRPC, too.
func TestContextDecidesOverGRPC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := otelmetricstest.New(t)
	m.RecordUpstreamAttempt(ctx, grpcstatus.Error(codes.Unavailable, ""))
	m.Want(t, fmt.Sprintf(`dspy_upstream_attempts_total{outcome=%q,service="test"} 1`, otelmetrics.ErrorCanceled))
}
