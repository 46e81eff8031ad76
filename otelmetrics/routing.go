package otelmetrics

import (
	"log/slog"
	"net/http"
	"sync/atomic"
)

// manyUnmatched is how many requests without a route, and none with one, mean
// that the middleware cannot see the routes.
const manyUnmatched = 20

// routing notices a middleware that is outside of the router, where every request
// is without a route. Its methods may be called concurrently.
type routing struct {
	matched   atomic.Bool
	unmatched atomic.Int64
}

// lost reports, once, that the routes cannot be seen: many requests were answered
// and none of them had a route. Those that a router answers itself do not count.
func (r *routing) lost(route string, status int) bool {
	switch {
	case r.matched.Load():
		return false
	case route != unmatched:
		r.matched.Store(true)
		return false
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == statusClientGone:
		return false
	default:
		return r.unmatched.Add(1) == manyUnmatched
	}
}

// routed logs how to mend a middleware that cannot see the routes.
func (p *pipeline) routed(route string, status int) {
	if p.routing.lost(route, status) {
		p.logger.Warn("no request has had a route, so all are recorded with the endpoint \"unmatched\": "+
			"the middleware is outside of the router. Move it inside, or set the route with WithRoute "+
			"or in the function that Request.End calls; docs/integrations.md shows how for each router",
			slog.Int("requests", manyUnmatched))
	}
}
