package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Recorder records the metrics of the contract for one service and, where the
// contract has labels of your own, for one value of each: see [Recorder.With].
//
// Its methods are safe for concurrent use, never block, and do nothing on a nil
// pointer. What is measured after [Recorder.Shutdown] is lost, silently.
type Recorder struct {
	pipeline *pipeline
	// values are those of the labels that all series of the recorder share: the
	// service's and the own ones, in the order of pipeline.shared.
	values []string
	fixed  []attribute.KeyValue // the same as attributes

	active         metric.Int64UpDownCounter
	predictors     *label.Tree[*Predictor]
	caches         *label.Tree[*Cache]
	errors, tokens *label.Tree[metric.Int64Counter]
	latencies      *label.Tree[metric.Float64Histogram]
	model          *modelSeries // of predictions that do not say theirs

	attempts, usageMissing *label.Tree[metric.Int64Counter]
}

// New returns a recorder with a pipeline of its own: a meter provider whose
// instruments are read at [Recorder.Handler] and, if an endpoint is configured,
// pushed by OTLP. End it with [Recorder.Shutdown].
//
// It honors the variables of the OpenTelemetry specification: OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_* and
// OTEL_EXPORTER_OTLP_METRICS_*, OTEL_METRICS_EXPORTER (otlp, prometheus, none),
// OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT,
// OTEL_METRICS_EXEMPLAR_FILTER, OTEL_SEMCONV_STABILITY_OPT_IN (see [WithGenAI])
// and OTEL_SDK_DISABLED, with which the recorder records nothing. Options
// override them.
//
// The error names everything that is wrong with the options and the variables.
// A collector that cannot be reached is no error: see [Recorder.ForceFlush].
func New(ctx context.Context, options ...Option) (*Recorder, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	var r *Recorder
	p, err := newPipeline(ctx, c)
	if err == nil {
		r, err = p.recorder(append([]string{*p.service}, make([]string, len(c.contract.Labels.Own))...)...)
	}
	p.push.begin()
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
	values := slices.Clone(r.values)
	values[0] = name
	other, err := r.pipeline.recorder(values...)
	if err != nil {
		return nil, fmt.Errorf("otelmetrics: %w", err)
	}
	return other, nil
}

// With returns the recorder of one value of a label of your own, which the
// contract has by [views.Contract.AddLabel]. It shares the pipeline with r, and
// has r's values of the other labels. The value of a label is unknown until it
// is given here; one over the budget, or that the label does not take, is other,
// and so is one that is new in combination when there are as many recorders as
// [WithSeriesLimit] allows.
//
// There is one recorder for each combination of values, so calling it for each
// request is fine: once the recorder is there it takes no lock and does not
// allocate. A recorder whose values are well-known exposes its counters at zero
// from the first call on: make it at the start, so that rates see the first
// event. A label that the contract does not have is logged once, and r returned.
func (r *Recorder) With(label, value string) *Recorder {
	if r == nil {
		return nil
	}
	p := r.pipeline
	for i, own := range p.contract.Labels.Own {
		if own.Key != label {
			continue
		}
		var buffer [8]string
		values := append(buffer[:0], r.values...)
		values[1+i] = value
		if other, err := p.recorder(values...); err == nil {
			return other
		}
		return r // which has declared the same instruments
	}
	if first, last := p.warned.first("", label); first { // No label has an empty key.
		p.logger.Error("the contract has no such label of your own: add it with views.Contract.AddLabel, or the measurements go without it",
			slog.String("label", label), slog.Bool("last_warning", last))
	}
	return r
}

// recorder returns the one recorder of the values of the shared labels.
func (p *pipeline) recorder(values ...string) (*Recorder, error) {
	made := p.recorders.Get(values...)
	return made.recorder, made.err
}

// recorderOrError is a recorder, or why there is none.
type recorderOrError struct {
	recorder *Recorder
	err      error
}

func newRecorder(p *pipeline, values []string) (*Recorder, error) {
	m, l := p.contract.Metrics, p.contract.Labels
	r := &Recorder{pipeline: p, values: values, fixed: pairs(p.shared, values)}
	r.model = r.modelSeries(p.model)
	if err := errors.Join(
		r.declareActive(),
		r.declarePredictors(),
		r.declareCaches(),
		set(&r.errors, r, m.Errors, int64Counter, l.ErrorType),
		set(&r.tokens, r, m.Tokens, int64Counter, l.PredictionType, l.TokenType),
		set(&r.attempts, r, m.UpstreamAttempts, int64Counter, l.Outcome),
		set(&r.usageMissing, r, m.UsageMissing, int64Counter, l.UsageReason),
		set(&r.latencies, r, m.APILatency, float64Histogram, l.Endpoint, l.Method, l.StatusCode),
	); err != nil {
		return nil, err
	}
	if p.priming && r.lasting() {
		r.prime()
	}
	return r, nil
}

// lasting tells whether the values of the own labels are well-known, or not
// given. The series of others come and go.
func (r *Recorder) lasting() bool {
	for i, own := range r.pipeline.contract.Labels.Own {
		if value := r.values[1+i]; value != views.Unknown && !slices.Contains(own.Values, value) {
			return false
		}
	}
	return true
}

func set[T any](to **label.Tree[T], r *Recorder, m views.Metric, kind func(metric.Meter, views.Metric) (bind[T], error), labels ...views.Label) (err error) {
	*to, err = newSeries(r.pipeline, m, kind, r.fixed, labels...)
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
