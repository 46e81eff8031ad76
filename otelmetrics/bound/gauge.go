package bound

import (
	"math"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// gauge is the series of a gauge: the bits of the last number recorded.
type gauge struct {
	seriesHeader
	// cell is the one that all handles of the series share. The lock of the stream guards it.
	cell *gaugeCell
	// Whoever collects may use bits.
	bits uint64
}

// share moves the value of c to the cell of the series, if there is one.
func (g *gauge) share(c cell) cell {
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

// newSeries implements [kind].
func (gaugeKind[N]) newSeries(*stream) series { return new(gauge) }

// busy implements [kind]: any gauge may be forgotten, as nobody says what its last value is worth by now.
func (gaugeKind[N]) busy(series) bool { return false }

// derived implements [kind]: no gauge depends on another stream.
func (gaugeKind[N]) derived() bool { return false }

// report implements [kind]. A gauge has no temporality: a reader of intervals gets the last value if there was one in its own.
func (gaugeKind[N]) report(c *collection) []metricdata.Aggregation {
	points := make([]metricdata.DataPoint[N], 0, len(c.series))
	for _, x := range c.series {
		if g, ok := x.(*gauge); ok {
			points = append(points, metricdata.DataPoint[N]{
				Attributes: g.attrs,
				StartTime:  c.start(&g.seriesHeader),
				Time:       c.now,
				Value:      fromBits[N](g.bits),
				Exemplars:  collectExemplars[N](&g.seriesHeader, c),
			})
		}
	}
	return []metricdata.Aggregation{metricdata.Gauge[N]{DataPoints: points}}
}

// toBits returns the bits of a number: an int64 itself, or the IEEE bits of a float64.
func toBits[N int64 | float64](v N) uint64 {
	if isInteger[N]() {
		return uint64(int64(v))
	}
	return math.Float64bits(float64(v))
}

// fromBits returns the number of which these are the bits.
func fromBits[N int64 | float64](bits uint64) N {
	if isInteger[N]() {
		return N(int64(bits))
	}
	return N(math.Float64frombits(bits))
}

// isInteger reports whether N is int64. The compiler knows the answer, which it does not of a type switch.
func isInteger[N int64 | float64]() bool { return N(1)/2 == 0 }
