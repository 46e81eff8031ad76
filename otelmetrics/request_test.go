package otelmetrics_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// A request is recorded once, under the status that its end means, however it ends.
func TestRequest(t *testing.T) {
	t.Parallel()
	answer := func(status int) func() (string, int) {
		return func() (string, int) { return "/answers/{id}", status }
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, end := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	t.Cleanup(end)
	tests := map[string]struct {
		ctx    context.Context
		handle func(*otelmetrics.Request)
		route  string
		want   int
	}{
		"answered":               {t.Context(), func(r *otelmetrics.Request) { r.End(answer(404)) }, "/answers/{id}", 404},
		"without a status":       {t.Context(), func(r *otelmetrics.Request) { r.End(answer(0)) }, "/answers/{id}", 200},
		"without a route":        {t.Context(), func(r *otelmetrics.Request) { r.End(func() (string, int) { return "", 404 }) }, "unmatched", 404},
		"without an answer":      {t.Context(), func(r *otelmetrics.Request) { r.End(nil) }, "unmatched", 200},
		"canceled":               {canceled, func(r *otelmetrics.Request) { r.End(answer(200)) }, "/answers/{id}", 499},
		"canceled when complete": {canceled, func(r *otelmetrics.Request) { r.MarkComplete(); r.End(answer(200)) }, "/answers/{id}", 200},
		"too late":               {expired, func(r *otelmetrics.Request) { r.End(answer(0)) }, "/answers/{id}", 504},
		"answered in time":       {expired, func(r *otelmetrics.Request) { r.End(answer(503)) }, "/answers/{id}", 503},
		"panic": {t.Context(), func(r *otelmetrics.Request) {
			defer r.End(answer(200))
			panic("handler")
		}, "/answers/{id}", 500},
		"abort": {t.Context(), func(r *otelmetrics.Request) {
			defer r.End(answer(0))
			panic(http.ErrAbortHandler)
		}, "/answers/{id}", 499},
		"abort of a router that says 200": {t.Context(), func(r *otelmetrics.Request) {
			defer r.End(answer(200))
			panic(http.ErrAbortHandler)
		}, "/answers/{id}", 499},
		"abort after an error": {t.Context(), func(r *otelmetrics.Request) {
			defer r.End(answer(502))
			panic(http.ErrAbortHandler)
		}, "/answers/{id}", 502},
		"goroutine ends": {t.Context(), func(r *otelmetrics.Request) {
			defer r.End(answer(200))
			runtime.Goexit()
		}, "/answers/{id}", 500},
		"answer panics": {t.Context(), func(r *otelmetrics.Request) { r.End(func() (string, int) { panic("answer") }) }, "unmatched", 200},
		"answer ends":   {t.Context(), func(r *otelmetrics.Request) { r.End(func() (string, int) { runtime.Goexit(); return "", 0 }) }, "unmatched", 200},
		"ended twice":   {t.Context(), func(r *otelmetrics.Request) { r.End(answer(201)); r.End(answer(500)) }, "/answers/{id}", 201},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			panicked, _ := separately(func() {
				ctx, request := m.StartRequest(test.ctx, http.MethodPost, nil)
				if ctx != test.ctx {
					t.Error("got another context without a tracer, want the one given")
				}
				test.handle(&request)
			})
			if want := map[string]any{
				"panic": "handler", "abort": http.ErrAbortHandler,
				"abort of a router that says 200": http.ErrAbortHandler, "abort after an error": http.ErrAbortHandler,
			}[name]; panicked != want {
				t.Errorf("got panic %v, want %v", panicked, want)
			}
			wantLatency(t, m, test.route, http.MethodPost, test.want)
		})
	}
}

// The span of a request continues the trace of its headers, and says what became of it.
func TestRequestSpan(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]codes.Code{200: codes.Unset, 404: codes.Unset, 503: codes.Error} {
		exporter := tracetest.NewInMemoryExporter()
		m := newRecorder(t, otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))))
		ctx, request := m.StartRequest(t.Context(), http.MethodPost, propagation.MapCarrier{"traceparent": traceParent})
		if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != traceID {
			t.Errorf("context: got trace %s, want %s", got, traceID)
		}
		request.End(func() (string, int) { return "/predict", status })
		spans := exporter.GetSpans()
		if len(spans) != 1 {
			t.Fatalf("got %d spans, want 1", len(spans))
		}
		span := spans[0]
		if span.Name != "POST /predict" || span.SpanKind != trace.SpanKindServer || span.Status.Code != want || !span.Parent.IsRemote() {
			t.Errorf("status %d: got span %q of kind %s, status %s, parent %v; want a server span POST /predict of status %s with a remote parent",
				status, span.Name, span.SpanKind, span.Status.Code, span.Parent, want)
		}
		attributes := attribute.NewSet(span.Attributes...)
		for key, want := range map[attribute.Key]string{"http.request.method": "POST", "http.route": "/predict"} {
			if got, _ := attributes.Value(key); got.AsString() != want {
				t.Errorf("attribute %s: got %q, want %q", key, got.AsString(), want)
			}
		}
		if got, _ := attributes.Value("http.response.status_code"); got.AsInt64() != int64(status) {
			t.Errorf("attribute http.response.status_code: got %d, want %d", got.AsInt64(), status)
		}
		if page := scrape(t, m, openMetrics); !hasExemplar(page, "dspy_api_latency_seconds_bucket") {
			t.Errorf("got no exemplar with the trace, want one:\n%s", page)
		}
	}
}
