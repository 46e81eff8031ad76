package otelmetrics

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Endpoint records the requests to one route for servers that
// [Recorder.Middleware] cannot wrap. It keeps the series of each status, so that
// nothing is looked up. It is made by [Recorder.Endpoint], safe for concurrent
// use, and does nothing on a nil pointer.
type Endpoint struct {
	recorder      *Recorder
	route, method string
	statuses      [statusCodes]atomic.Pointer[metric.Float64Histogram]
}

// Endpoint returns a handle of a route and a request method. Give it the pattern
// of the route, never the path: see [Recorder.Middleware]. Keep the handle; each
// call makes a new one.
func (r *Recorder) Endpoint(route, method string) *Endpoint {
	if r == nil {
		return nil
	}
	return &Endpoint{recorder: r, route: route, method: method}
}

// RecordLatency observes how long a request took that was answered with a
// status. A negative duration is ignored.
func (e *Endpoint) RecordLatency(ctx context.Context, status int, elapsed time.Duration) {
	if e != nil && elapsed >= 0 {
		e.latency(status).Record(ctx, elapsed.Seconds())
	}
}

func (e *Endpoint) latency(status int) metric.Float64Histogram {
	known := status >= 0 && status < len(e.statuses)
	if known {
		if latency := e.statuses[status].Load(); latency != nil {
			return *latency
		}
	}
	latency := e.recorder.latency(e.route, e.method, status)
	if known {
		e.statuses[status].Store(&latency)
	}
	return latency
}
