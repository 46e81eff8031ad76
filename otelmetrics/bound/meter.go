package bound

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// meter makes the instruments of one scope.
type meter struct {
	metric.Meter // the SDK's, for observable instruments, callbacks and what cannot be measured here

	provider *MeterProvider
	scope    instrumentation.Scope

	// mu guards what follows. The slice is only appended to, so a copy of it may be read without the lock.
	mu         sync.Mutex
	byIdentity map[identity]claim
	streams    []*stream
}

func newMeter(p *MeterProvider, scope instrumentation.Scope, sdk metric.Meter) *meter {
	return &meter{Meter: sdk, provider: p, scope: scope, byIdentity: make(map[identity]claim)}
}

// snapshot returns the streams there are.
func (m *meter) snapshot() []*stream {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.streams // only appended to
}

// deltas returns which readers want intervals of an instrument rather than totals.
func (m *meter) deltas(k sdkmetric.InstrumentKind) []bool {
	deltas := make([]bool, len(m.provider.producers))
	for i, p := range m.provider.producers {
		deltas[i] = p.temporality(k) == metricdata.DeltaTemporality
	}
	return deltas
}

// The declarations return the instrument of that name. Equal declarations share their series. As in the SDK, the error of
// an invalid declaration comes with an instrument that works as far as it can.

// Int64Counter returns a counter of whole numbers. It ignores negative ones.
func (m *meter) Int64Counter(name string, options ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	d := declare(name, metric.NewInt64CounterConfig(options...), sdkmetric.InstrumentKindCounter, int64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Int64Counter(name, options...)
	}
	one := func(st *stream) metric.Int64Counter { return newInt64Counter(st, attribute.NewSet()) }
	return instrument(streams, one, addToAll[int64, metric.Int64Counter]), err
}

// Float64Counter returns a counter. It ignores what is negative or NaN.
func (m *meter) Float64Counter(name string, options ...metric.Float64CounterOption) (metric.Float64Counter, error) {
	d := declare(name, metric.NewFloat64CounterConfig(options...), sdkmetric.InstrumentKindCounter, float64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Float64Counter(name, options...)
	}
	one := func(st *stream) metric.Float64Counter { return newFloat64Counter(st, attribute.NewSet()) }
	return instrument(streams, one, addToAll[float64, metric.Float64Counter]), err
}

// Int64UpDownCounter returns a counter of whole numbers that also counts down.
func (m *meter) Int64UpDownCounter(name string, options ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	d := declare(name, metric.NewInt64UpDownCounterConfig(options...), sdkmetric.InstrumentKindUpDownCounter, int64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Int64UpDownCounter(name, options...)
	}
	one := func(st *stream) metric.Int64UpDownCounter { return newInt64UpDownCounter(st, attribute.NewSet()) }
	return instrument(streams, one, addToAll[int64, metric.Int64UpDownCounter]), err
}

// Float64UpDownCounter returns a counter that also counts down.
func (m *meter) Float64UpDownCounter(name string, options ...metric.Float64UpDownCounterOption) (metric.Float64UpDownCounter, error) {
	d := declare(name, metric.NewFloat64UpDownCounterConfig(options...), sdkmetric.InstrumentKindUpDownCounter, float64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Float64UpDownCounter(name, options...)
	}
	one := func(st *stream) metric.Float64UpDownCounter { return newFloat64UpDownCounter(st, attribute.NewSet()) }
	return instrument(streams, one, addToAll[float64, metric.Float64UpDownCounter]), err
}

// Int64Gauge returns a gauge of whole numbers, which keeps the last value of each series.
func (m *meter) Int64Gauge(name string, options ...metric.Int64GaugeOption) (metric.Int64Gauge, error) {
	d := declare(name, metric.NewInt64GaugeConfig(options...), sdkmetric.InstrumentKindGauge, int64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Int64Gauge(name, options...)
	}
	one := func(st *stream) metric.Int64Gauge { return newInt64Gauge(st, attribute.NewSet()) }
	return instrument(streams, one, recordInAll[int64, metric.Int64Gauge]), err
}

// Float64Gauge returns a gauge, which keeps the last value of each series.
func (m *meter) Float64Gauge(name string, options ...metric.Float64GaugeOption) (metric.Float64Gauge, error) {
	d := declare(name, metric.NewFloat64GaugeConfig(options...), sdkmetric.InstrumentKindGauge, float64Number, options)
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Float64Gauge(name, options...)
	}
	one := func(st *stream) metric.Float64Gauge { return newFloat64Gauge(st, attribute.NewSet()) }
	return instrument(streams, one, recordInAll[float64, metric.Float64Gauge]), err
}

// Int64Histogram returns a histogram of whole numbers. Its buckets are those of the views, else those that the options advise,
// else the SDK's default.
func (m *meter) Int64Histogram(name string, options ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	config := metric.NewInt64HistogramConfig(options...)
	d := declare(name, config, sdkmetric.InstrumentKindHistogram, int64Number, options)
	d.bounds = config.ExplicitBucketBoundaries()
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Int64Histogram(name, options...)
	}
	one := func(st *stream) metric.Int64Histogram {
		if _, ok := st.kind.(*exponentialKind[int64]); ok {
			return newInt64Exponential(st, attribute.NewSet())
		}
		return newInt64Histogram(st, attribute.NewSet())
	}
	return instrument(streams, one, recordInAll[int64, metric.Int64Histogram]), err
}

// Float64Histogram returns a histogram. Its buckets are those of the views, else those that the options advise, else the SDK's
// default.
func (m *meter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	config := metric.NewFloat64HistogramConfig(options...)
	d := declare(name, config, sdkmetric.InstrumentKindHistogram, float64Number, options)
	d.bounds = config.ExplicitBucketBoundaries()
	streams, err := m.resolve(d)
	if streams == nil {
		return m.Meter.Float64Histogram(name, options...)
	}
	one := func(st *stream) metric.Float64Histogram {
		if _, ok := st.kind.(*exponentialKind[float64]); ok {
			return newFloat64Exponential(st, attribute.NewSet())
		}
		return newFloat64Histogram(st, attribute.NewSet())
	}
	return instrument(streams, one, recordInAll[float64, metric.Float64Histogram]), err
}

// instrument returns the instrument of its streams: of the only one, or of all.
func instrument[I any](streams []*stream, one func(*stream) I, all func([]I) I) I {
	if len(streams) == 1 {
		return one(streams[0])
	}
	each := make([]I, len(streams))
	for i, st := range streams {
		each[i] = one(st)
	}
	return all(each)
}
