package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/otlptranslator"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/genai"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// scope is the instrumentation scope of the contract's instruments.
const scope = "github.com/dspy-metrics/dspy-metrics/otelmetrics"

// pipeline is what the recorders of a process share: one provider, its readers
// and the budgets of the labels.
type pipeline struct {
	config
	provider metric.MeterProvider
	meter    *bound.Meter
	nothing  *bound.Meter // does not measure
	tracer   trace.Tracer // nil without a provider of them
	labels   map[string]*label.Values
	handler  http.Handler
	push     *push // nil when off
	sdk      *sdkmetric.MeterProvider
	overflow *label.Tree[metric.Int64Counter]
	models   *label.Tree[*modelSeries] // by service and model; nil when off
	warned   warned
	codes    []string // of HTTP, by number

	// shared are the labels whose values a recorder has; see [Recorder.With].
	shared    []views.Label
	recorders *label.Tree[recorderOrError]

	mu       sync.Mutex
	settling map[*outcomes]struct{}

	stopped  atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

func newPipeline(ctx context.Context, c config) (*pipeline, error) {
	p := &pipeline{config: c, labels: make(map[string]*label.Values), settling: make(map[*outcomes]struct{}), codes: codeTexts()}
	for _, l := range c.contract.Labels.All() {
		p.labels[l.Key] = label.NewValues(l, p.overflowed)
	}
	if *p.genAI != 0 {
		for _, l := range genai.Labels() {
			p.labels[l.Key] = label.NewValues(l, p.warn) // no part of the contract, not even when they overflow
		}
	}
	p.shared = append([]views.Label{c.contract.Labels.Service}, c.contract.Labels.Own...)
	p.recorders = label.NewTree(func(values []string) recorderOrError {
		r, err := newRecorder(p, values)
		return recorderOrError{r, err}
	}, p.valuesOf(p.shared...)...).Limit(c.seriesLimit)
	if c.tracerProvider != nil {
		p.tracer = c.tracerProvider.Tracer(scope)
	}
	switch {
	case c.disabled:
		p.provider, p.httpMetrics = noop.NewMeterProvider(), false
		p.handler = newScrape(prometheus.NewRegistry(), p.logger, func() {})
	case c.meterProvider != nil:
		p.provider, p.handler = c.meterProvider, http.NotFoundHandler()
	default:
		return p, p.build(ctx)
	}
	_, err := p.newResource(ctx) // names the service
	return p, errors.Join(err, p.declare(nil, nil))
}

// build makes the provider with its readers.
func (p *pipeline) build(ctx context.Context) error {
	registry := prometheus.NewRegistry()
	resource, err := p.newResource(ctx)
	if err != nil {
		return err
	}
	runtime, err := p.runtimeProducers(registry)
	if err != nil {
		return err
	}
	// What is bound reaches each reader by a producer of its own.
	producers := []*bound.Producer{bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)}
	pulled, gatherer := sdkmetric.Producer(producers[0]), prometheus.Gatherer(registry)
	if len(twins(p.contract)) > 0 {
		pulled, gatherer = markNative{pulled}, unite(gatherer)
	}
	pull, err := newPullReader(registry, p.targetInfo, pulled)
	if err != nil {
		return fmt.Errorf("prometheus reader: %w", err)
	}
	all := append([]sdkmetric.View{p.contract.View(scope)}, p.views...)
	options := []sdkmetric.Option{
		sdkmetric.WithResource(resource),
		sdkmetric.WithView(all...),
		sdkmetric.WithCardinalityLimit(p.seriesLimit),
		sdkmetric.WithExemplarFilter(p.exemplarFilter),
		sdkmetric.WithReader(pull),
	}
	if p.otlp.on {
		exporter, err := newExporter(ctx, p.otlp)
		if err != nil {
			return fmt.Errorf("otlp exporter: %w", err)
		}
		p.push = &push{Exporter: exporter, logger: p.logger, now: p.now}
		producers = append(producers, bound.NewProducer(exporter.Temporality))
		options = append(options, sdkmetric.WithReader(p.push.reader(p.otlp.interval, append(runtime, producers[1]))))
	}
	p.sdk = sdkmetric.NewMeterProvider(options...)
	p.provider = p.sdk
	if err := p.declare(producers, all); err != nil {
		return errors.Join(err, p.sdk.Shutdown(ctx))
	}
	scrapeFailed, err := p.counter(p.contract.Metrics.ScrapeErrors)
	if err != nil {
		return err
	}
	p.handler = newScrape(gatherer, p.logger, scrapeFailed)
	return nil
}

// declare makes the meter and declares the metrics about the metrics.
func (p *pipeline) declare(producers []*bound.Producer, all []sdkmetric.View) (err error) {
	p.meter, err = bound.NewMeter(bound.Config{
		Meter:            p.provider.Meter(scope),
		Scope:            instrumentation.Scope{Name: scope},
		Producers:        producers,
		Views:            all,
		Twins:            twins(p.contract),
		ExemplarFilter:   p.exemplarFilter,
		CardinalityLimit: p.seriesLimit,
		OnCollect:        p.settle,
		IdleTimeout:      p.idleTimeout,
		OnRetire:         p.forget,
		Now:              p.now,
	})
	if err != nil {
		return err
	}
	if p.nothing, err = bound.NewMeter(bound.Config{Meter: noop.NewMeterProvider().Meter(scope)}); err != nil {
		return err
	}
	if p.overflow, err = newSeries(p, p.contract.Metrics.LabelOverflow, int64Counter, nil, p.contract.Labels.Overflowed); err != nil {
		return err
	}
	if err := p.declareModels(); err != nil {
		return err
	}
	failed, err := p.counter(p.contract.Metrics.ExportErrors)
	if p.push != nil {
		p.push.failed = failed
	}
	return err
}

