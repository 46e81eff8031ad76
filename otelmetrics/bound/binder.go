package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
)

// Binder is implemented by the synchronous instruments of a [MeterProvider], for their own type: a metric.Int64Counter
// is a Binder[metric.Int64Counter]. The shape is that of the Binder interfaces of go.opentelemetry.io/otel/metric/x, so
// an instrument that has one of those has this one too.
type Binder[Instrument any] interface {
	// Bind returns an instrument that measures the series of these attributes, added to those that are bound already.
	// Attributes that are given with a measurement are added as well, at the price of finding their series. Binding alone
	// does not make the series appear. The slice is not kept.
	Bind(attrs ...attribute.KeyValue) Instrument
}

// Finisher is implemented by the synchronous instruments of a [MeterProvider]. The shape is that of metric/x.
type Finisher interface {
	// Finish ends the series of these attributes, added to those that are bound already. Each reader reports the series
	// once more; then it is forgotten. A measurement before that revives the series, and nothing is lost. A later one
	// begins a new series, at zero and with a new start time. Nothing happens if there is no such series, or if its
	// measurements went to the series of the overflow. Finish may wait for a collection, measurements never do.
	//
	// A finished series waits for every reader of the provider. It counts under the cardinality limit as long as one of them
	// does not collect.
	Finish(ctx context.Context, attrs ...attribute.KeyValue)
}

// Primer is implemented by bound counters, up-down counters and histograms.
type Primer interface {
	// Prime makes the series appear at zero, so that a backend sees its first increase. The idle timeout does not
	// apply to the series.
	Prime()
}

// Finish implements [Finisher].
func (h *cellHeader) Finish(_ context.Context, attrs ...attribute.KeyValue) {
	h.finish(join(h.set, attrs))
}

// Prime implements [Primer].
func (c *sumCell) Prime() { c.prime(c) }

// Prime implements [Primer].
func (c *histogramCell[N]) Prime() { c.prime(c) }

// Prime implements [Primer].
func (c *exponentialCell[N]) Prime() { c.prime(c) }

// api makes a type an implementation of the instruments of the API. Its methods are never called.
type api struct {
	embedded.Int64Counter
	embedded.Float64Counter
	embedded.Int64UpDownCounter
	embedded.Float64UpDownCounter
	embedded.Int64Gauge
	embedded.Float64Gauge
	embedded.Int64Histogram
	embedded.Float64Histogram
}

// BindInt64Counter binds any counter to attributes. An instrument that is a [Binder] binds itself. For another one, the
// attributes are prepared once, in an option that each measurement gives it. So is it with the other Bind functions.
func BindInt64Counter(c metric.Int64Counter, attrs ...attribute.KeyValue) metric.Int64Counter {
	return bind(c, attrs, prepareIncrease[int64, metric.Int64Counter])
}

// BindFloat64Counter binds a counter to attributes, see [BindInt64Counter].
func BindFloat64Counter(c metric.Float64Counter, attrs ...attribute.KeyValue) metric.Float64Counter {
	return bind(c, attrs, prepareIncrease[float64, metric.Float64Counter])
}

// BindInt64UpDownCounter binds an up-down counter to attributes, see [BindInt64Counter].
func BindInt64UpDownCounter(c metric.Int64UpDownCounter, attrs ...attribute.KeyValue) metric.Int64UpDownCounter {
	return bind(c, attrs, prepareAdd[int64, metric.Int64UpDownCounter])
}

// BindFloat64UpDownCounter binds an up-down counter to attributes, see [BindInt64Counter].
func BindFloat64UpDownCounter(c metric.Float64UpDownCounter, attrs ...attribute.KeyValue) metric.Float64UpDownCounter {
	return bind(c, attrs, prepareAdd[float64, metric.Float64UpDownCounter])
}

// BindInt64Gauge binds a gauge to attributes, see [BindInt64Counter].
func BindInt64Gauge(g metric.Int64Gauge, attrs ...attribute.KeyValue) metric.Int64Gauge {
	return bind(g, attrs, prepareRecord[int64, metric.Int64Gauge])
}

// BindFloat64Gauge binds a gauge to attributes, see [BindInt64Counter].
func BindFloat64Gauge(g metric.Float64Gauge, attrs ...attribute.KeyValue) metric.Float64Gauge {
	return bind(g, attrs, prepareRecord[float64, metric.Float64Gauge])
}

// BindInt64Histogram binds a histogram to attributes, see [BindInt64Counter].
func BindInt64Histogram(h metric.Int64Histogram, attrs ...attribute.KeyValue) metric.Int64Histogram {
	return bind(h, attrs, prepareRecord[int64, metric.Int64Histogram])
}

// BindFloat64Histogram binds a histogram to attributes, see [BindInt64Counter].
func BindFloat64Histogram(h metric.Float64Histogram, attrs ...attribute.KeyValue) metric.Float64Histogram {
	return bind(h, attrs, prepareRecord[float64, metric.Float64Histogram])
}

// Prime primes a bound instrument that is a [Primer], and does nothing for another one.
func Prime(instrument any) {
	if p, ok := instrument.(Primer); ok {
		p.Prime()
	}
}

// bind binds an instrument itself or, if it cannot, what prepares attributes for it.
func bind[I any](instrument I, attrs []attribute.KeyValue, prepare func(I, attribute.Set) I) I {
	if b, ok := any(instrument).(Binder[I]); ok {
		return b.Bind(attrs...)
	}
	return prepare(instrument, join(attribute.NewSet(), attrs))
}
