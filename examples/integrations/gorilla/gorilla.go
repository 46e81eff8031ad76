// Package gorilla measures the routes of a gorilla/mux router.
package gorilla

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Use measures the routes of the outermost router. Around the router the middleware
// would see no route, as gorilla gives its handlers a copy of the request. gorilla
// calls it for requests that have a route, so the handler of the others is wrapped
// on its own.
func Use(m *otelmetrics.Metrics, router *mux.Router) {
	route := otelmetrics.WithRoute(func(r *http.Request) string {
		if current := mux.CurrentRoute(r); current != nil {
			if pattern, err := current.GetPathTemplate(); err == nil {
				return pattern
			}
		}
		return ""
	})
	router.Use(func(next http.Handler) http.Handler { return m.Middleware(next, route) })
	router.NotFoundHandler = m.Middleware(http.NotFoundHandler())
}

// [docs:end recipe]
