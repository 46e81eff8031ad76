package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// float64Recorder is a handle of a histogram.
type float64Recorder struct {
	handle[histogramCell, *histogramCell]
}

func (r *float64Recorder) bind(in *instrument, set attribute.Set) *float64Recorder {
	r.init(in, set)
	return r
}

// Record records v in the series.
func (r *float64Recorder) Record(ctx context.Context, v float64, options ...metric.RecordOption) {
	if r.own.mode.Load()&^striped|uint32(len(options)) != direct {
		r.recordSlow(ctx, v, options)
		return
	}
	r.own.record(v)
}

func (r *float64Recorder) recordSlow(ctx context.Context, v float64, options []metric.RecordOption) {
	switch {
	case len(options) > 0:
		attrs := metric.NewRecordConfig(options).Attributes()
		r = new(float64Recorder).bind(r.instrument, join(r.set(), attrs.ToSlice(), raw(options)))
		r.Record(ctx, v)
	case r.own.mode.Load()&several == 0:
		r.own.offer(ctx, v, r.own.record(v))
	default:
		for _, c := range r.more {
			c.offer(ctx, v, c.record(v))
		}
	}
}

// Prime makes the series appear without a measurement, for good.
func (r *float64Recorder) Prime() { r.each(func(c *histogramCell) { c.stream.prime(c) }) }

type float64Histogram struct{ *float64Recorder }

func (h float64Histogram) Bind(attrs ...attribute.KeyValue) metric.Float64Histogram {
	return new(float64Recorder).bind(h.instrument, join(h.set(), attrs))
}
