package otelmetrics

import (
	"context"
	"time"
)

// WithClock sets the clock of the recorder.
func WithClock(now func() time.Time) Option {
	return optionFunc(func(c *config) { c.now = now })
}

// WithEnvironment replaces the variables that New reads itself.
func WithEnvironment(variables map[string]string) Option {
	return optionFunc(func(c *config) { c.getenv = func(name string) string { return variables[name] } })
}

// Now reads the clock of a recorder.
func Now(r *Recorder) time.Time { return r.pipeline.now() }

// RecordLatency records a request that was measured elsewhere.
func RecordLatency(ctx context.Context, r *Recorder, route, method string, status int, elapsed time.Duration) {
	r.latency(route, method, status).Record(ctx, elapsed.Seconds())
}
