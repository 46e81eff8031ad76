package bound

import "slices"

// exponential is the value of a histogram with exponential buckets. Bucket i of scale s has the values beyond 2^(i/2^s), up
// to 2^((i+1)/2^s) inclusive, so a bucket of the next lower scale is that of half the index.
type exponential[N int64 | float64] struct {
	kind               *exponentialKind[N]
	sum                N
	extremes           extremes[N]
	scale              int
	zeros              uint64
	positive, negative exponentialBuckets // of one scale
	bounded            []uint64           // the counts of the explicit buckets, if the histogram has both forms
}

// newExponential returns an empty value, of the highest scale. With values it becomes as coarse as its size demands.
func newExponential[N int64 | float64](k *exponentialKind[N]) *exponential[N] {
	e := &exponential[N]{kind: k}
	if k.explicit != nil {
		e.bounded = make([]uint64, len(k.explicit.bounds)+1)
	}
	e.reset()
	return e
}

// reset empties e and keeps the memory of its buckets, so that the next values need none.
func (e *exponential[N]) reset() {
	clear(e.bounded)
	*e = exponential[N]{
		kind: e.kind, extremes: noExtremes[N](), scale: e.kind.maxScale, bounded: e.bounded,
		positive: exponentialBuckets{counts: e.positive.counts[:0]}, negative: exponentialBuckets{counts: e.negative.counts[:0]},
	}
}

// empty reports whether nothing was recorded.
func (e *exponential[N]) empty() bool { return e.extremes.min > e.extremes.max }

// record records a finite value of which the index and bucket tell the places, and returns how many its bucket has got.
func (e *exponential[N]) record(v N, index, bounded int) uint64 {
	e.sum = addNumbers(e.sum, v)
	e.extremes.widen(v, v)
	if e.bounded != nil {
		e.bounded[bounded]++
	}
	side := &e.positive
	switch {
	case v == 0:
		e.zeros++
		return e.zeros
	case v < 0:
		side = &e.negative
	}
	at := index>>(e.kind.maxScale-e.scale) - side.start
	if uint(at) >= uint(len(side.counts)) {
		at = e.makeRoom(side, index)
	}
	side.counts[at]++
	return side.counts[at]
}

// makeRoom lowers the scale until the buckets that there are and a new one fit into the size, and makes the new one. As in the
// SDK, both signs always have the same scale.
//
// It returns where the bucket is that an index of the highest scale belongs to.
func (e *exponential[N]) makeRoom(side *exponentialBuckets, index int) int {
	bin := index >> (e.kind.maxScale - e.scale)
	e.downscale(side.excess(bin, bin, e.kind.maxSize))
	bin = index >> (e.kind.maxScale - e.scale)
	side.extend(bin, bin)
	return bin - side.start
}

// add adds what is in o. An index at the highest scale, shifted, is that of any lower one, so the result is what one histogram
// would have become that had recorded the values of both.
func (e *exponential[N]) add(o *exponential[N]) {
	e.sum = addNumbers(e.sum, o.sum)
	e.extremes.widen(o.extremes.min, o.extremes.max)
	e.zeros += o.zeros
	for i, n := range o.bounded {
		e.bounded[i] += n
	}
	e.downscale(e.scale - o.scale)
	e.addSide(&e.positive, &o.positive, o.scale)
	e.addSide(&e.negative, &o.negative, o.scale)
}

// addSide adds the buckets of one sign, which have a scale of their own.
func (e *exponential[N]) addSide(side, more *exponentialBuckets, scale int) {
	if len(more.counts) == 0 {
		return
	}
	shift := scale - e.scale
	e.downscale(side.excess(more.start>>shift, more.last()>>shift, e.kind.maxSize))
	shift = scale - e.scale
	side.extend(more.start>>shift, more.last()>>shift)
	for i, n := range more.counts {
		side.counts[(more.start+i)>>shift-side.start] += n
	}
}

// downscale makes the buckets coarser by a number of scales. Each step joins two neighbors, which no longer can be told apart.
func (e *exponential[N]) downscale(by int) {
	if by > 0 {
		e.scale -= by
		e.positive.downscale(by)
		e.negative.downscale(by)
	}
}

// count returns the number of values.
func (e *exponential[N]) count() uint64 { return e.zeros + e.positive.count() + e.negative.count() }

// exponentialBuckets are adjacent buckets, of which the first and the last are not empty.
type exponentialBuckets struct {
	start  int // the index of the first
	counts []uint64
}

// last returns the index of the last bucket, which is below start if there is none.
func (b *exponentialBuckets) last() int { return b.start + len(b.counts) - 1 }

// count returns the number of values in the buckets.
func (b *exponentialBuckets) count() (n uint64) {
	for _, c := range b.counts {
		n += c
	}
	return n
}

// excess returns by how much the scale is too high for the buckets and those from low to high to fit together.
func (b *exponentialBuckets) excess(low, high, maxSize int) (scales int) {
	if len(b.counts) > 0 {
		low, high = min(low, b.start), max(high, b.last())
	}
	for ; int64(high)-int64(low) >= int64(maxSize); scales++ { // An int of 32 bits does not hold each difference.
		low, high = low>>1, high>>1
	}
	return scales
}

// extend makes the buckets reach from low to high at least.
func (b *exponentialBuckets) extend(low, high int) {
	n := len(b.counts)
	if n == 0 {
		b.start = low
	} else {
		low, high = min(low, b.start), max(high, b.last())
	}
	b.counts = slices.Grow(b.counts, high-low+1-n)[:high-low+1]
	shift := b.start - low
	copy(b.counts[shift:], b.counts[:n])
	clear(b.counts[:shift])
	clear(b.counts[shift+n:])
	b.start = low
}

// downscale joins buckets whose indexes are the same at a scale that is lower by a difference. It needs no memory, as there are
// never more than before.
func (b *exponentialBuckets) downscale(by int) {
	start := b.start >> by
	n := 0
	for i, c := range b.counts {
		if at := (b.start+i)>>by - start; at == n {
			b.counts[n] = c
			n++
		} else {
			b.counts[at] += c
		}
	}
	b.start, b.counts = start, b.counts[:n]
}
