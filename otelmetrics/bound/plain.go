package bound

import (
	"context"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// adder is what the SDK's counters and up-down counters have in common.
type adder[N int64 | float64] interface {
	Add(context.Context, N, ...metric.AddOption)
	Enabled(context.Context) bool
}

// plainAdder is a handle of an instrument that the SDK measures: the attributes are prepared once.
type plainAdder[N int64 | float64] struct {
	sdk     adder[N]
	set     attribute.Set
	options []metric.AddOption
}

func newPlainAdder[N int64 | float64](sdk adder[N], set attribute.Set) *plainAdder[N] {
	return &plainAdder[N]{sdk, set, []metric.AddOption{metric.WithAttributeSet(set)}}
}

func (p *plainAdder[N]) bind(attrs []attribute.KeyValue) *plainAdder[N] {
	return newPlainAdder(p.sdk, join(p.set, attrs))
}

func (p *plainAdder[N]) Add(ctx context.Context, n N, options ...metric.AddOption) {
	p.sdk.Add(ctx, n, more(p.options, options)...)
}

func (p *plainAdder[N]) Enabled(ctx context.Context) bool { return p.sdk.Enabled(ctx) }

// Prime makes the series appear without a measurement.
func (p *plainAdder[N]) Prime() { p.sdk.Add(context.Background(), 0, p.options...) }

// plainIncreaser is a handle of a counter that the SDK measures. It ignores what is negative or NaN, and bounds the sum of
// its large numbers, so that the SDK's sum neither wraps nor becomes infinite.
type plainIncreaser[N int64 | float64] struct {
	*plainAdder[N]
	spent atomic.Uint64 // the bits of that sum
}

func newPlainIncreaser[N int64 | float64](sdk adder[N], set attribute.Set) *plainIncreaser[N] {
	return &plainIncreaser[N]{plainAdder: newPlainAdder(sdk, set)}
}

func (p *plainIncreaser[N]) bind(attrs []attribute.KeyValue) *plainIncreaser[N] {
	return newPlainIncreaser(p.sdk, join(p.set, attrs))
}

func (p *plainIncreaser[N]) Add(ctx context.Context, n N, options ...metric.AddOption) {
	if n >= 0 {
		p.plainAdder.Add(ctx, p.afford(n), options...)
	}
}

// afford returns how much of n the SDK's sum has room for. Small numbers have half of an int64 to themselves.
func (p *plainIncreaser[N]) afford(n N) N {
	most := largest[N]() / 2
	if n < small || n-n != 0 {
		return n
	}
	for {
		before := p.spent.Load()
		spent := fromBits[N](before)
		afforded := min(n, most-spent)
		if p.spent.CompareAndSwap(before, toBits(spent+afforded)) {
			return afforded
		}
	}
}

// recorder is what the SDK's gauges and histograms have in common.
type recorder[N int64 | float64] interface {
	Record(context.Context, N, ...metric.RecordOption)
	Enabled(context.Context) bool
}

// plainRecorder is a handle of an instrument that the SDK measures: the attributes are prepared once.
type plainRecorder[N int64 | float64] struct {
	sdk     recorder[N]
	set     attribute.Set
	options []metric.RecordOption
}

func newPlainRecorder[N int64 | float64](sdk recorder[N], set attribute.Set) *plainRecorder[N] {
	return &plainRecorder[N]{sdk, set, []metric.RecordOption{metric.WithAttributeSet(set)}}
}

func (p *plainRecorder[N]) bind(attrs []attribute.KeyValue) *plainRecorder[N] {
	return newPlainRecorder(p.sdk, join(p.set, attrs))
}

func (p *plainRecorder[N]) Record(ctx context.Context, v N, options ...metric.RecordOption) {
	p.sdk.Record(ctx, v, more(p.options, options)...)
}

func (p *plainRecorder[N]) Enabled(ctx context.Context) bool { return p.sdk.Enabled(ctx) }

// more returns the options of a measurement after those of its handle.
func more[O any](bound, options []O) []O {
	if len(options) == 0 {
		return bound
	}
	return append(slices.Clip(bound), options...)
}

// The instruments of the SDK, in the shape of those measured here.
type (
	plainInt64Counter struct {
		*api
		*plainIncreaser[int64]
	}
	plainFloat64Counter struct {
		*api
		*plainIncreaser[float64]
	}
	plainInt64UpDownCounter struct {
		*api
		*plainAdder[int64]
	}
	plainFloat64UpDownCounter struct {
		*api
		*plainAdder[float64]
	}
	plainInt64Gauge struct {
		*api
		*plainRecorder[int64]
	}
	plainFloat64Gauge struct {
		*api
		*plainRecorder[float64]
	}
	plainFloat64Histogram struct {
		*api
		*plainRecorder[float64]
	}
)

func (p plainInt64Counter) Bind(attrs ...attribute.KeyValue) metric.Int64Counter {
	return plainInt64Counter{nil, p.bind(attrs)}
}

func (p plainFloat64Counter) Bind(attrs ...attribute.KeyValue) metric.Float64Counter {
	return plainFloat64Counter{nil, p.bind(attrs)}
}

func (p plainInt64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Int64UpDownCounter {
	return plainInt64UpDownCounter{nil, p.bind(attrs)}
}

func (p plainFloat64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Float64UpDownCounter {
	return plainFloat64UpDownCounter{nil, p.bind(attrs)}
}

func (p plainInt64Gauge) Bind(attrs ...attribute.KeyValue) metric.Int64Gauge {
	return plainInt64Gauge{nil, p.bind(attrs)}
}

func (p plainFloat64Gauge) Bind(attrs ...attribute.KeyValue) metric.Float64Gauge {
	return plainFloat64Gauge{nil, p.bind(attrs)}
}

func (p plainFloat64Histogram) Bind(attrs ...attribute.KeyValue) metric.Float64Histogram {
	return plainFloat64Histogram{nil, p.bind(attrs)}
}
