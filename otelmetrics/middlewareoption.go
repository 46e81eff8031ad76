package otelmetrics

import "net/http"

// MiddlewareOption changes a default of [Metrics.Middleware]. A nil option is ignored.
type MiddlewareOption func(*middlewareConfig)

type middlewareConfig struct {
	choose   func(*http.Request) *Recorder
	route    func(*http.Request) string
	measured func(*http.Request) bool
}

// WithRoute sets what gives a request its endpoint, for routers that do not set the request's pattern. It is called after
// the handler returned. By default, if this option is not used or where it returns "", the endpoint is the pattern without
// method and host. It must never return what the client chose.
func WithRoute(route func(*http.Request) string) MiddlewareOption {
	return func(c *middlewareConfig) { c.route = route }
}

// WithRequestFilter sets which requests are measured. By default, if this option is not used or with nil, they are all but
// those to /metrics, /health, /healthz, /livez, /ready and /readyz.
func WithRequestFilter(measured func(*http.Request) bool) MiddlewareOption {
	return func(c *middlewareConfig) {
		if measured != nil {
			c.measured = measured
		}
	}
}

// WithRecorder sets what gives a request its recorder, for requests that belong to a value of a label of your own or to
// another service: choose returns what [Recorder.With] or [Metrics.ForService] returned, and nil to record no latency. It is
// called once for each request, before the handler. By default, if this option is not used or with nil, it is the
// recorder of the metrics.
func WithRecorder(choose func(*http.Request) *Recorder) MiddlewareOption {
	return func(c *middlewareConfig) { c.choose = choose }
}

// notProbe reports whether a request is not one of a scraper or a health check.
func notProbe(r *http.Request) bool {
	switch r.URL.Path {
	case "/metrics", "/health", "/healthz", "/livez", "/ready", "/readyz":
		return false
	default:
		return true
	}
}
