package bound

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// MeterProvider makes meters whose synchronous instruments are measured by this package, while the SDK measures the
// observable ones. It is safe for concurrent use.
type MeterProvider struct {
	embedded.MeterProvider

	config
	sdk       *sdkmetric.MeterProvider
	producers []*Producer // of the readers, in their order
	stopped   atomic.Bool

	// collecting is held by one collection at a time, so that all values of one collection are of one moment.
	collecting sync.Mutex

	// mu guards which meters there are. The slice is only appended to, so a copy of it may be read without the lock.
	mu      sync.Mutex
	byScope map[instrumentation.Scope]*meter
	meters  []*meter
}

var _ metric.MeterProvider = (*MeterProvider)(nil)

// NewMeterProvider returns a provider. Each of its readers must have been made with a [Producer] of its own. An error
// names the reader that was not, or the option that is wrong.
func NewMeterProvider(options ...Option) (*MeterProvider, error) {
	c := newConfig(options)
	if len(c.readers) > maxReaders {
		return nil, fmt.Errorf("bound meter provider: %d readers, at most %d are possible", len(c.readers), maxReaders)
	}
	sdkOptions := []sdkmetric.Option{
		sdkmetric.WithView(c.views...), sdkmetric.WithExemplarFilter(c.filter), sdkmetric.WithCardinalityLimit(c.limit),
	}
	if c.resource != nil {
		sdkOptions = append(sdkOptions, sdkmetric.WithResource(c.resource))
	}
	for _, r := range c.readers {
		sdkOptions = append(sdkOptions, sdkmetric.WithReader(r))
	}
	p := &MeterProvider{config: c, sdk: sdkmetric.NewMeterProvider(sdkOptions...), byScope: make(map[instrumentation.Scope]*meter)}
	for i, r := range c.readers {
		producer, err := p.join(r, i)
		if err != nil {
			p.abandon()
			return nil, fmt.Errorf("bound meter provider: reader %d: %w", i+1, err)
		}
		p.producers = append(p.producers, producer)
	}
	return p, nil
}

// abandon ends the readers of a provider that never measured, without a last export, which could take long.
func (p *MeterProvider) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.sdk.Shutdown(ctx)
}

// Meter returns the meter of a scope: of its name, version, schema URL and attributes. There is one for each scope, whose
// instruments share their series. After Shutdown, and without a reader, the meter does not measure. It never blocks for longer
// than it takes to find the meter.
func (p *MeterProvider) Meter(name string, options ...metric.MeterOption) metric.Meter {
	sdk := p.sdk.Meter(name, options...)
	if p.stopped.Load() || len(p.producers) == 0 {
		return sdk
	}
	c := metric.NewMeterConfig(options...)
	scope := instrumentation.Scope{
		Name: name, Version: c.InstrumentationVersion(), SchemaURL: c.SchemaURL(), Attributes: c.InstrumentationAttributes(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.byScope[scope]; ok {
		return known
	}
	m := newMeter(p, scope, sdk)
	p.byScope[scope] = m
	p.meters = append(p.meters, m)
	return m
}

// ForceFlush makes every reader that can export what was measured, and returns the errors.
func (p *MeterProvider) ForceFlush(ctx context.Context) error { return p.sdk.ForceFlush(ctx) }

// Shutdown makes every reader export a last time and ends it. What is measured afterwards is lost, silently. The second
// call returns [sdkmetric.ErrReaderShutdown].
func (p *MeterProvider) Shutdown(ctx context.Context) error {
	p.stopped.Store(true)
	return p.sdk.Shutdown(ctx)
}

// Series returns the series there are, as of the begin of the iteration for each metric. Use it with [WithOnForget] to find
// out which attributes are no longer in use.
func (p *MeterProvider) Series() iter.Seq[Series] {
	return func(yield func(Series) bool) {
		for _, m := range p.snapshot() {
			for _, st := range m.snapshot() {
				for _, s := range st.snapshot() {
					if !yield(Series{m.scope, st.name, s.header().attrs}) {
						return
					}
				}
			}
		}
	}
}

// snapshot returns the meters there are. Later ones come with the next collection.
func (p *MeterProvider) snapshot() []*meter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.meters // only appended to
}

// collect returns the metrics of all meters for a reader.
//
// It first visits the active cells of all streams, which moves what was measured to the series, for this reader and for all
// others. Then it reports the series, and forgets those that have expired. Since one collection at a time does this, each
// reader sees whole measurements, and no measurement twice.
func (p *MeterProvider) collect(reader int, native bool) []metricdata.ScopeMetrics {
	p.collecting.Lock()
	defer p.collecting.Unlock()
	now, meters := p.now(), p.snapshot()
	// What is derived from other streams is visited last: see [Ending].
	for _, derived := range []bool{false, true} {
		for _, m := range meters {
			for _, st := range m.snapshot() {
				if st.kind.derived() == derived {
					st.visit(now)
				}
			}
		}
	}
	var out []metricdata.ScopeMetrics
	var forgotten []Series
	for _, m := range meters {
		streams := m.snapshot()
		metrics := make([]metricdata.Metrics, 0, len(streams))
		for _, st := range streams {
			metrics = st.report(reader, native, now, metrics)
			for _, attrs := range st.forget(now) {
				forgotten = append(forgotten, Series{m.scope, st.name, attrs})
			}
		}
		if len(metrics) > 0 {
			out = append(out, metricdata.ScopeMetrics{Scope: m.scope, Metrics: metrics})
		}
	}
	if len(forgotten) > 0 && p.onForget != nil {
		p.onForget(forgotten)
	}
	return out
}
