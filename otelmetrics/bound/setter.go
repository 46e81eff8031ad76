package bound

import (
	"context"
	"math"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// int64Setter is a handle of a gauge.
type int64Setter struct{ handle[gaugeLink, *gaugeLink] }

func (s *int64Setter) bind(in *instrument, set attribute.Set) *int64Setter {
	s.init(in, set)
	return s
}

// Record sets the value of the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (s *int64Setter) Record(ctx context.Context, v int64, options ...metric.RecordOption) {
	c := s.own.cell.Load()
	if c == nil || s.own.mode.Load()|uint32(len(options)) != direct {
		s.recordSlow(ctx, v, options)
		return
	}
	c.bits.Store(uint64(v))
	if c.state.Load() != measured {
		s.own.record(uint64(v))
	}
}

func (s *int64Setter) recordSlow(ctx context.Context, v int64, options []metric.RecordOption) {
	if len(options) > 0 {
		attrs := metric.NewRecordConfig(options).Attributes()
		s = new(int64Setter).bind(s.instrument, join(s.set(), attrs.ToSlice(), raw(options)))
	}
	s.each(func(l *gaugeLink) {
		c := l.record(uint64(v))
		if l.stream.samples(ctx) {
			l.stream.offer(ctx, c, &l.listing, exemplar.NewValue(v))
		}
	})
}

type int64Gauge struct{ *int64Setter }

func (g int64Gauge) Bind(attrs ...attribute.KeyValue) metric.Int64Gauge {
	return new(int64Setter).bind(g.instrument, join(g.set(), attrs))
}

// float64Setter is a handle of a gauge.
type float64Setter struct{ handle[gaugeLink, *gaugeLink] }

func (s *float64Setter) bind(in *instrument, set attribute.Set) *float64Setter {
	s.init(in, set)
	return s
}

// Record sets the value of the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (s *float64Setter) Record(ctx context.Context, v float64, options ...metric.RecordOption) {
	c := s.own.cell.Load()
	if c == nil || s.own.mode.Load()|uint32(len(options)) != direct {
		s.recordSlow(ctx, v, options)
		return
	}
	c.bits.Store(math.Float64bits(v))
	if c.state.Load() != measured {
		s.own.record(math.Float64bits(v))
	}
}

func (s *float64Setter) recordSlow(ctx context.Context, v float64, options []metric.RecordOption) {
	if len(options) > 0 {
		attrs := metric.NewRecordConfig(options).Attributes()
		s = new(float64Setter).bind(s.instrument, join(s.set(), attrs.ToSlice(), raw(options)))
	}
	s.each(func(l *gaugeLink) {
		c := l.record(math.Float64bits(v))
		if l.stream.samples(ctx) {
			l.stream.offer(ctx, c, &l.listing, exemplar.NewValue(v))
		}
	})
}

type float64Gauge struct{ *float64Setter }

func (g float64Gauge) Bind(attrs ...attribute.KeyValue) metric.Float64Gauge {
	return new(float64Setter).bind(g.instrument, join(g.set(), attrs))
}
