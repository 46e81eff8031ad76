package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// float64Histogram measures one series of a histogram with explicit buckets. It is also the instrument, which measures the
// series without attributes.
type float64Histogram struct{ histogramCell[float64] }

// newFloat64Histogram returns an idle handle of the attributes in a stream.
func newFloat64Histogram(st *stream, set attribute.Set) *float64Histogram {
	h := new(float64Histogram)
	h.init(st, set)
	return h
}

// Record records v in the series.
func (h *float64Histogram) Record(ctx context.Context, v float64, options ...metric.RecordOption) {
	if len(options) > 0 {
		h = with(h.stream, h.recordAttributes(options), newFloat64Histogram)
	}
	if n := h.record(v); h.asks(n) && h.samples(ctx) {
		h.offer(ctx, h, exemplar.NewValue(v))
	}
}

// Bind implements [Binder].
func (h *float64Histogram) Bind(attrs ...attribute.KeyValue) metric.Float64Histogram {
	return newFloat64Histogram(h.stream, join(h.set, attrs))
}

// int64Histogram is a [float64Histogram] of whole numbers.
type int64Histogram struct{ histogramCell[int64] }

// newInt64Histogram returns an idle handle of the attributes in a stream.
func newInt64Histogram(st *stream, set attribute.Set) *int64Histogram {
	h := new(int64Histogram)
	h.init(st, set)
	return h
}

// Record records v in the series.
func (h *int64Histogram) Record(ctx context.Context, v int64, options ...metric.RecordOption) {
	if len(options) > 0 {
		h = with(h.stream, h.recordAttributes(options), newInt64Histogram)
	}
	if n := h.record(v); h.asks(n) && h.samples(ctx) {
		h.offer(ctx, h, exemplar.NewValue(v))
	}
}

// Bind implements [Binder].
func (h *int64Histogram) Bind(attrs ...attribute.KeyValue) metric.Int64Histogram {
	return newInt64Histogram(h.stream, join(h.set, attrs))
}

// float64Exponential is a [float64Histogram] with exponential buckets.
type float64Exponential struct{ exponentialCell[float64] }

// newFloat64Exponential returns an idle handle of the attributes in a stream.
func newFloat64Exponential(st *stream, set attribute.Set) *float64Exponential {
	h := new(float64Exponential)
	h.init(st, set)
	return h
}

// Record records v in the series. As in the SDK, NaN and infinities are not recorded. They must not make a handle either: only
// a handle whose cell was active is removed from the index.
func (h *float64Exponential) Record(ctx context.Context, v float64, options ...metric.RecordOption) {
	if v-v != 0 {
		return
	}
	if len(options) > 0 {
		h = with(h.stream, h.recordAttributes(options), newFloat64Exponential)
	}
	if n := h.record(v); h.asks(n) && h.samples(ctx) {
		h.offer(ctx, h, exemplar.NewValue(v))
	}
}

// Bind implements [Binder].
func (h *float64Exponential) Bind(attrs ...attribute.KeyValue) metric.Float64Histogram {
	return newFloat64Exponential(h.stream, join(h.set, attrs))
}

// int64Exponential is an [int64Histogram] with exponential buckets.
type int64Exponential struct{ exponentialCell[int64] }

// newInt64Exponential returns an idle handle of the attributes in a stream.
func newInt64Exponential(st *stream, set attribute.Set) *int64Exponential {
	h := new(int64Exponential)
	h.init(st, set)
	return h
}

// Record records v in the series.
func (h *int64Exponential) Record(ctx context.Context, v int64, options ...metric.RecordOption) {
	if len(options) > 0 {
		h = with(h.stream, h.recordAttributes(options), newInt64Exponential)
	}
	if n := h.record(v); h.asks(n) && h.samples(ctx) {
		h.offer(ctx, h, exemplar.NewValue(v))
	}
}

// Bind implements [Binder].
func (h *int64Exponential) Bind(attrs ...attribute.KeyValue) metric.Int64Histogram {
	return newInt64Exponential(h.stream, join(h.set, attrs))
}
