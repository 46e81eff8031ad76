package bound

import (
	"context"
	"math"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// sumCell is where a handle of a counter or an up-down counter adds. It adds up small whole numbers apart from
// the others, so that the common case is one integer addition for either type of number.
type sumCell struct {
	cellHeader
	series *sum
	sumStripe
	stripes[paddedSum]
	ends *sumCell // where a collection subtracts what it found here, see [Ending]; nil for most
}

type sumStripe struct {
	// whole is the sum of the small whole numbers, which cannot overflow between two collections; see small. In an idle
	// cell it is idleBias more.
	whole atomic.Int64
	// rest is the sum of all others: of an instrument of float64 the bits of a float64, of one of int64 an int64.
	rest atomic.Uint64
}

// paddedSum is a stripe on a cache line of its own.
type paddedSum struct {
	sumStripe
	_ [cacheLine - 16]byte
}

const (
	// small bounds the numbers that are added up without a look at the sum: an int64 holds 2³⁹ of them.
	small = 1 << 24
	// idleBias makes the word of an idle cell negative, whatever is added to it before the cell is active.
	idleBias = -(1 << 62)
	// probes is the mask of the multiples at which an addition looks whether other cores add too.
	probes = 63
)

// init ties an empty cell to a stream of sums.
func (c *sumCell) init(st *stream, set attribute.Set) {
	c.cellHeader.init(st, set)
	c.whole.Store(idleBias)
}

// attach implements [cell].
func (c *sumCell) attach(s series) { c.series, _ = s.(*sum) }

// home implements [cell].
func (c *sumCell) home() *seriesHeader { return &c.series.seriesHeader }

// wake implements [cell]. What was added to the idle cell stays.
func (c *sumCell) wake() { c.whole.Add(-idleBias) }

// isSmall reports whether n is from -small to below small.
func isSmall(n int64) bool { return uint64(n+small) < 2*small }

// addSmall adds a small number, of an instrument of floats or of integers.
func (c *sumCell) addSmall(ctx context.Context, n int64, float bool) {
	if c.mode.Load() != direct {
		before := c.mine().whole.Add(n) - n
		if before == 0 || c.state.Load() == idle {
			c.note(c)
		}
		if seldom(before, n, c.few, c.mask) {
			c.offerWhole(ctx, n, float)
		}
		return
	}
	if before := c.whole.Add(n) - n; seldom(before, n, c.few, c.mask) {
		c.added(ctx, n, before, float)
	}
}

// seldom says when an addition has more to do than to add. Each case is rare, or was rare since the last collection:
//
//   - the sum was zero, so the cell has to be marked as measured, and activated if it is idle
//   - the sum was negative, which is that of an idle cell, or of an up-down counter
//   - the sum was below few or passes a multiple of what the mask says: it looks for other cores, and offers an exemplar
//
// It reports whether a sum of whole numbers was below few, or has passed a multiple of what the mask says. It is true
// for the sum of an idle cell, which is negative.
func seldom(before, n int64, few, mask uint8) bool {
	return before < int64(few) || uint64(before^(before+n)) > uint64(mask)
}

// added does what most additions need not do.
func (c *sumCell) added(ctx context.Context, n, before int64, float bool) {
	if before <= 0 {
		c.note(c)
	}
	if seldom(before, n, 1, probes) {
		if now := c.whole.Load(); c.whole.CompareAndSwap(now, now) {
			c.calm(1)
		} else {
			c.clashed()
		}
	}
	c.offerWhole(ctx, n, float)
}

// offerWhole offers a whole number as an exemplar, in the type of the instrument.
func (c *sumCell) offerWhole(ctx context.Context, n int64, float bool) {
	if !c.samples(ctx) {
		return
	}
	value := exemplar.NewValue(n)
	if float {
		value = exemplar.NewValue(float64(n))
	}
	c.offer(ctx, c, value)
}

// clashed notes that another core added at the same time, and spreads the cell over stripes if that happens often. What is in
// the words of the cell stays there for the next collection.
func (c *sumCell) clashed() {
	if c.clash() >= patience {
		c.split(func(*paddedSum) {})
		c.mode.Store(striped)
	}
}

// addInt adds a whole number to the cell of an instrument of int64.
func (c *sumCell) addInt(ctx context.Context, n int64) {
	if isSmall(n) {
		c.addSmall(ctx, n, false)
		return
	}
	for {
		rest := c.restHere()
		before := rest.Load()
		if c.replace(rest, before, uint64(addSaturating(int64(before), n))) {
			break
		}
	}
	c.offerWhole(ctx, n, false)
}

// addFloat adds to the cell of an instrument of float64.
func (c *sumCell) addFloat(ctx context.Context, v float64) {
	if n := int64(v); float64(n) == v && isSmall(n) {
		c.addSmall(ctx, n, true)
		return
	}
	for {
		rest := c.restHere()
		before := rest.Load()
		if c.replace(rest, before, math.Float64bits(addFinite(math.Float64frombits(before), v))) {
			break
		}
	}
	if c.samples(ctx) {
		c.offer(ctx, c, exemplar.NewValue(v))
	}
}

// restHere returns the rest to which the calling goroutine adds.
func (c *sumCell) restHere() *atomic.Uint64 {
	if c.mode.Load() != direct {
		return &c.mine().rest
	}
	return &c.rest
}

// replace gives a rest another value, unless another goroutine changed it in the meantime.
func (c *sumCell) replace(rest *atomic.Uint64, before, after uint64) bool {
	if !rest.CompareAndSwap(before, after) {
		if rest == &c.rest {
			c.clashed()
		}
		return false
	}
	if before == 0 || c.state.Load() == idle {
		c.note(c)
	}
	return true
}

// drain takes each word by exchanging it, so that an addition is either in what it took or in what remains.
func (c *sumCell) drain() bool {
	var v sumValue
	_, integers := c.kind.(sumKind[int64])
	if c.state.Load() == idle {
		v.whole = c.whole.Swap(idleBias) // and no bias before: the cell was active until now
	} else if c.whole.Load() != 0 {
		v.whole = c.whole.Swap(0)
	}
	v.addRest(&c.rest, integers)
	c.each(func(s *paddedSum) {
		if s.whole.Load() != 0 {
			v.whole = addSaturating(v.whole, s.whole.Swap(0))
		}
		v.addRest(&s.rest, integers)
	})
	c.calm(math.MaxUint32)
	if v == (sumValue{}) {
		return false
	}
	c.series.add(v)
	if c.ends != nil {
		c.ends.take(v.whole)
	}
	return true
}

// addRest moves a rest to v. It is that of an instrument of int64 or of float64.
func (v *sumValue) addRest(rest *atomic.Uint64, integers bool) {
	if rest.Load() == 0 {
		return
	}
	if bits := rest.Swap(0); integers {
		v.whole = addSaturating(v.whole, int64(bits))
	} else {
		v.frac = addFinite(v.frac, math.Float64frombits(bits))
	}
}

// take subtracts what an ending counter has counted, for the collection that reports both. It uses the rest and not the sum of
// small numbers, which has to be zero or positive for the shortest path of measurements.
func (c *sumCell) take(n int64) {
	for {
		before := c.rest.Load()
		if c.rest.CompareAndSwap(before, uint64(addSaturating(int64(before), -n))) {
			c.note(c)
			return
		}
	}
}
