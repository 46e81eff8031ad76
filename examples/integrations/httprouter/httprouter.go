// Package httprouter measures the routes of an httprouter.
package httprouter

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Handle adds a route that is measured. httprouter does not tell its handlers which
// route it took, so each route says its own.
func Handle(m *otelmetrics.Metrics, router *httprouter.Router, method, path string, handler http.Handler) {
	route := otelmetrics.WithRoute(func(*http.Request) string { return path })
	router.Handler(method, path, m.Middleware(handler, route))
}

// [docs:end recipe]
