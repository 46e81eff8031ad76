package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// Metrics owns the pipeline: a meter provider whose instruments are read at [Metrics.Handler] and, if an endpoint is
// configured, pushed by OTLP. It contains the [Recorder] of its own service, so that all recording methods can be called on
// it. [New] makes it and [Metrics.Shutdown] ends it.
//
// Its methods are safe for concurrent use. The zero value records nothing.
type Metrics struct {
	// Recorder records for the service of [WithService]. Give it to code that records and does not own the pipeline.
	*Recorder
}

// New makes the pipeline. End it with [Metrics.Shutdown].
//
// It honors the variables of the OpenTelemetry specification: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
// OTEL_EXPORTER_OTLP_* and OTEL_EXPORTER_OTLP_METRICS_*, OTEL_METRICS_EXPORTER (otlp, console, prometheus, none),
// OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT, OTEL_METRICS_EXEMPLAR_FILTER, OTEL_SEMCONV_STABILITY_OPT_IN (see
// [WithGenAI]) and OTEL_SDK_DISABLED, with which nothing is recorded. Options override them. Any other variable that would
// configure a pipeline of metrics, such as OTEL_CONFIG_FILE, is an error.
//
// The error names everything that is wrong with the options and the variables. The metrics returned with an error are never
// nil and record nothing, so that a program may log the error and go on without metrics. A collector that cannot be reached
// is no error: see [Metrics.ForceFlush].
func New(ctx context.Context, options ...Option) (*Metrics, error) {
	c, err := newConfig(options)
	if err != nil {
		return new(Metrics), fmt.Errorf("otelmetrics: %w", err)
	}
	var r *Recorder
	p, err := newPipeline(ctx, c)
	if err == nil {
		r, err = p.recorderOfService(*p.service)
	}
	p.pushes.begin()
	if err != nil {
		return new(Metrics), fmt.Errorf("otelmetrics: %w", errors.Join(err, p.stop(ctx)))
	}
	return &Metrics{Recorder: r}, nil
}

// shared returns the pipeline, or nil if there is none.
func (m *Metrics) shared() *pipeline {
	if m == nil || m.Recorder == nil {
		return nil
	}
	return m.pipeline
}

// ForService returns the recorder of another service in the same process, which uses the same pipeline. An empty name is an
// error.
func (m *Metrics) ForService(name string) (*Recorder, error) {
	p := m.shared()
	if p == nil {
		return nil, nil
	}
	if name == "" {
		return nil, errors.New("otelmetrics: the name of the service is empty")
	}
	r, err := p.recorderOfService(name)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	return r, nil
}

// MeterProvider returns the provider for instruments of your own. They appear on the scrape and the push beside those of the
// contract, under their own names and never under dspy_. The zero Metrics return a provider that records nothing.
func (m *Metrics) MeterProvider() metric.MeterProvider {
	if p := m.shared(); p != nil {
		return p.provider
	}
	return noop.NewMeterProvider()
}

// Handler serves the metrics to Prometheus as text, OpenMetrics or protobuf, as the request asks. A metric that cannot be
// exposed is left out and counted, and the rest is served. Overlapping scrapes share one collection. After
// [Metrics.Shutdown] and for the zero Metrics it answers 503, so that the target shows as down and not as a service without
// metrics.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		p := m.shared()
		if p == nil || p.stopped.Load() {
			http.Error(w, "metrics are shut down", http.StatusServiceUnavailable)
			return
		}
		p.handler.ServeHTTP(w, request)
	})
}

// Gatherer returns what [Metrics.Handler] serves, for one page with the metrics of a Prometheus registry:
//
//	gatherers := prometheus.Gatherers{prometheus.DefaultGatherer, m.Gatherer()}
//	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherers, promhttp.HandlerOpts{EnableOpenMetrics: true}))
//
// It gathers an error after [Metrics.Shutdown], and nothing with [WithMeterProvider] and for the zero Metrics.
func (m *Metrics) Gatherer() prometheus.Gatherer {
	p := m.shared()
	if p == nil {
		return prometheus.Gatherers(nil)
	}
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		if p.stopped.Load() {
			return nil, errors.New("otelmetrics: the metrics are shut down")
		}
		return p.gatherer.Gather()
	})
}

// ForceFlush pushes what has been measured now and returns the error of the push. It does nothing without a push path.
func (m *Metrics) ForceFlush(ctx context.Context) error {
	if p := m.shared(); p != nil {
		return p.flush(ctx)
	}
	return nil
}

// Shutdown pushes a last time and ends the pipeline, for every recorder that uses it. It returns when ctx ends, even if the
// collector hangs, and after [DefaultShutdownTimeout] if ctx has no deadline. Later calls return what the first one did.
func (m *Metrics) Shutdown(ctx context.Context) error {
	if p := m.shared(); p != nil {
		return p.stop(ctx)
	}
	return nil
}

func defaultService() string { return "unknown_service:" + filepath.Base(os.Args[0]) }
