package bound

import (
	"context"
	"errors"
	"sync/atomic"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// maxReaders is how many readers a provider can tell apart.
const maxReaders = 32

var (
	errNoProducer = errors.New("it was made without a producer of this package: make it with WithProducer(bound.NewProducer(…))")
	errProducers  = errors.New("it was made with several producers of this package: make it with one")
	errShared     = errors.New("its producer belongs to another reader already: make one producer for each reader")
)

// Producer brings what a [MeterProvider] measures to one reader. It is made first and given to the reader when that is
// made: by WithProducer of the SDK's readers or of the Prometheus exporter. The provider finds it there.
//
// It is safe for concurrent use.
type Producer struct {
	temporality sdkmetric.TemporalitySelector
	native      bool
	source      atomic.Pointer[source]
}

var _ sdkmetric.Producer = (*Producer)(nil)

// source is a provider, and the reader's place in it.
type source struct {
	provider *MeterProvider
	reader   int
}

// NewProducer returns a producer for a reader with the given temporality. For a periodic reader that is its exporter's,
// for the Prometheus exporter it is [sdkmetric.CumulativeTemporalitySelector], and so it is for nil.
func NewProducer(temporality sdkmetric.TemporalitySelector) *Producer {
	if temporality == nil {
		temporality = sdkmetric.CumulativeTemporalitySelector
	}
	return &Producer{temporality: temporality}
}

// WithNative makes the producer also report the exponential buckets of histograms that have both forms, and returns it.
// See [WithNativeHistograms]. It must be called before the producer is used.
func (p *Producer) WithNative() *Producer {
	p.native = true
	return p
}

// Produce returns the current points of all series, made anew by each call and never changed afterwards.
func (p *Producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	// A collection that nobody receives would lose an interval.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if found, ok := ctx.Value(search{}).(*[]*Producer); ok {
		*found = append(*found, p)
		return nil, nil
	}
	s := p.source.Load()
	if s == nil {
		return nil, nil
	}
	return s.provider.collect(s.reader, p.native), nil
}

// search is the key of a context with which a provider asks a reader for its producer.
type search struct{}

// join returns the producer that a reader was made with, and ties it to the provider.
//
// A reader does not say what producers it has. But Collect of every reader of the SDK, and of those that embed one, passes its
// context on to the producers, so the provider collects once with a context that asks them to show themselves. There is
// nothing to lose in that collection, as there are no instruments yet.
//
// From here on the reader may collect at any time, also before NewMeterProvider has returned.
func (p *MeterProvider) join(r sdkmetric.Reader, index int) (*Producer, error) {
	var found []*Producer
	var nothing metricdata.ResourceMetrics
	err := r.Collect(context.WithValue(context.Background(), search{}, &found), &nothing)
	switch len(found) {
	case 0:
		return nil, errors.Join(errNoProducer, err)
	case 1:
	default:
		return nil, errProducers
	}
	if !found[0].source.CompareAndSwap(nil, &source{p, index}) {
		return nil, errShared
	}
	return found[0], nil
}
