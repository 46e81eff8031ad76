package otelmetrics

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// unmatched is the endpoint of a request that no route took.
const unmatched = "unmatched"

// Middleware measures the requests to next: the latency until it returns, with
// the route's pattern (never the path), the method and the status. It may wrap
// one route or a whole mux.
//
// A handler that panics is recorded as 500 and the panic goes on. A client that
// goes away before its response is complete is recorded as 499, though nothing
// is written; see [MarkComplete] for streams. An upgraded connection is recorded
// as 101 when it is taken over. The response writer keeps the interfaces that it
// has, and [http.ResponseController] works on it. Requests of scrapers and health
// checks are not measured, see [WithRequestFilter].
//
// With [WithTracerProvider] each request gets a server span, and with
// [WithHTTPMetrics] it is recorded in OpenTelemetry's own metrics as well; both
// are the work of otelhttp.
func (r *Recorder) Middleware(next http.Handler) http.Handler {
	if r == nil {
		return next
	}
	return r.middleware(next, func(*http.Request) *Recorder { return r })
}

// MiddlewareFor is [Recorder.Middleware] for requests that tell a label of your
// own: choose is called once for each request, before next, and returns the
// recorder that its latency goes to, as [Recorder.With] gives it; nil records none. It shares the
// pipeline with r, whose filter and spans hold for all of them.
func (r *Recorder) MiddlewareFor(next http.Handler, choose func(*http.Request) *Recorder) http.Handler {
	if r == nil {
		return next
	}
	return r.middleware(next, guarded(r.pipeline, "MiddlewareFor", r, choose))
}

func (r *Recorder) middleware(next http.Handler, choose func(*http.Request) *Recorder) http.Handler {
	var handler http.Handler = &middleware{pipeline: r.pipeline, choose: choose, next: next}
	p := r.pipeline
	if p.tracerProvider == nil && !p.httpMetrics {
		return handler
	}
	options := []otelhttp.Option{
		otelhttp.WithFilter(p.measured),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
		otelhttp.WithTracerProvider(tracenoop.NewTracerProvider()),
		otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()),
	}
	if p.tracerProvider != nil {
		options = append(options, otelhttp.WithTracerProvider(p.tracerProvider))
	}
	if p.httpMetrics {
		// The Host header is the client's: without a name of our own it would
		// become a label.
		options = append(options, otelhttp.WithMeterProvider(p.provider), otelhttp.WithServerName(serverName(*p.service)))
	}
	return otelhttp.NewHandler(handler, "http.server", options...)
}

// serverName returns the name with a port, and nothing in it that would make
// otelhttp read it differently and take the port of the Host header instead.
func serverName(service string) string {
	return strings.NewReplacer(":", "_", "[", "_", "]", "_").Replace(service) + ":0"
}

type middleware struct {
	pipeline *pipeline
	choose   func(*http.Request) *Recorder
	next     http.Handler
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

// ServeHTTP implements [http.Handler].
func (m *middleware) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	p := m.pipeline
	if !p.measured(request) {
		m.next.ServeHTTP(w, request)
		return
	}
	response := response{recorder: m.choose(request), request: request, start: p.now()}
	returned := false
	defer func() {
		panicked := recover()
		if panicked != nil {
			defer panic(panicked) //nolint:forbidigo // the handler's own panic goes on
		}
		response.record(response.outcome(returned, panicked))
	}()
	m.next.ServeHTTP(response.wrap(w), request)
	returned = true
}

// response is what became of one request.
type response struct {
	writer   writer
	recorder *Recorder
	request  *http.Request
	start    time.Time
	header   http.Header
	status   int // 0 until it is decided
	written  int64
	marked   bool // complete: see MarkComplete
	recorded bool
}

// outcome returns the status to record after the handler has returned, has
// panicked, or has ended its goroutine, to which the server sends no answer.
func (r *response) outcome(returned bool, panicked any) int {
	err := r.request.Context().Err()
	aborted := panicked == any(http.ErrAbortHandler)
	switch {
	case !returned && !aborted:
		return http.StatusInternalServerError
	case errors.Is(err, context.Canceled) && !r.complete():
		return statusClientGone
	case aborted && r.status == 0:
		return statusClientGone
	case errors.Is(err, context.DeadlineExceeded) && r.status == 0:
		return http.StatusGatewayTimeout
	case r.status == 0:
		return http.StatusOK
	default:
		return r.status
	}
}

// complete reports whether the client has the whole response: the handler said
// so, or all of the announced body has been written. Any other body of unknown
// length is complete only when the handler returns to a client that is still
// there.
func (r *response) complete() bool {
	if r.status == 0 {
		return false
	}
	if r.marked {
		return true
	}
	length, err := strconv.ParseInt(r.header.Get("Content-Length"), 10, 64)
	return err == nil && r.written >= length
}

// record records the latency, once.
func (r *response) record(status int) {
	if r.recorded {
		return
	}
	r.recorded = true
	if r.recorder == nil {
		return
	}
	endpoint := unmatched
	defer func() { // The function that knows the route is the user's, and may end the goroutine.
		latency := r.recorder.latency(endpoint, r.request.Method, status)
		latency.Record(r.request.Context(), r.recorder.pipeline.since(r.start).Seconds())
	}()
	endpoint = r.recorder.pipeline.endpoint(r.request)
}

// endpoint returns the route of the request. The mux sets the pattern while the
// handler runs, so it is asked for afterwards.
func (p *pipeline) endpoint(request *http.Request) string {
	if p.route != nil {
		if endpoint := p.route(request); endpoint != "" {
			return endpoint
		}
	}
	// "[METHOD ][HOST]/[PATH]", as net/http documents patterns.
	if slash := strings.IndexByte(request.Pattern, '/'); slash >= 0 {
		return request.Pattern[slash:]
	}
	return unmatched
}
