package bound

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// histogramCell is where a handle of a histogram records.
type histogramCell struct {
	listing
	buffers
	stripes[paddedBuffers]

	bounds []float64
	first  int // where the buckets begin in a buffer

	exponential *exponentialCell // instead of all these, if the buckets are
}

// buffers are two, of which one is hot, that is, recorded into, while a collection reads the other.
//
// A measurement first counts itself in started, which also tells the hot buffer, then changes the sum, and its bucket
// last. So when the buckets of a buffer that has become cold add up to the number of measurements started in it, all of
// them are complete, and the sum is that of exactly these.
type buffers struct {
	started atomic.Uint64   // the highest bit tells the hot buffer
	words   []atomic.Uint64 // of both: sum, then minimum, maximum and a note of NaN if wanted, then buckets
}

// paddedBuffers are a stripe on a cache line of its own.
type paddedBuffers struct {
	buffers
	_ [cacheLine - 32]byte
}

const (
	hotBit = uint64(1) << 63

	atSum, atMin, atMax, atNaN = 0, 1, 2, 3
)

// tie ties an empty cell to a stream of histograms.
func (c *histogramCell) tie(st *stream, set attribute.Set) {
	c.listing.tie(st, set)
	if k, ok := st.kind.(*exponentialKind); ok {
		c.exponential = newExponentialCell(k)
		c.mode.Or(exponentially)
		return
	}
	k, _ := st.kind.(histogramKind)
	c.bounds, c.first = k.bounds, atSum+1
	if k.minMax {
		c.first = atNaN + 1
	}
	c.init(c)
}

// record records a measurement, and returns how many its bucket has got since the last collection, or 0 if the measurement
// does not count.
func (c *histogramCell) record(v float64) (n uint64) {
	b := &c.buffers
	if mode := c.mode.Load(); mode&exponentially != 0 {
		return c.recordExponential(v)
	} else if mode&striped != 0 {
		b = &c.mine().buffers
	}
	at := bucket(c.bounds, v) + c.first
	started := b.started.Add(1)
	words := b.of(started)
	if c.first > atNaN {
		extend(words, v, started&^hotBit == 1)
	}
	sum := &words[atSum]
	if before := sum.Load(); !sum.CompareAndSwap(before, math.Float64bits(addFinite(math.Float64frombits(before), v))) {
		c.addContended(sum, v)
	}
	n = words[at].Add(1)
	if started&^hotBit == 1 {
		c.note(c)
	}
	return n
}

// thinning is by how much measurements are thinned out before the exemplar filter is asked, and thinnedFrom is the
// number of them in a bucket since the last collection from which they are: it costs more than the measurement to find
// the span of a context, and of that many, only one can become the exemplar of the bucket.
const thinning, thinnedFrom = 8, 64

// offer makes a measurement, the n-th of its bucket, an exemplar, if the filter samples it.
func (c *histogramCell) offer(ctx context.Context, v float64, n uint64) {
	if n > 0 && (n <= thinnedFrom || n%thinning == 0) && c.stream.samples(ctx) {
		c.stream.offer(ctx, c, &c.listing, exemplar.NewValue(v))
	}
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
func (c *histogramCell) addContended(sum *atomic.Uint64, v float64) {
	if c.mode.Load()&striped == 0 {
		c.clashed()
	}
	for {
		before := sum.Load()
		if sum.CompareAndSwap(before, math.Float64bits(addFinite(math.Float64frombits(before), v))) {
			return
		}
	}
}

// clashed spreads the cell over stripes if it happens often that cores meet.
func (c *histogramCell) clashed() {
	clashes, started := c.clash(), c.started.Load()&^hotBit
	if clashes >= patience && uint64(clashes) > started/seldom {
		c.split(func(s *paddedBuffers) { s.init(c) })
		c.mode.Or(striped)
	}
}

// extend widens the minimum and maximum of a buffer.
func extend(words []atomic.Uint64, v float64, first bool) {
	for before := words[atMin].Load(); v < math.Float64frombits(before); before = words[atMin].Load() {
		words[atMin].CompareAndSwap(before, math.Float64bits(v))
	}
	for before := words[atMax].Load(); v > math.Float64frombits(before); before = words[atMax].Load() {
		words[atMax].CompareAndSwap(before, math.Float64bits(v))
	}
	if first && math.IsNaN(v) {
		words[atNaN].Store(1)
	}
}

func (c *histogramCell) drain(to series) bool {
	if h, ok := to.(*exponentialHistogram); ok {
		return c.exponential.drain(h)
	}
	h, ok := to.(*histogram)
	if !ok {
		return false
	}
	moved := false
	take := func(b *buffers) {
		if b.started.Load()&^hotBit == 0 {
			return
		}
		n := b.started.Swap(^b.started.Load() & hotBit)
		cold := b.of(n)
		await(cold[c.first:], n&^hotBit)
		h.add(cold, c.first)
		c.clear(cold)
		moved = true
	}
	take(&c.buffers)
	c.each(func(s *paddedBuffers) { take(&s.buffers) })
	c.calm(math.MaxUint32)
	return moved
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

// init makes empty buffers for a cell.
func (b *buffers) init(c *histogramCell) {
	b.words = make([]atomic.Uint64, 2*(c.first+len(c.bounds)+1))
	c.clear(b.of(0))
	c.clear(b.of(hotBit))
}

// of returns the buffer that the highest bit of n tells.
func (b *buffers) of(n uint64) []atomic.Uint64 {
	half := len(b.words) / 2
	if n&hotBit == 0 {
		return b.words[:half]
	}
	return b.words[half:]
}

// clear empties a buffer that nobody records into.
func (c *histogramCell) clear(words []atomic.Uint64) {
	for i := range words {
		words[i].Store(0)
	}
	if c.first > atNaN {
		words[atMin].Store(math.Float64bits(math.Inf(1)))
		words[atMax].Store(math.Float64bits(math.Inf(-1)))
	}
}
