package otelmetrics

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
)

// unmatched is the endpoint of a request that no route took.
const unmatched = "unmatched"

// Middleware measures the requests to next: the latency until it returns, with the route's pattern (never the path), the
// method and the status. It may wrap one route or a whole mux.
//
// A handler that panics is recorded as 500 and the panic goes on. A client that goes away before its response is complete
// is recorded as 499, though nothing is written; see [MarkComplete] for streams. An upgraded connection is recorded as 101
// when it is taken over. The response writer keeps the interfaces that it has, and [http.ResponseController] works on it.
// Requests of scrapers and health checks are not measured, see [WithRequestFilter]. A middleware within another one of the
// same metrics does not measure a request again: it gives it its route and recorder, if the writers between the two have an
// Unwrap method.
//
// With [WithTracerProvider] each request gets a server span, which is the work of otelhttp. For servers that are not
// net/http's, or whose router knows the route only outside of this handler, there is [Recorder.StartRequest].
func (m *Metrics) Middleware(next http.Handler, options ...MiddlewareOption) http.Handler {
	p := m.shared()
	if p == nil {
		return next
	}
	c := middlewareConfig{measured: notProbe}
	for _, option := range options {
		if option != nil {
			option(&c)
		}
	}
	mw := &middleware{
		pipeline: p,
		next:     next,
		recorder: m.Recorder,
		choose:   guarded(p, "WithRecorder", m.Recorder, c.choose),
		route:    guarded(p, "WithRoute", unmatched, c.route),
		measured: guarded(p, "WithRequestFilter", true, c.measured),
	}
	if p.tracerProvider == nil {
		return mw
	}
	return otelhttp.NewHandler(mw, "http.server",
		otelhttp.WithFilter(mw.measured),
		otelhttp.WithPropagators(propagators()),
		otelhttp.WithTracerProvider(p.tracerProvider),
		otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()),
	)
}

// propagators read the trace context of a request, as W3C defines it.
func propagators() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

type middleware struct {
	pipeline *pipeline
	next     http.Handler
	recorder *Recorder
	choose   func(*http.Request) *Recorder // nil: recorder
	route    func(*http.Request) string    // nil: the request's pattern
	measured func(*http.Request) bool
}

// recorderOf returns the recorder of a request, which may be nil.
func (m *middleware) recorderOf(request *http.Request) *Recorder {
	if m.choose == nil {
		return m.recorder
	}
	return m.choose(request)
}

// ServeHTTP implements [http.Handler].
func (m *middleware) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if !m.measured(request) {
		m.next.ServeHTTP(w, request)
		return
	}
	if outer := m.pipeline.responseTo(w); outer != nil {
		outer.within(m, request)
		m.next.ServeHTTP(w, request)
		return
	}
	response := response{middleware: m, recorder: m.recorderOf(request), request: request, start: m.pipeline.uptime()}
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
	middleware *middleware
	writer     writer
	recorder   *Recorder
	request    *http.Request
	start      time.Duration // of the pipeline's uptime
	header     http.Header
	status     int // 0 until it is decided
	written    int64
	marked     bool // complete: see MarkComplete
	recorded   bool
	inner      *inner // the innermost middleware within this one, or nil
}

// inner is a middleware within another one, and what it got.
type inner struct {
	middleware *middleware
	request    *http.Request
}

// within notes that an inner middleware got the request too. The outer one measures it, as it sees the whole of it. The inner
// one is closer to the handler: it may know the route where the outer one does not, and it has the last word on the recorder.
func (r *response) within(m *middleware, request *http.Request) {
	r.inner = &inner{m, request}
	if m.choose != nil {
		r.recorder = m.choose(request)
	}
}

// outcome returns the status to record after the handler has returned, has panicked, or has ended its goroutine.
func (r *response) outcome(returned bool, panicked any) int {
	ctx := r.request.Context()
	// The length of the body matters only when the client went away.
	return outcome(ctx, r.status, ctx.Err() == nil || r.complete(), returned, panicked)
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
		r.recorder.recordLatency(r.request.Context(), endpoint, r.request.Method, status, r.start)
	}()
	if r.inner != nil {
		endpoint = r.inner.middleware.endpoint(r.inner.request)
	}
	if endpoint == unmatched {
		endpoint = r.middleware.endpoint(r.request)
	}
}

// endpoint returns the route of the request. The mux sets the pattern while the
// handler runs, so it is asked for afterwards.
func (m *middleware) endpoint(request *http.Request) string {
	if m.route != nil {
		if endpoint := m.route(request); endpoint != "" {
			return endpoint
		}
	}
	// "[METHOD ][HOST]/[PATH]", as net/http documents patterns.
	if slash := strings.IndexByte(request.Pattern, '/'); slash >= 0 {
		return request.Pattern[slash:]
	}
	return unmatched
}
