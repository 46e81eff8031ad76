package bound

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// The declarations return the instrument of that name. Equal declarations share their series. As in the SDK, the error
// of an invalid declaration comes with an instrument that works as far as it can.

// Int64Counter declares a counter of whole numbers.
func (m *Meter) Int64Counter(name string, options ...metric.Int64CounterOption) (Int64Counter, error) {
	d := declare(name, metric.NewInt64CounterConfig(options...), sdkmetric.InstrumentKindCounter, int64Number, options)
	if in, err := m.resolve(d); in != nil {
		return int64Counter{new(int64Increaser).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Int64Counter(name, options...)
	return plainInt64Counter{nil, newPlainIncreaser[int64](sdk, attribute.NewSet())}, err
}

// Float64Counter declares a counter.
func (m *Meter) Float64Counter(name string, options ...metric.Float64CounterOption) (Float64Counter, error) {
	d := declare(name, metric.NewFloat64CounterConfig(options...), sdkmetric.InstrumentKindCounter, float64Number, options)
	if in, err := m.resolve(d); in != nil {
		return float64Counter{new(float64Increaser).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Float64Counter(name, options...)
	return plainFloat64Counter{nil, newPlainIncreaser[float64](sdk, attribute.NewSet())}, err
}

// Int64UpDownCounter declares an up-down counter of whole numbers.
func (m *Meter) Int64UpDownCounter(name string, options ...metric.Int64UpDownCounterOption) (Int64UpDownCounter, error) {
	d := declare(name, metric.NewInt64UpDownCounterConfig(options...), sdkmetric.InstrumentKindUpDownCounter, int64Number, options)
	if in, err := m.resolve(d); in != nil {
		return int64UpDownCounter{new(int64Adder).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Int64UpDownCounter(name, options...)
	return plainInt64UpDownCounter{nil, newPlainAdder[int64](sdk, attribute.NewSet())}, err
}

// Float64UpDownCounter declares an up-down counter.
func (m *Meter) Float64UpDownCounter(name string, options ...metric.Float64UpDownCounterOption) (Float64UpDownCounter, error) {
	d := declare(name, metric.NewFloat64UpDownCounterConfig(options...), sdkmetric.InstrumentKindUpDownCounter, float64Number, options)
	if in, err := m.resolve(d); in != nil {
		return float64UpDownCounter{new(float64Adder).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Float64UpDownCounter(name, options...)
	return plainFloat64UpDownCounter{nil, newPlainAdder[float64](sdk, attribute.NewSet())}, err
}

// Int64Gauge declares a gauge of whole numbers.
func (m *Meter) Int64Gauge(name string, options ...metric.Int64GaugeOption) (Int64Gauge, error) {
	d := declare(name, metric.NewInt64GaugeConfig(options...), sdkmetric.InstrumentKindGauge, int64Number, options)
	if in, err := m.resolve(d); in != nil {
		return int64Gauge{new(int64Setter).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Int64Gauge(name, options...)
	return plainInt64Gauge{nil, newPlainRecorder[int64](sdk, attribute.NewSet())}, err
}

// Float64Gauge declares a gauge.
func (m *Meter) Float64Gauge(name string, options ...metric.Float64GaugeOption) (Float64Gauge, error) {
	d := declare(name, metric.NewFloat64GaugeConfig(options...), sdkmetric.InstrumentKindGauge, float64Number, options)
	if in, err := m.resolve(d); in != nil {
		return float64Gauge{new(float64Setter).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Float64Gauge(name, options...)
	return plainFloat64Gauge{nil, newPlainRecorder[float64](sdk, attribute.NewSet())}, err
}

// Float64Histogram declares a histogram.
func (m *Meter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (Float64Histogram, error) {
	config := metric.NewFloat64HistogramConfig(options...)
	d := declare(name, config, sdkmetric.InstrumentKindHistogram, float64Number, options)
	d.bounds = config.ExplicitBucketBoundaries()
	if in, err := m.resolve(d); in != nil {
		return float64Histogram{new(float64Recorder).bind(in, attribute.NewSet())}, err
	}
	sdk, err := m.config.Meter.Float64Histogram(name, options...)
	return plainFloat64Histogram{nil, newPlainRecorder[float64](sdk, attribute.NewSet())}, err
}

// described is what the configurations of all instruments tell.
type described interface {
	Description() string
	Unit() string
}

// declare returns the declaration of an instrument.
func declare[O any](name string, c described, k sdkmetric.InstrumentKind, number string, options []O) declaration {
	return declaration{
		Instrument: sdkmetric.Instrument{Name: name, Description: c.Description(), Unit: c.Unit(), Kind: k},
		number:     number,
		allowed:    allowed(options),
	}
}

// allowed returns the attributes that an instrument has by default, as metric/x WithDefaultAttributes gives them, or
// nil for all.
func allowed[O any](options []O) []attribute.Key {
	var keys []attribute.Key
	for _, o := range options {
		if o, ok := any(o).(interface{ AllowedKeys() []attribute.Key }); ok {
			keys = append(append([]attribute.Key{}, keys...), o.AllowedKeys()...)
		}
	}
	return keys
}
