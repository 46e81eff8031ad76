package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/otlptranslator"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// scope is the instrumentation scope of the contract's instruments.
const scope = "github.com/dspy-metrics/dspy-metrics/otelmetrics"

// pipeline is what the recorders of a process share: one provider, its readers
// and the budgets of the labels.
type pipeline struct {
	config
	provider metric.MeterProvider
	meter    metric.Meter
	tracer   trace.Tracer // nil without a provider of them
	labels   map[string]*label.Values
	handler  http.Handler
	push     *push // nil when off
	sdk      *sdkmetric.MeterProvider
	overflow *label.Tree[metric.Int64Counter]
	warned   warned

	mu        sync.Mutex
	recorders map[string]*Recorder // by service

	stopped  atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

func newPipeline(ctx context.Context, c config) (*pipeline, error) {
	p := &pipeline{config: c, labels: make(map[string]*label.Values), recorders: make(map[string]*Recorder)}
	for _, l := range c.contract.Labels.All() {
		p.labels[l.Key] = label.NewValues(l, p.overflowed)
	}
	if c.tracerProvider != nil {
		p.tracer = c.tracerProvider.Tracer(scope)
	}
	if c.disabled {
		p.provider, p.httpMetrics = noop.NewMeterProvider(), false
		p.handler = newScrape(prometheus.NewRegistry(), p.logger, func() {})
		return p, p.declare()
	}
	registry := prometheus.NewRegistry()
	resource, err := p.newResource(ctx)
	if err != nil {
		return nil, err
	}
	options := []sdkmetric.Option{
		sdkmetric.WithResource(resource),
		sdkmetric.WithView(append([]sdkmetric.View{c.contract.View(scope)}, c.views...)...),
		sdkmetric.WithCardinalityLimit(c.seriesLimit),
		sdkmetric.WithExemplarFilter(c.exemplarFilter),
	}
	producers, err := p.runtimeProducers(registry)
	if err != nil {
		return nil, err
	}
	pull, err := newPullReader(registry, c.targetInfo)
	if err != nil {
		return nil, fmt.Errorf("prometheus reader: %w", err)
	}
	options = append(options, sdkmetric.WithReader(pull))
	if c.otlp.on {
		exporter, err := newExporter(ctx, c.otlp)
		if err != nil {
			return nil, fmt.Errorf("otlp exporter: %w", err)
		}
		p.push = &push{Exporter: exporter, logger: p.logger, now: p.now}
		options = append(options, sdkmetric.WithReader(p.push.reader(c.otlp.interval, producers)))
	}
	p.sdk = sdkmetric.NewMeterProvider(options...)
	p.provider = p.sdk
	if err := p.declare(); err != nil {
		return nil, errors.Join(err, p.sdk.Shutdown(ctx))
	}
	scrapeErrors, err := newSeries(p, c.contract.Metrics.ScrapeErrors, int64Counter)
	if err != nil {
		return nil, err
	}
	p.handler = newScrape(registry, p.logger, func() { scrapeErrors.Get().Add(context.Background(), 1) })
	if p.priming {
		scrapeErrors.Get().Add(ctx, 0)
	}
	return p, nil
}

// declare declares the metrics about the metrics.
func (p *pipeline) declare() (err error) {
	p.meter = p.provider.Meter(scope)
	if p.overflow, err = newSeries(p, p.contract.Metrics.LabelOverflow, int64Counter); err != nil {
		return err
	}
	if p.push != nil {
		exportErrors, err := newSeries(p, p.contract.Metrics.ExportErrors, int64Counter)
		if err != nil {
			return err
		}
		if p.priming {
			exportErrors.Get().Add(context.Background(), 0)
		}
		p.push.failed = func() { exportErrors.Get().Add(context.Background(), 1) }
	}
	return nil
}

// newResource does not start from the SDK's default resource, whose attributes
// about the SDK itself would make a target_info series on every backend.
func (p *pipeline) newResource(ctx context.Context) (*resource.Resource, error) {
	attributes := p.resource
	if p.service != nil {
		attributes = append(attributes, semconv.ServiceName(*p.service))
	}
	r, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName(defaultService()), semconv.ServiceInstanceID(uuid.NewString())),
		resource.WithFromEnv(),
		resource.WithAttributes(attributes...),
	)
	if err != nil {
		return nil, fmt.Errorf("resource: %w", err)
	}
	name, _ := r.Set().Value(semconv.ServiceNameKey)
	text := name.AsString()
	p.service = &text
	return r, nil
}

func newPullReader(registry *prometheus.Registry, targetInfo bool) (*otelprom.Exporter, error) {
	options := []otelprom.Option{
		otelprom.WithRegisterer(registry),
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
	if first, last := p.warned.first(key, value); first {
		p.logger.Warn("label value recorded as other: it is over the budget of the label or not allowed",
			slog.String("label", key), slog.String("value", value), slog.Bool("last_warning_of_label", last))
	}
}

// flush pushes what has been measured and returns what became of it.
func (p *pipeline) flush(ctx context.Context) error {
	if p.sdk == nil {
		return nil
	}
	err := p.sdk.ForceFlush(ctx)
	if p.push != nil {
		err = errors.Join(err, p.push.lastError())
	}
	return err
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
		go func() {
			err := p.sdk.Shutdown(ctx)
			if p.push != nil {
				err = errors.Join(err, p.push.lastError())
			}
			done <- err
		}()
		select {
		case p.stopErr = <-done:
		case <-ctx.Done():
			p.stopErr = fmt.Errorf("otelmetrics: the last push was cut off: %w", context.Cause(ctx))
		}
	})
	return p.stopErr
}
