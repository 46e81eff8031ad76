package bound

import (
	"context"
	"math"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// gaugeCell is where all handles of a gauge's series record, as the last value is the last of all. It stays with its
// series. A handle that finds the cell idle looks up its own series again, which may be another one by then.
type gaugeCell struct {
	cellHeader
	series *gauge
	_      [cacheLine - 56]byte
	bits   atomic.Uint64
}

// attach implements [cell].
func (c *gaugeCell) attach(s series) { c.series, _ = s.(*gauge) }

// home implements [cell].
func (c *gaugeCell) home() *seriesHeader { return &c.series.seriesHeader }

// wake implements [cell]: only the state says whether the cell is idle, as a measurement reads it in any case.
func (c *gaugeCell) wake() {}

// drain copies the value. Only the state says whether it is new.
func (c *gaugeCell) drain() bool {
	c.series.bits = c.bits.Load()
	return false
}

// gaugeHandle is what a handle of a gauge has: its attributes and, once it is known, the cell of its series.
type gaugeHandle struct {
	cellHeader
	cell atomic.Pointer[gaugeCell]
}

func (g *gaugeHandle) init(st *stream, set attribute.Set) {
	g.cellHeader.init(st, set)
	if st.sample != nil {
		g.mode.Store(sampled)
	}
}

// record sets the last value.
func (g *gaugeHandle) record(ctx context.Context, bits uint64, value exemplar.Value) {
	c := g.store(bits)
	if g.samples(ctx) {
		g.offer(ctx, c, value)
	}
}

// store sets the last value, and returns the cell in which it did. If the cell is active after the value was set, a collection
// will copy it. If it is idle, the value goes to a fresh cell, which activate either lists or, if the series has a cell, empties
// into that one.
func (g *gaugeHandle) store(bits uint64) cell {
	if c := g.cell.Load(); c != nil {
		c.bits.Store(bits)
		if c.mark() {
			return c
		}
	}
	fresh := new(gaugeCell)
	fresh.init(g.stream, g.set)
	fresh.bits.Store(bits)
	c := g.activate(fresh)
	if c, ok := c.(*gaugeCell); ok {
		g.cell.Store(c)
	}
	return c
}

// int64Gauge measures one series of a gauge. It is also the instrument, which measures the series without attributes.
type int64Gauge struct{ gaugeHandle }

// newInt64Gauge returns an idle handle of the attributes in a stream.
func newInt64Gauge(st *stream, set attribute.Set) *int64Gauge {
	g := new(int64Gauge)
	g.init(st, set)
	return g
}

// Record sets the value of the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (g *int64Gauge) Record(ctx context.Context, v int64, options ...metric.RecordOption) {
	c := g.cell.Load()
	if c == nil || g.mode.Load()|uint32(len(options)) != direct {
		g.recordSlow(ctx, v, options)
		return
	}
	c.bits.Store(uint64(v))
	if c.state.Load() != measured {
		g.recordSlow(ctx, v, nil)
	}
}

func (g *int64Gauge) recordSlow(ctx context.Context, v int64, options []metric.RecordOption) {
	if len(options) == 0 {
		g.record(ctx, uint64(v), exemplar.NewValue(v))
		return
	}
	set := g.recordAttributes(options)
	h, known := find[*int64Gauge](g.stream, set)
	if !known {
		h = newInt64Gauge(g.stream, set)
	}
	h.record(ctx, uint64(v), exemplar.NewValue(v))
	if !known {
		h.index(h)
	}
}

// Bind implements [Binder].
func (g *int64Gauge) Bind(attrs ...attribute.KeyValue) metric.Int64Gauge {
	return newInt64Gauge(g.stream, join(g.set, attrs))
}

// float64Gauge measures one series of a gauge. It is also the instrument, which measures the series without attributes.
type float64Gauge struct{ gaugeHandle }

// newFloat64Gauge returns an idle handle of the attributes in a stream.
func newFloat64Gauge(st *stream, set attribute.Set) *float64Gauge {
	g := new(float64Gauge)
	g.init(st, set)
	return g
}

// Record sets the value of the series. Without a check of its stack it is measurably faster.
//
//go:nosplit
func (g *float64Gauge) Record(ctx context.Context, v float64, options ...metric.RecordOption) {
	c := g.cell.Load()
	if c == nil || g.mode.Load()|uint32(len(options)) != direct {
		g.recordSlow(ctx, v, options)
		return
	}
	c.bits.Store(math.Float64bits(v))
	if c.state.Load() != measured {
		g.recordSlow(ctx, v, nil)
	}
}

func (g *float64Gauge) recordSlow(ctx context.Context, v float64, options []metric.RecordOption) {
	if len(options) == 0 {
		g.record(ctx, math.Float64bits(v), exemplar.NewValue(v))
		return
	}
	set := g.recordAttributes(options)
	h, known := find[*float64Gauge](g.stream, set)
	if !known {
		h = newFloat64Gauge(g.stream, set)
	}
	h.record(ctx, math.Float64bits(v), exemplar.NewValue(v))
	if !known {
		h.index(h)
	}
}

// Bind implements [Binder].
func (g *float64Gauge) Bind(attrs ...attribute.KeyValue) metric.Float64Gauge {
	return newFloat64Gauge(g.stream, join(g.set, attrs))
}

// index makes the handle found by its attributes, while the cell that it made for them is active. Other handles of the series are
// not kept, so that there are no more of them than series, whatever attributes the view drops or the limit refuses.
func (g *gaugeHandle) index(handle any) {
	c := g.cell.Load()
	if c == nil || c.set.Equivalent() != g.set.Equivalent() {
		return
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if c.state.Load() != idle {
		g.handles.LoadOrStore(g.set.Equivalent(), handle)
	}
}
