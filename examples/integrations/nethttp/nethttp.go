// Package nethttp measures handlers of net/http: one mux, a mux inside another,
// and http.TimeoutHandler.
package nethttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Plain wraps a whole mux. The mux sets the pattern of the request, and the
// middleware reads it afterwards.
func Plain(m *otelmetrics.Metrics, mux *http.ServeMux) http.Handler { return m.Middleware(mux) }

// [docs:begin recipe]

// Sub mounts a mux below a prefix. http.StripPrefix gives the inner mux a copy of
// the request, so the middleware has to be inside of it, and adds the prefix to
// the pattern.
func Sub(m *otelmetrics.Metrics, outer *http.ServeMux, prefix string, inner *http.ServeMux) {
	route := otelmetrics.WithRoute(func(r *http.Request) string {
		if slash := strings.IndexByte(r.Pattern, '/'); slash >= 0 {
			return prefix + r.Pattern[slash:]
		}
		return ""
	})
	outer.Handle(prefix+"/", http.StripPrefix(prefix, m.Middleware(inner, route)))
}

// Timeout limits the time of one route. http.TimeoutHandler gives the handler a
// copy of the request and answers in its place, so the middleware is around it and
// below the mux.
func Timeout(m *otelmetrics.Metrics, mux *http.ServeMux, pattern string, handler http.Handler, limit time.Duration) {
	mux.Handle(pattern, m.Middleware(http.TimeoutHandler(handler, limit, "too slow")))
}

// [docs:end recipe]
