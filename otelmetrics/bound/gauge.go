package bound

import (
	"math"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// gaugeCell is where all handles of a gauge's series record, as the last value is the last of all. It belongs to the series
// for good. A handle that finds it unlisted looks up its own series again, which may have become another.
type gaugeCell struct {
	listing
	_    [cacheLine - 56]byte
	bits atomic.Uint64
}

// drain copies the value. Only the state tells whether it is new.
func (c *gaugeCell) drain(to series) bool {
	if g, ok := to.(*gauge); ok {
		g.bits = c.bits.Load()
	}
	return false
}

// gaugeLink is where a handle of a gauge records: the cell of its series, once it is known.
type gaugeLink struct {
	listing // not listed itself: the attributes and the stream
	cell    atomic.Pointer[gaugeCell]
}

// record sets the last value, and returns the cell in which it did.
func (l *gaugeLink) record(bits uint64) *gaugeCell {
	if c := l.cell.Load(); c != nil {
		c.bits.Store(bits)
		if c.mark() {
			return c
		}
	}
	fresh := new(gaugeCell)
	fresh.tie(l.stream, l.set)
	fresh.bits.Store(bits)
	c, ok := l.stream.list(fresh).(*gaugeCell)
	if !ok {
		return fresh
	}
	l.cell.Store(c)
	return c
}

// gauge is the series of a gauge: the bits of the last number recorded.
type gauge struct {
	head
	// cell is the one that measures the series. It is guarded by the lock of the stream.
	cell *gaugeCell
	// bits is guarded by the collecting lock of the stream.
	bits uint64
}

// adopt moves the value of c to the cell of the series, if there is one.
func (g *gauge) adopt(c cell) cell {
	fresh, ok := c.(*gaugeCell)
	if !ok {
		return c
	}
	if g.cell == nil {
		g.cell = fresh
	} else {
		g.cell.bits.Store(fresh.bits.Load())
	}
	return g.cell
}

// gaugeKind makes and reports the series of gauges.
type gaugeKind[N int64 | float64] struct{}

func (gaugeKind[N]) newSeries(*stream) series { return new(gauge) }

func (gaugeKind[N]) busy(series) bool { return false }

func (gaugeKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.DataPoint[N], 0, len(c.series))
	for _, x := range c.series {
		if g, ok := x.(*gauge); ok {
			points = append(points, metricdata.DataPoint[N]{
				Attributes: g.attrs,
				StartTime:  c.start(&g.head),
				Time:       c.now,
				Value:      fromBits[N](g.bits),
				Exemplars:  collectExemplars[N](&g.head, c),
			})
		}
	}
	return []metricdata.Aggregation{metricdata.Gauge[N]{DataPoints: points}}
}

// toBits returns the bits of a number, for fromBits.
func toBits[N int64 | float64](n N) uint64 {
	if _, ok := any(n).(int64); ok {
		return uint64(int64(n))
	}
	return math.Float64bits(float64(n))
}

// fromBits returns the number of which these are the bits: an int64 itself, or the IEEE bits of a float64.
func fromBits[N int64 | float64](bits uint64) N {
	var zero N
	if _, ok := any(zero).(int64); ok {
		return N(int64(bits))
	}
	return N(math.Float64frombits(bits))
}
