package bound

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

var (
	errNoMeter   = errors.New("bound meter: no SDK meter")
	errProducers = errors.New("bound meter: too many producers")
	errTwin      = errors.New("bound meter: an exponential histogram that can fail")
)

// Config is what a [Meter] needs to know of the provider that it stands beside: what the provider was given itself.
type Config struct {
	// Meter is the provider's own meter of the scope. It measures what cannot be measured here.
	Meter metric.Meter
	// Scope is the scope of that meter.
	Scope instrumentation.Scope
	// Producers are those of the provider's readers, all of them. Without any, the SDK measures everything.
	Producers []*Producer
	// Views are all views of the provider, in order.
	Views []sdkmetric.View
	// Twins are, by the names of their instruments, the exponential histograms that are kept beside the explicit ones of
	// the first view that matches: two streams of one identity, of which the SDK would drop the second. They are
	// reported in turn, with the same count, sum and exemplars. A value that is not finite is in neither.
	Twins map[string]sdkmetric.AggregationBase2ExponentialHistogram
	// ExemplarFilter is that of the provider. By default it is trace based, as the SDK's.
	ExemplarFilter exemplar.Filter
	// CardinalityLimit is that of the provider: one of the series of a stream receives what is beyond it.
	// Zero and less mean no limit.
	CardinalityLimit int

	// OnCollect is called at the begin of each collection, which reports what it measures. It must not collect.
	OnCollect func()

	// IdleTimeout is after what time without a measurement a series is forgotten. It is then no longer reported, and
	// makes room under the limit. When it is measured again, it begins at zero with a new start time. An up-down counter
	// is kept as long as it is not at zero, and a series that was primed for good. By default all are.
	IdleTimeout time.Duration
	// OnRetire is called at the end of a collection that has forgotten series. Their handles stay valid. It must not
	// collect.
	OnRetire func([]Retired)

	// Now is the clock, by default time.Now.
	Now func() time.Time
}

// Retired is a series that was forgotten.
type Retired struct {
	Stream     string
	Attributes attribute.Set
}

// Meter makes instruments that can be bound. It is safe for concurrent use.
type Meter struct {
	config Config

	// collecting is held by one collection at a time, so that what OnCollect measures together is reported together.
	collecting sync.Mutex

	mu         sync.Mutex
	byIdentity map[identity]claim
	streams    []*stream
}

// NewMeter returns a meter that reports to the configured producers from now on.
func NewMeter(config Config) (*Meter, error) {
	if config.Meter == nil {
		return nil, errNoMeter
	}
	if len(config.Producers) > maxReaders {
		return nil, fmt.Errorf("%w: %d, at most %d", errProducers, len(config.Producers), maxReaders)
	}
	for name, twin := range config.Twins {
		if !measurable(twin) {
			return nil, fmt.Errorf("%w: twin of %q: size %d, scale %d", errTwin, name, twin.MaxSize, twin.MaxScale)
		}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Views = slices.Clone(config.Views)
	config.Twins = maps.Clone(config.Twins)
	config.Producers = slices.Clone(config.Producers)
	m := &Meter{config: config, byIdentity: map[identity]claim{}}
	for i, p := range config.Producers {
		p.attach(m, i)
	}
	return m, nil
}

// Close ends all reporting of the meter. Measurements are still safe to make and go nowhere.
// A provider that shuts down lets go of its producers by itself.
func (m *Meter) Close() {
	for _, p := range m.config.Producers {
		p.detach(m)
	}
}

// deltas returns which readers want intervals of an instrument rather than totals.
func (m *Meter) deltas(k sdkmetric.InstrumentKind) []bool {
	deltas := make([]bool, len(m.config.Producers))
	for i, p := range m.config.Producers {
		deltas[i] = p.temporality(k) == metricdata.DeltaTemporality
	}
	return deltas
}

// collect returns the metrics of all streams for a reader.
func (m *Meter) collect(reader int) []metricdata.Metrics {
	m.collecting.Lock()
	defer m.collecting.Unlock()
	if m.config.OnCollect != nil {
		m.config.OnCollect()
	}
	streams := m.snapshot()
	out := make([]metricdata.Metrics, 0, len(streams))
	var retired []Retired
	for _, st := range streams {
		for _, attrs := range st.collect(reader, &out) {
			retired = append(retired, Retired{st.name, attrs})
		}
	}
	if len(retired) > 0 && m.config.OnRetire != nil {
		m.config.OnRetire(retired)
	}
	return out
}

// snapshot returns the streams there are.
func (m *Meter) snapshot() []*stream {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.streams // only appended to
}

// Series returns the attributes of the series there are, those of each stream for itself.
func (m *Meter) Series() iter.Seq[attribute.Set] {
	return func(yield func(attribute.Set) bool) {
		for _, st := range m.snapshot() {
			for _, s := range st.snapshot() {
				if !yield(s.common().attrs) {
					return
				}
			}
		}
	}
}
