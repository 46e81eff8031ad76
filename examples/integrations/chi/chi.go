// Package chi measures the routes of a chi router.
package chi

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Middleware is for the Use of the outermost router. Around the router it would see
// no route, as chi gives its handlers a copy of the request.
func Middleware(m *otelmetrics.Metrics) func(http.Handler) http.Handler {
	route := otelmetrics.WithRoute(func(r *http.Request) string {
		return chi.RouteContext(r.Context()).RoutePattern()
	})
	return func(next http.Handler) http.Handler { return m.Middleware(next, route) }
}

// [docs:end recipe]
