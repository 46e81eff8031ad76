package bound

import (
	"math"
	"runtime"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// histogramCell is where a handle of a histogram with explicit buckets records.
type histogramCell[N int64 | float64] struct {
	cellHeader
	series *histogram[N]
	kind   *histogramKind[N]
	buffers
	stripes[paddedBuffers]
}

// buffers are two, of which one is hot: measurements go to it, while a collection reads the other.
//
// A measurement first counts itself in started, whose highest bit says which buffer is hot, then changes the sum, and its
// bucket last. So when the buckets of a buffer that has become cold add up to the number of measurements started in it,
// all of them are complete, and the sum is that of exactly these.
type buffers struct {
	started atomic.Uint64   // the number of measurements, hotBit, and idleBit in an idle cell
	words   []atomic.Uint64 // of both: sum, then minimum, maximum and a note of NaN if wanted, then buckets
}

// paddedBuffers are a stripe on a cache line of its own.
type paddedBuffers struct {
	buffers
	_ [cacheLine - 32]byte
}

const (
	hotBit  = uint64(1) << 63
	idleBit = uint64(1) << 62
	counted = idleBit - 1

	atSum, atMin, atMax, atNaN = 0, 1, 2, 3
)

// init ties an empty cell to a stream of histograms with explicit buckets.
func (c *histogramCell[N]) init(st *stream, set attribute.Set) {
	c.cellHeader.init(st, set)
	c.kind, _ = st.kind.(*histogramKind[N])
	c.reserve(&c.buffers)
	c.started.Store(idleBit)
}

// attach implements [cell].
func (c *histogramCell[N]) attach(s series) { c.series, _ = s.(*histogram[N]) }

// home implements [cell].
func (c *histogramCell[N]) home() *seriesHeader { return &c.series.seriesHeader }

// wake implements [cell].
func (c *histogramCell[N]) wake() { c.started.And(^idleBit) }

// first returns where the buckets begin in a buffer.
func (c *histogramCell[N]) first() int {
	if c.kind.minMax {
		return atNaN + 1
	}
	return atSum + 1
}

// record records a measurement, and returns how many its bucket has got since the last collection. It makes three atomic
// additions, or five with minimum and maximum, of which those to the sum may have to be repeated where cores meet.
func (c *histogramCell[N]) record(v N) (n uint64) {
	b := &c.buffers
	if c.mode.Load() != direct {
		b = &c.mine().buffers
	}
	at := bucket(c.kind.bounds, float64(v)) + c.first()
	started := b.started.Add(1)
	words := b.of(started)
	if c.kind.minMax {
		extend(words, v, started&counted == 1)
	}
	sum := &words[atSum]
	before := sum.Load()
	after := fromBits[N](before) + v
	if isInteger[N]() || after-after != 0 {
		after = addNumbers(fromBits[N](before), v)
	}
	if !sum.CompareAndSwap(before, toBits(after)) {
		c.addContended(sum, v)
	}
	n = words[at].Add(1)
	if started&^hotBit == 1 || started&idleBit != 0 || b != &c.buffers && c.state.Load() == idle {
		c.note(c)
	}
	return n
}

// bucket returns the index of the bucket of v, whose bound is inclusive. NaN belongs to the last one.
func bucket(bounds []float64, v float64) int {
	for i, bound := range bounds {
		if v <= bound {
			return i
		}
	}
	return len(bounds)
}

// addContended adds to a sum that another core is changing too.
func (c *histogramCell[N]) addContended(sum *atomic.Uint64, v N) {
	if c.mode.Load() == direct {
		c.clashed()
	}
	for {
		before := sum.Load()
		if sum.CompareAndSwap(before, toBits(addNumbers(fromBits[N](before), v))) {
			return
		}
	}
}

// clashed spreads the cell over stripes if it happens often that cores meet.
func (c *histogramCell[N]) clashed() {
	clashes, started := c.clash(), c.started.Load()&counted
	if clashes >= patience && uint64(clashes) > started/seldomClash {
		c.split(func(s *paddedBuffers) { c.reserve(&s.buffers) })
		c.mode.Store(striped)
	}
}

// extend widens the minimum and maximum of a buffer. NaN compares with nothing and changes neither, but the SDK keeps it as both
// if it comes first, so that is noted.
func extend[N int64 | float64](words []atomic.Uint64, v N, first bool) {
	for before := words[atMin].Load(); v < fromBits[N](before); before = words[atMin].Load() {
		words[atMin].CompareAndSwap(before, toBits(v))
	}
	for before := words[atMax].Load(); v > fromBits[N](before); before = words[atMax].Load() {
		words[atMax].CompareAndSwap(before, toBits(v))
	}
	if first && math.IsNaN(float64(v)) {
		words[atNaN].Store(1)
	}
}

// drain implements [cell].
func (c *histogramCell[N]) drain() (moved bool) {
	c.take(&c.buffers, &moved)
	c.each(func(s *paddedBuffers) { c.take(&s.buffers, &moved) })
	c.calm(math.MaxUint32)
	return moved
}

// take moves what is in the hot buffer to the series, and makes the other one hot. The exchange of started does three things at
// once: it says how many measurements to wait for, sends later ones to the other buffer, and sets or clears the idle bit.
func (c *histogramCell[N]) take(b *buffers, moved *bool) {
	rest := uint64(0)
	if b == &c.buffers && c.state.Load() == idle {
		rest = idleBit
	}
	started := b.started.Load()
	if started&^hotBit == rest {
		return
	}
	started = b.started.Swap(^started&hotBit | rest)
	n := started & counted
	if n == 0 {
		return
	}
	cold := b.of(started)
	await(cold[c.first():], n)
	c.series.add(cold, c.first())
	c.clear(cold)
	*moved = true
}

// await returns when n measurements are complete. It waits for measurements in flight, never they for it.
func await(buckets []atomic.Uint64, n uint64) {
	for {
		var done uint64
		for i := range buckets {
			done += buckets[i].Load()
		}
		if done == n {
			return
		}
		runtime.Gosched()
	}
}

// reserve makes empty buffers.
func (c *histogramCell[N]) reserve(b *buffers) {
	b.words = make([]atomic.Uint64, 2*(c.first()+len(c.kind.bounds)+1))
	c.clear(b.of(0))
	c.clear(b.of(hotBit))
}

// of returns the buffer that the highest bit of n says.
func (b *buffers) of(n uint64) []atomic.Uint64 {
	half := len(b.words) / 2
	if n&hotBit == 0 {
		return b.words[:half]
	}
	return b.words[half:]
}

// clear empties a buffer that nobody records into.
func (c *histogramCell[N]) clear(words []atomic.Uint64) {
	for i := range words {
		words[i].Store(0)
	}
	if c.kind.minMax {
		none := noExtremes[N]()
		words[atMin].Store(toBits(none.min))
		words[atMax].Store(toBits(none.max))
	}
}
