package otelmetrics

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/goexit"
)

// Request is one request in progress to a server that [Metrics.Middleware] cannot wrap. It is made by
// [Recorder.StartRequest] and ended by [Request.End].
//
// It must not be copied. Its methods are safe for concurrent use, and do nothing on a nil pointer or the zero value.
type Request struct {
	recorder *Recorder
	ctx      context.Context
	method   string
	span     trace.Span    // nil without a tracer
	start    time.Duration // of the pipeline's uptime
	complete atomic.Bool
	ended    atomic.Bool
}

// StartRequest starts the clock of a request, for routers and servers of any kind. Defer its end in the same function:
//
//	ctx, request := m.StartRequest(r.Context(), r.Method, propagation.HeaderCarrier(r.Header))
//	defer request.End(func() (route string, status int) { return c.FullPath(), c.Writer.Status() })
//
// With [WithTracerProvider] the returned context carries a server span, whose parent is in the headers (W3C trace context)
// if they name one. Otherwise it is ctx as it was. Headers may be nil.
func (r *Recorder) StartRequest(ctx context.Context, method string, headers propagation.TextMapCarrier) (started context.Context, request Request) {
	if r == nil {
		started = ctx
		return
	}
	if r.pipeline.tracer != nil {
		ctx, request.span = r.pipeline.startRequestSpan(ctx, method, headers)
	}
	request.recorder, request.ctx, request.method, request.start = r, ctx, method, r.pipeline.uptime()
	started = ctx
	return
}

// End records the latency of the request, once. Later calls do nothing. It asks answer for the route and the status, when
// the request is over. The route is the router's pattern and never the path; "" means that no route matched. A status of
// zero means that none was written. A nil answer gives neither.
//
// The status is recorded as [Metrics.Middleware] does it: 500 for a goroutine that panics or ends, 499 for a context that
// was canceled before [Request.MarkComplete], 504 for a context whose deadline passed before there was a status, and
// otherwise that of the answer, or 200 without one. A panic goes on. One with [http.ErrAbortHandler] breaks the answer off:
// it is 499, as many routers say 200 before anything is written, or another status that the answer gives. For this End has to
// be deferred itself, not called in a deferred function.
func (r *Request) End(answer func() (route string, status int)) {
	if r == nil || r.recorder == nil {
		return
	}
	panicked := recover()
	if panicked != nil {
		defer panic(panicked) //nolint:forbidigo // the caller's own panic goes on
	}
	if r.ended.Swap(true) {
		return
	}
	returned := panicked == nil && !goexit.Runs(r.recorder.pipeline.goexit)
	route, status := unmatched, 0
	defer func() { // The answer is the user's function, and may panic or end the goroutine.
		if status == http.StatusOK && panicked == any(http.ErrAbortHandler) {
			status = 0 // gin, echo and fiber say 200 before anything is written
		}
		status = outcome(r.ctx, status, r.complete.Load(), returned, panicked)
		r.recorder.recordLatency(r.ctx, route, r.method, status, r.start)
		if r.span != nil {
			r.recorder.pipeline.endRequestSpan(r.span, r.method, route, status)
		}
	}()
	if answer == nil {
		return
	}
	type said struct {
		route  string
		status int
	}
	a := guard(r.recorder.pipeline, "Request.End", said{}, func() said {
		route, status := answer()
		return said{route, status}
	})
	status = a.status
	if a.route != "" {
		route = a.route
	}
}

// MarkComplete reports that the client has the whole response, so that its going away afterwards is no cancellation. See
// the function [MarkComplete].
func (r *Request) MarkComplete() {
	if r != nil {
		r.complete.Store(true)
	}
}

// outcome returns the status to record for a request whose handler has returned, has panicked, or has ended its goroutine,
// to which a server sends no answer. The status is 0 if none was written.
func outcome(ctx context.Context, status int, complete, returned bool, panicked any) int {
	err := ctx.Err()
	aborted := panicked == any(http.ErrAbortHandler)
	switch {
	case !returned && !aborted:
		return http.StatusInternalServerError
	case errors.Is(err, context.Canceled) && !complete:
		return statusClientGone
	case aborted && status == 0:
		return statusClientGone
	case errors.Is(err, context.DeadlineExceeded) && status == 0:
		return http.StatusGatewayTimeout
	case status == 0:
		return http.StatusOK
	default:
		return status
	}
}

// startRequestSpan starts the server span of a request. There is none if the tracer, which is the user's, panics.
func (p *pipeline) startRequestSpan(ctx context.Context, method string, headers propagation.TextMapCarrier) (context.Context, trace.Span) {
	type started struct {
		ctx  context.Context
		span trace.Span
	}
	s := guard(p, "WithTracerProvider", started{ctx, nil}, func() started {
		parent := ctx
		if headers != nil {
			parent = propagators().Extract(ctx, headers)
		}
		ctx, span := p.tracer.Start(parent, method, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(semconv.HTTPRequestMethodKey.String(method)))
		return started{ctx, span}
	})
	return s.ctx, s.span
}

// endRequestSpan ends the server span of a request as the conventions for HTTP ask: named by method and route, and an error
// only where the fault is the server's.
func (p *pipeline) endRequestSpan(span trace.Span, method, route string, status int) {
	guard(p, "WithTracerProvider", struct{}{}, func() struct{} {
		defer span.End()
		if route != unmatched {
			span.SetName(method + " " + route)
			span.SetAttributes(semconv.HTTPRoute(route))
		}
		span.SetAttributes(semconv.HTTPResponseStatusCode(status))
		if status >= http.StatusInternalServerError {
			span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
			span.SetStatus(codes.Error, "")
		}
		return struct{}{}
	})
}

// statusCodes is how many status codes HTTP has room for: RFC 9110 §15.
const statusCodes = 600

// codeTexts are the texts of the codes, made once: making one for each request
// would allocate.
func codeTexts() []string {
	texts := make([]string, statusCodes)
	for code := range texts {
		texts[code] = strconv.Itoa(code)
	}
	return texts
}

// latency returns the series of a route, a method and a status.
func (r *Recorder) latency(route, method string, status int) metric.Float64Histogram {
	codes := r.pipeline.codes
	if status >= 0 && status < len(codes) {
		return r.latencies.Get(route, method, codes[status])
	}
	return r.latencies.Get(route, method, strconv.Itoa(status))
}

// recordLatency records the latency of a request that began at start, an uptime of the pipeline.
func (r *Recorder) recordLatency(ctx context.Context, route, method string, status int, start time.Duration) {
	r.pipeline.routed(route, status)
	r.latency(route, method, status).Record(ctx, r.pipeline.since(start).Seconds())
}
