package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Recorder records the metrics of the contract for one service.
//
// Its methods are safe for concurrent use, never block, and do nothing on a nil
// pointer. What is measured after [Recorder.Shutdown] is lost, silently.
type Recorder struct {
	pipeline *pipeline

	outcomes       *outcomes
	predictors     *label.Tree[*Predictor]
	caches         *label.Tree[*Cache]
	errors, tokens *label.Tree[metric.Int64Counter]
	latencies      *label.Tree[metric.Float64Histogram]
}

// New returns a recorder with a pipeline of its own: a meter provider whose
// instruments are read at [Recorder.Handler] and, if an endpoint is configured,
// pushed by OTLP. End it with [Recorder.Shutdown].
//
// It honors the variables of the OpenTelemetry specification: OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_* and
// OTEL_EXPORTER_OTLP_METRICS_*, OTEL_METRICS_EXPORTER (otlp, prometheus, none),
// OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT,
// OTEL_METRICS_EXEMPLAR_FILTER and OTEL_SDK_DISABLED, with which the recorder
// records nothing. Options override them.
//
// The error names everything that is wrong with the options and the variables.
// A collector that cannot be reached is no error: see [Recorder.ForceFlush].
func New(ctx context.Context, options ...Option) (*Recorder, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	p, err := newPipeline(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	r, err := p.recorder(*p.service)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", errors.Join(err, p.stop(ctx)))
	}
	return r, nil
}

func defaultService() string { return "unknown_service:" + filepath.Base(os.Args[0]) }

// ForService returns the recorder of another service in the same process. It
// shares the pipeline: handler, push and shutdown are the same for both. An
// empty name is an error.
func (r *Recorder) ForService(name string) (*Recorder, error) {
	if r == nil {
		return nil, nil
	}
	if name == "" {
		return nil, errors.New("otelmetrics: the name of the service is empty")
	}
	other, err := r.pipeline.recorder(name)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	return other, nil
}

// recorder returns the one recorder of a service: two would report the same
// series.
func (p *pipeline) recorder(service string) (*Recorder, error) {
	service = p.labels[p.contract.Labels.Service.Key].Bounded(service)
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.recorders[service]; ok {
		return r, nil
	}
	r, err := newRecorder(p, service)
	if err == nil {
		p.recorders[service] = r
	}
	return r, err
}

func newRecorder(p *pipeline, service string) (*Recorder, error) {
	m := p.contract.Metrics
	r := &Recorder{pipeline: p}
	if err := errors.Join(
		r.declareOutcomes(service),
		r.declarePredictors(service),
		r.declareCaches(service),
		set(&r.errors, p, m.Errors, int64Counter, service),
		set(&r.tokens, p, m.Tokens, int64Counter, service),
		set(&r.latencies, p, m.APILatency, float64Histogram, service),
	); err != nil {
		return nil, err
	}
	if p.priming {
		r.prime()
	}
	return r, nil
}

func set[T any](to **label.Tree[T], p *pipeline, m views.Metric, kind func(*bound.Meter, views.Metric) (bind[T], error), service string) (err error) {
	*to, err = newSeries(p, m, kind, service)
	return err
}

// MeterProvider returns the provider for instruments of your own, which appear
// on the scrape and the push beside those of the contract, under their own names
// and never under dspy_. It is a no-op provider for a nil recorder.
func (r *Recorder) MeterProvider() metric.MeterProvider {
	if r == nil {
		return noop.NewMeterProvider()
	}
	return r.pipeline.provider
}

// Handler serves the metrics to Prometheus, as text or OpenMetrics, as the
// request asks. A metric that cannot be exposed is left out and counted; the
// rest is served. Overlapping scrapes share one collection. After
// [Recorder.Shutdown] and for a nil recorder it answers 503, so that the target
// shows as down and not as a service without metrics.
func (r *Recorder) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r == nil || r.pipeline.stopped.Load() {
			http.Error(w, "metrics are shut down", http.StatusServiceUnavailable)
			return
		}
		r.pipeline.handler.ServeHTTP(w, request)
	})
}

// ForceFlush pushes what has been measured now and returns the error of the
// push. It does nothing without a push path.
func (r *Recorder) ForceFlush(ctx context.Context) error {
	if r == nil {
		return nil
	}
	return r.pipeline.flush(ctx)
}

// Shutdown pushes a last time and ends the pipeline for every recorder that
// shares it. It returns within its timeout (see [WithShutdownTimeout]) and no
// later than ctx ends, also if the collector hangs. Later calls return what the
// first one did.
func (r *Recorder) Shutdown(ctx context.Context) error {
	if r == nil {
		return nil
	}
	return r.pipeline.stop(ctx)
}
