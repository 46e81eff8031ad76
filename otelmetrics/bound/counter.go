package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// int64Counter measures one series of a counter. It is also the instrument, which measures the series without attributes.
//
// A handle is one allocation: the cell, the attributes, and what makes it an instrument of the API are in it, so a measurement
// follows no pointer. Each kind of instrument has an Add of its own, as a call through another would cost what the addition
// does.
type int64Counter struct{ sumCell }

// newInt64Counter returns an idle handle of the attributes in a stream.
func newInt64Counter(st *stream, set attribute.Set) *int64Counter {
	c := new(int64Counter)
	c.init(st, set)
	return c
}

// Add adds n to the series, if it is not negative. Without a check of its stack it is measurably faster.
//
// All that can make a measurement unusual is in one condition before the addition: a number that is negative or not small, a
// cell with stripes, an option. All that can follow from it is in one after it, see seldom.
//
//go:nosplit
func (c *int64Counter) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	if uint64(n)/small|uint64(c.mode.Load()|uint32(len(options))) != 0 {
		c.addSlow(ctx, n, options)
		return
	}
	few, mask := c.few, c.mask // loaded first, as loads wait for the addition
	if before := c.whole.Add(n) - n; seldom(before, n, few, mask) {
		c.added(ctx, n, before, false)
	}
}

// addSlow adds in every case but the usual one: a small number, no options, a cell without stripes.
func (c *int64Counter) addSlow(ctx context.Context, n int64, options []metric.AddOption) {
	switch {
	case n < 0:
	case len(options) == 0:
		c.addInt(ctx, n)
	default:
		with(c.stream, c.addAttributes(options), newInt64Counter).addInt(ctx, n)
		if c.ends != nil {
			c.ends.take(n)
		}
	}
}

// Bind implements [Binder].
func (c *int64Counter) Bind(attrs ...attribute.KeyValue) metric.Int64Counter {
	bound := newInt64Counter(c.stream, join(c.set, attrs))
	bound.ends = c.ends
	return bound
}

// int64UpDownCounter is an [int64Counter] that also counts down.
type int64UpDownCounter struct{ sumCell }

// newInt64UpDownCounter returns an idle handle of the attributes in a stream.
func newInt64UpDownCounter(st *stream, set attribute.Set) *int64UpDownCounter {
	c := new(int64UpDownCounter)
	c.init(st, set)
	return c
}

// Add adds n to the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (c *int64UpDownCounter) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	if uint64(n+small)/(2*small)|uint64(c.mode.Load()|uint32(len(options))) != 0 {
		c.addSlow(ctx, n, options)
		return
	}
	few, mask := c.few, c.mask // loaded first, as loads wait for the addition
	if before := c.whole.Add(n) - n; seldom(before, n, few, mask) {
		c.added(ctx, n, before, false)
	}
}

func (c *int64UpDownCounter) addSlow(ctx context.Context, n int64, options []metric.AddOption) {
	if len(options) > 0 {
		c = with(c.stream, c.addAttributes(options), newInt64UpDownCounter)
	}
	c.addInt(ctx, n)
}

// Bind implements [Binder].
func (c *int64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Int64UpDownCounter {
	return newInt64UpDownCounter(c.stream, join(c.set, attrs))
}

// float64Counter measures one series of a counter. It is also the instrument, which measures the series without attributes.
type float64Counter struct{ sumCell }

// newFloat64Counter returns an idle handle of the attributes in a stream.
func newFloat64Counter(st *stream, set attribute.Set) *float64Counter {
	c := new(float64Counter)
	c.init(st, set)
	return c
}

// Add adds v to the series, if it is not negative and not NaN.
func (c *float64Counter) Add(ctx context.Context, v float64, options ...metric.AddOption) {
	if !(v >= 0) {
		return
	}
	if len(options) > 0 {
		c = with(c.stream, c.addAttributes(options), newFloat64Counter)
	}
	c.addFloat(ctx, v)
}

// Bind implements [Binder].
func (c *float64Counter) Bind(attrs ...attribute.KeyValue) metric.Float64Counter {
	return newFloat64Counter(c.stream, join(c.set, attrs))
}

// float64UpDownCounter is a [float64Counter] that also counts down.
type float64UpDownCounter struct{ sumCell }

// newFloat64UpDownCounter returns an idle handle of the attributes in a stream.
func newFloat64UpDownCounter(st *stream, set attribute.Set) *float64UpDownCounter {
	c := new(float64UpDownCounter)
	c.init(st, set)
	return c
}

// Add adds v to the series.
func (c *float64UpDownCounter) Add(ctx context.Context, v float64, options ...metric.AddOption) {
	if len(options) > 0 {
		c = with(c.stream, c.addAttributes(options), newFloat64UpDownCounter)
	}
	c.addFloat(ctx, v)
}

// Bind implements [Binder].
func (c *float64UpDownCounter) Bind(attrs ...attribute.KeyValue) metric.Float64UpDownCounter {
	return newFloat64UpDownCounter(c.stream, join(c.set, attrs))
}
