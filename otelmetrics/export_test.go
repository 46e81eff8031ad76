package otelmetrics

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/trace/noop"
)

// WithClock sets the clock of the recorder.
func WithClock(now func() time.Time) Option {
	return optionFunc(func(c *config) { c.now = now })
}

// WithBuild sets the labels of the build.
func WithBuild(version, revision string) Option {
	return optionFunc(func(c *config) { c.buildInfo = build{version, revision} })
}

// WithOTLPProtocol sets the protocol of the push as OTEL_EXPORTER_OTLP_PROTOCOL does.
func WithOTLPProtocol(protocol string) Option {
	return optionFunc(func(c *config) { c.otlp.protocol = protocol })
}

// WithExportInterval sets the time between two pushes as OTEL_METRIC_EXPORT_INTERVAL does.
func WithExportInterval(interval time.Duration) Option {
	return optionFunc(func(c *config) { c.otlp.interval = interval })
}

// WithExemplarFilter sets the filter as OTEL_METRICS_EXEMPLAR_FILTER does, to any filter.
func WithExemplarFilter(filter exemplar.Filter) Option {
	return optionFunc(func(c *config) { c.exemplarFilter = filter })
}

// WithoutPriming leaves series out until their first measurement.
func WithoutPriming() Option {
	return optionFunc(func(c *config) { c.priming = false })
}

// WithEnvironment replaces the variables that New reads itself.
func WithEnvironment(variables map[string]string) Option {
	return optionFunc(func(c *config) {
		c.getenv = func(name string) string { return variables[name] }
		c.environ = func() (all []string) {
			for name, value := range variables {
				all = append(all, name+"="+value)
			}
			return all
		}
	})
}

// Now reads the clock of a recorder.
func Now(r *Recorder) time.Time { return r.pipeline.now() }

// RecordLatency records a request that was measured elsewhere.
func RecordLatency(ctx context.Context, r *Recorder, route, method string, status int, elapsed time.Duration) {
	r.latency(route, method, status).Record(ctx, elapsed.Seconds())
}

// RecordTimeToFirstToken records a time that was measured elsewhere.
func RecordTimeToFirstToken(ctx context.Context, r *Recorder, kind PredictionType, elapsed time.Duration) {
	if r != nil {
		r.Predictor(kind).recordFirstToken(ctx, r.model, elapsed)
	}
}

// Target returns where the push by OTLP goes, "" if there is none.
func Target(options ...Option) (string, error) {
	c, err := newConfig(options)
	if err != nil || !c.otlp.on {
		return "", err
	}
	return c.otlp.target.String(), nil
}

// Variables returns the names of the variables that New looks at.
func Variables() []string {
	e := environment{getenv: func(string) string { return "" }}
	c := config{tracerProvider: noop.NewTracerProvider()}
	c.readVariables(&e)
	return slices.Sorted(maps.Keys(e.asked))
}
