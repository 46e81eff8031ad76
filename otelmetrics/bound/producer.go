package bound

import (
	"context"
	"slices"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// maxReaders is how many readers can be told apart.
const maxReaders = 64

// Producer reports bound series to one reader. It is made first, given to its reader by [sdkmetric.WithProducer] or to
// the Prometheus exporter by its WithProducer, and named in the [Config] of each meter that it reports.
//
// It keeps what the reader has seen, so two readers must not share one. It is safe for concurrent use.
type Producer struct {
	temporality sdkmetric.TemporalitySelector

	mu      sync.Mutex
	sources []source
}

var _ sdkmetric.Producer = (*Producer)(nil)

// source is a meter, and the reader's place in it.
type source struct {
	meter  *Meter
	reader int
}

// NewProducer returns a producer for a reader with the given temporality, which is cumulative if the selector is nil.
func NewProducer(temporality sdkmetric.TemporalitySelector) *Producer {
	if temporality == nil {
		temporality = sdkmetric.DefaultTemporalitySelector
	}
	return &Producer{temporality: temporality}
}

// Produce returns the current points of all series, made anew by each call and never changed afterwards.
func (p *Producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	// A collection that nobody receives would lose an interval.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	sources := slices.Clone(p.sources)
	p.mu.Unlock()

	var out []metricdata.ScopeMetrics
	for _, s := range sources {
		if metrics := s.meter.collect(s.reader); len(metrics) > 0 {
			out = append(out, metricdata.ScopeMetrics{Scope: s.meter.config.Scope, Metrics: metrics})
		}
	}
	return out, nil
}

// attach makes the producer report a meter.
func (p *Producer) attach(m *Meter, reader int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources = append(p.sources, source{m, reader})
}

// detach makes the producer forget a meter.
func (p *Producer) detach(m *Meter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources = slices.DeleteFunc(p.sources, func(s source) bool { return s.meter == m })
}
