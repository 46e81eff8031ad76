package otelmetrics

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// startSpan starts the span of a prediction, which has the name of its type, and returns the context that has it. There is
// none if the tracer, which is the user's, panics.
func (p *Predictor) startSpan(ctx context.Context, prediction *Prediction) context.Context {
	pipeline := p.recorder.pipeline
	spanned := guard(pipeline, "WithTracerProvider", nil, func() context.Context {
		ctx, _ := pipeline.tracer.Start(ctx, "predict "+string(p.kind),
			trace.WithAttributes(spanAttribute(pipeline.contract.Labels.PredictionType, string(p.kind))))
		return ctx
	})
	if spanned == nil {
		return ctx
	}
	prediction.notes.add(noteSpan)
	return spanned
}

// endSpan ends the span of a prediction with its status and its model, if that is known. The type of a success is empty.
func (p *pipeline) endSpan(span trace.Span, model string, errorType ErrorType) {
	guard(p, "WithTracerProvider", struct{}{}, func() struct{} {
		defer span.End()
		labels := p.contract.Labels
		if model != "" {
			span.SetAttributes(spanAttribute(labels.Model, model))
		}
		if errorType == "" {
			span.SetAttributes(spanAttribute(labels.Status, views.StatusSuccess))
			return struct{}{}
		}
		span.SetAttributes(spanAttribute(labels.Status, views.StatusFailure), semconv.ErrorTypeKey.String(string(errorType)))
		span.SetStatus(codes.Error, string(errorType))
		return struct{}{}
	})
}

// spanAttribute returns the value of a label as the attribute of a span: dspy. and the label's key.
func spanAttribute(label views.Label, value string) attribute.KeyValue {
	return attribute.String("dspy."+label.Key, value)
}