// settle is called at the begin of each collection.
func (p *pipeline) settle() {
	p.mu.Lock()
	settling := slices.Collect(maps.Keys(p.settling))
	p.mu.Unlock()
	for _, o := range settling {
		o.settle()
	}
}

func (p *pipeline) join(o *outcomes) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settling[o] = struct{}{}
}

func (p *pipeline) leave(o *outcomes) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.settling, o)
}

// counter declares a counter without labels and returns what adds one to it.
func (p *pipeline) counter(m views.Metric) (func(), error) {
	instrument, err := declare(p, m, int64Counter)
	if err != nil {
		return nil, err
	}
	series := instrument()
	if p.priming {
		prime(series)
	}
	return func() { series.Add(context.Background(), 1) }, nil
}

// newResource does not start from the SDK's default resource, whose attributes
// about the SDK itself would make a target_info series on every backend.
func (p *pipeline) newResource(ctx context.Context) (*resource.Resource, error) {
	attributes := p.resource
	if p.service != nil {
		attributes = append(attributes, semconv.ServiceName(*p.service))
	}
	options := []resource.Option{
		resource.WithAttributes(semconv.ServiceName(defaultService()), semconv.ServiceInstanceID(uuid.NewString())),
	}
	if !p.isolated {
		options = append(options, resource.WithFromEnv())
	}
	r, err := resource.New(ctx, append(options, resource.WithAttributes(attributes...))...)
	if err != nil {
		return nil, fmt.Errorf("resource: %w", err)
	}
	name, _ := r.Set().Value(semconv.ServiceNameKey)
	text := name.AsString()
	p.service = &text
	return r, nil
}

func newPullReader(registry *prometheus.Registry, targetInfo bool, producer sdkmetric.Producer) (*otelprom.Exporter, error) {
	options := []otelprom.Option{
		otelprom.WithRegisterer(registry),
		otelprom.WithProducer(producer),
		otelprom.WithoutScopeInfo(),
		otelprom.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
	}
	if !targetInfo {
		options = append(options, otelprom.WithoutTargetInfo())
	}
	return otelprom.New(options...)
}

// runtimeProducers registers the collectors of the runtime for the scrape, and
// returns what brings the same metrics to the push path.
func (p *pipeline) runtimeProducers(registry *prometheus.Registry) ([]sdkmetric.Producer, error) {
	if !p.runtimeMetrics {
		return nil, nil
	}
	pushed := prometheus.NewRegistry()
	for _, collector := range []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := errors.Join(registry.Register(collector), pushed.Register(collector)); err != nil {
			return nil, fmt.Errorf("runtime metrics: %w", err)
		}
	}
	return []sdkmetric.Producer{bridge.NewMetricProducer(bridge.WithGatherer(pushed))}, nil
}

// since returns the time since then. It is not negative where the clock has gone
// back, which only one without a monotonic reading does: the sum of a histogram
// never goes down.
func (p *pipeline) since(start time.Time) time.Duration { return max(0, p.now().Sub(start)) }

// classify gives an error its type; a failure always has one.
func (p *pipeline) classify(err error) ErrorType {
	if p.config.classify != nil {
		if errorType := p.config.classify(err); errorType != "" {
			return errorType
		}
	}
	return Classify(err)
}

// overflowed counts a measurement whose label value became other, and says so
// once for each value.
func (p *pipeline) overflowed(key, value string) {
	p.overflow.Get(key).Add(context.Background(), 1)
	p.warn(key, value)
}

func (p *pipeline) warn(key, value string) {
	if first, last := p.warned.first(key, value); first {
		p.logger.Warn("label value recorded as other: it is over the budget of the label, not allowed, or one of too many combinations",
			slog.String("label", key), slog.String("value", value), slog.Bool("last_warning_of_label", last))
	}
}

// flush pushes what has been measured and returns what became of it.
func (p *pipeline) flush(ctx context.Context) error {
	if p.sdk == nil {
		return nil
	}
	return errors.Join(p.sdk.ForceFlush(ctx), p.push.lastError())
}

// stop ends the pipeline within its time, whatever the collector does: the
// exporters may not come back when their context ends.
func (p *pipeline) stop(ctx context.Context) error {
	p.stopOnce.Do(func() {
		p.stopped.Store(true)
		if p.sdk == nil {
			return
		}
		ctx, cancel := context.WithTimeoutCause(ctx, p.shutdownTimeout,
			fmt.Errorf("shutdown took longer than %s", p.shutdownTimeout))
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- errors.Join(p.sdk.Shutdown(ctx), p.push.lastError()) }()
		select {
		case p.stopErr = <-done:
		case <-ctx.Done():
			p.stopErr = fmt.Errorf("otelmetrics: the last push was cut off: %w", context.Cause(ctx))
		}
	})
	return p.stopErr
}
