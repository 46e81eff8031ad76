package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/internal/genai"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/exposition"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/goexit"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// scope is the instrumentation scope of the contract's instruments.
const scope = "github.com/dspy-metrics/dspy-metrics/otelmetrics"

// pipeline is what the recorders of a process share: one provider, its readers
// and the budgets of the labels.
type pipeline struct {
	config
	provider      metric.MeterProvider
	own           *bound.MeterProvider // the provider, unless it is the user's
	meter         metric.Meter
	tracer        trace.Tracer // nil without a provider of them
	labels        map[string]*label.Values
	handler       http.Handler
	gatherer      prometheus.Gatherer
	pushes        pushes
	overflow      *label.Tree[metric.Int64Counter]
	refusedScores *label.Tree[metric.Int64Counter]
	models        *label.Tree[*modelSeries] // by service and model; nil when off
	warned        warned
	routing       routing
	codes         []string // of HTTP, by number
	goexit        uintptr  // see package goexit

	// shared are the labels whose values a recorder has; see [Recorder.With].
	shared    []views.Label
	recorders *label.Tree[recorderOrError]

	stopped  atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

func newPipeline(ctx context.Context, c config) (*pipeline, error) {
	p := &pipeline{config: c, labels: make(map[string]*label.Values), codes: codeTexts(), goexit: goexit.Address()}
	p.config.classify = guarded(p, "WithErrorClassifier", ErrorOther, p.config.classify)
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
		p.provider, p.gatherer = noop.NewMeterProvider(), prometheus.NewRegistry()
		p.handler = newScrape(p.gatherer, p.logger, p.now(), func() {})
	case c.meterProvider != nil:
		p.provider, p.gatherer, p.handler = c.meterProvider, prometheus.NewRegistry(), http.NotFoundHandler()
	default:
		return p, p.build(ctx)
	}
	_, err := p.newResource(ctx) // names the service
	return p, errors.Join(err, p.declare())
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
	pull := exposition.New(p.targetInfo, bound.NewProducer(sdkmetric.CumulativeTemporalitySelector).WithNative())
	if err := registry.Register(pull); err != nil {
		return fmt.Errorf("prometheus registry: %w", err)
	}
	if p.pushes, err = newPushes(ctx, p.config); err != nil {
		return err
	}
	options := []bound.Option{
		bound.WithResource(resource),
		bound.WithView(p.allViews()...),
		bound.WithNativeHistograms(nativeForm(p.contract)),
		bound.WithCardinalityLimit(p.seriesLimit),
		bound.WithExemplarFilter(p.exemplarFilter),
		bound.WithIdleTimeout(p.idle),
		bound.WithOnForget(p.forget),
		bound.WithClock(p.now),
		bound.WithReader(pull.Reader()),
	}
	for _, push := range p.pushes {
		producers := append(slices.Clip(runtime), bound.NewProducer(push.Temporality))
		options = append(options, bound.WithReader(push.reader(p.otlp.interval, producers)))
	}
	for _, reader := range p.readers {
		options = append(options, bound.WithReader(reader))
	}
	if p.own, err = bound.NewMeterProvider(options...); err != nil {
		return err
	}
	p.provider = p.own
	if err := p.declare(); err != nil {
		return err
	}
	scrapeFailed, err := p.counter(p.contract.Metrics.ScrapeErrors)
	if err != nil {
		return err
	}
	p.gatherer, p.handler = registry, newScrape(registry, p.logger, p.now(), scrapeFailed)
	return nil
}

// declare makes the meter and declares the metrics about the metrics.
func (p *pipeline) declare() (err error) {
	p.meter = p.provider.Meter(scope)
	if p.overflow, err = newSeries(p, p.contract.Metrics.LabelOverflow, int64Counter, nil, p.contract.Labels.Overflowed); err != nil {
		return err
	}
	if p.refusedScores, err = newSeries(p, p.contract.Metrics.RefusedScores, int64Counter, nil, p.contract.Labels.Score); err != nil {
		return err
	}
	if err := errors.Join(p.declareModels(), p.recordBuild()); err != nil {
		return err
	}
	failed, err := p.counter(p.contract.Metrics.ExportErrors)
	if err != nil {
		return err
	}
	for _, push := range p.pushes {
		push.failed = failed
	}
	return nil
}

// allViews returns the view of the contract and those of the user, which see no instrument of this package.
func (p *pipeline) allViews() []sdkmetric.View {
	all := []sdkmetric.View{p.contract.View(scope)}
	for _, view := range p.views {
		all = append(all, p.contract.Outside(func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
			if i.Scope.Name == scope {
				return sdkmetric.Stream{}, false
			}
			return view(i)
		}, scope))
	}
	return all
}

// idle returns after what time without a measurement the series of an instrument are forgotten: those of the contract.
func (p *pipeline) idle(i sdkmetric.Instrument) time.Duration {
	if i.Scope.Name != scope {
		return 0
	}
	return p.idleTimeout
}

// counter declares a counter without labels and returns what adds one to it.
func (p *pipeline) counter(m views.Metric) (func(), error) {
	instrument, err := declare(p, m, int64Counter)
	if err != nil {
		return nil, err
	}
	series := instrument()
	if p.priming {
		bound.Prime(series)
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
		resource.WithService(), // a random instance ID
		resource.WithAttributes(semconv.ServiceName(defaultService())),
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

// since returns the time since start, which was an uptime then. It is not negative
// where the clock has gone back, which only one without a monotonic reading does:
// the sum of a histogram never goes down.
func (p *pipeline) since(start time.Duration) time.Duration { return max(0, p.uptime()-start) }

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
	if p.own == nil {
		return nil
	}
	return errors.Join(p.own.ForceFlush(ctx), p.pushes.lastError())
}

// stop ends the pipeline. It returns when the context ends even if an exporter does not.
func (p *pipeline) stop(ctx context.Context) error {
	p.stopOnce.Do(func() {
		p.stopped.Store(true)
		if p.own == nil {
			return
		}
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, DefaultShutdownTimeout,
				fmt.Errorf("shutdown took longer than %s", DefaultShutdownTimeout))
			defer cancel()
		}
		done := make(chan error, 1)
		go func() { done <- errors.Join(p.own.Shutdown(ctx), p.pushes.lastError()) }()
		select {
		case p.stopErr = <-done:
		case <-ctx.Done():
			p.stopErr = fmt.Errorf("otelmetrics: the last push was cut off: %w", context.Cause(ctx))
		}
	})
	return p.stopErr
}
