package otelmetrics

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// startSpan starts the span of a prediction. There is none if the tracer, which
// is the user's, panics.
func (p *pipeline) startSpan(ctx context.Context) (context.Context, trace.Span) {
	type started struct {
		ctx  context.Context
		span trace.Span
	}
	s := guard(p, "WithTracerProvider", started{ctx, nil}, func() started {
		ctx, span := p.tracer.Start(ctx, "predict")
		return started{ctx, span}
	})
	return s.ctx, s.span
}

// endSpan ends the span of a prediction; the type of a success is empty.
func (p *pipeline) endSpan(span trace.Span, errorType ErrorType) {
	guard(p, "WithTracerProvider", struct{}{}, func() struct{} {
		if errorType != "" {
			span.SetStatus(codes.Error, string(errorType))
		}
		span.End()
		return struct{}{}
	})
}
