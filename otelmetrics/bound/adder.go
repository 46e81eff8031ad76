package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// int64Adder is a handle of an up-down counter.
type int64Adder struct{ handle[sumCell, *sumCell] }

func (a *int64Adder) bind(in *instrument, set attribute.Set) *int64Adder {
	a.init(in, set)
	return a
}

// Add adds n to the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (a *int64Adder) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	if uint64(n+small)/(2*small)|uint64(a.own.mode.Load()|uint32(len(options))) != 0 {
		a.addSlow(ctx, n, options)
		return
	}
	if after := a.own.whole.Add(n); (after-n)&probes == 0 {
		a.own.probe(after - n)
	}
}

// addSlow adds in every case but the usual one: one stream, no options, a cell without stripes, no exemplars, a small number.
func (a *int64Adder) addSlow(ctx context.Context, n int64, options []metric.AddOption) {
	switch mode := a.own.mode.Load(); {
	case len(options) > 0:
		attrs := metric.NewAddConfig(options).Attributes()
		a = new(int64Adder).bind(a.instrument, join(a.set(), attrs.ToSlice(), raw(options)))
		a.addSlow(ctx, n, nil)
	case mode == striped:
		a.own.addInt(n)
	case mode&several == 0:
		a.own.addInt(n)
		if a.own.stream.samples(ctx) {
			a.own.stream.offer(ctx, &a.own, &a.own.listing, exemplar.NewValue(n))
		}
	default:
		for _, c := range a.more {
			c.addInt(n)
			if c.stream.samples(ctx) {
				c.stream.offer(ctx, c, &c.listing, exemplar.NewValue(n))
			}
		}
	}
}

// Prime makes the series appear without a measurement, for good.
func (a *int64Adder) Prime() { a.each(func(c *sumCell) { c.stream.prime(c) }) }

// int64Increaser is a handle of a counter.
type int64Increaser struct{ int64Adder }

func (a *int64Increaser) bind(in *instrument, set attribute.Set) *int64Increaser {
	a.init(in, set)
	return a
}

// Add adds n to the series, if it is not negative.
//
//go:nosplit
func (a *int64Increaser) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	if uint64(n)/small|uint64(a.own.mode.Load()|uint32(len(options))) != 0 {
		if n >= 0 {
			a.addSlow(ctx, n, options)
		}
		return
	}
	if after := a.own.whole.Add(n); (after-n)&probes == 0 {
		a.own.probe(after - n)
	}
}

type (
	int64Counter       struct{ *int64Increaser }
	int64UpDownCounter struct{ *int64Adder }
)

func (c int64Counter) Bind(attrs ...attribute.KeyValue) metric.Int64Counter {
	return new(int64Increaser).bind(c.instrument, join(c.set(), attrs))
}

func (c int64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Int64UpDownCounter {
	return new(int64Adder).bind(c.instrument, join(c.set(), attrs))
}

// float64Adder is a handle of an up-down counter.
type float64Adder struct{ handle[sumCell, *sumCell] }

func (a *float64Adder) bind(in *instrument, set attribute.Set) *float64Adder {
	a.init(in, set)
	return a
}

// Add adds n to the series.
func (a *float64Adder) Add(ctx context.Context, n float64, options ...metric.AddOption) {
	if a.own.mode.Load()&^striped|uint32(len(options)) != direct {
		a.addSlow(ctx, n, options)
		return
	}
	a.own.addFloat(n)
}

func (a *float64Adder) addSlow(ctx context.Context, n float64, options []metric.AddOption) {
	switch mode := a.own.mode.Load(); {
	case len(options) > 0:
		attrs := metric.NewAddConfig(options).Attributes()
		a = new(float64Adder).bind(a.instrument, join(a.set(), attrs.ToSlice(), raw(options)))
		a.Add(ctx, n)
	case mode&several == 0:
		a.own.addFloat(n)
		if a.own.stream.samples(ctx) {
			a.own.stream.offer(ctx, &a.own, &a.own.listing, exemplar.NewValue(n))
		}
	default:
		for _, c := range a.more {
			c.addFloat(n)
			if c.stream.samples(ctx) {
				c.stream.offer(ctx, c, &c.listing, exemplar.NewValue(n))
			}
		}
	}
}

// Prime makes the series appear without a measurement, for good.
func (a *float64Adder) Prime() { a.each(func(c *sumCell) { c.stream.prime(c) }) }

// float64Increaser is a handle of a counter.
type float64Increaser struct{ float64Adder }

func (a *float64Increaser) bind(in *instrument, set attribute.Set) *float64Increaser {
	a.init(in, set)
	return a
}

// Add adds n to the series, if it is not negative and not NaN.
func (a *float64Increaser) Add(ctx context.Context, n float64, options ...metric.AddOption) {
	if !(n >= 0) {
		return
	}
	if a.own.mode.Load()&^striped|uint32(len(options)) != direct {
		a.addSlow(ctx, n, options)
		return
	}
	a.own.addFloat(n)
}

type (
	float64Counter       struct{ *float64Increaser }
	float64UpDownCounter struct{ *float64Adder }
)

func (c float64Counter) Bind(attrs ...attribute.KeyValue) metric.Float64Counter {
	return new(float64Increaser).bind(c.instrument, join(c.set(), attrs))
}

func (c float64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Float64UpDownCounter {
	return new(float64Adder).bind(c.instrument, join(c.set(), attrs))
}
