package otelmetrics

import "time"

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
