package bound

import (
	"math"
	"sort"
)

// exponentialIndex finds the bucket of a value at one scale.
type exponentialIndex struct {
	scale  int
	factor float64 // 2^scale / ln 2

	// In a power of two, bucket i begins at the mantissa starts[i-1]. begun tells by the leading bits of a mantissa how many
	// have begun; of these there are so many that no two can begin among equal ones.
	starts []uint64
	begun  []uint16
}

const (
	mantissaBits = 52
	// tabled is the highest scale of which there is a table, of three KB. It is the one that Prometheus stores.
	tabled = 8
)

// newExponentialIndex returns the index of a scale. Up to tabled it makes a table, which takes as long as some thousand
// measurements; above, and below 1, the index is computed.
func newExponentialIndex(scale int) exponentialIndex {
	x := exponentialIndex{scale: scale, factor: math.Ldexp(math.Log2E, scale)}
	if scale <= 0 || scale > tabled {
		return x
	}
	buckets := 1 << scale
	for i := 1; i <= buckets; i++ {
		x.starts = append(x.starts, x.begin(i-buckets-1))
	}
	for leading := range 2 * buckets {
		x.begun = append(x.begun, uint16(sort.Search(buckets, func(i int) bool {
			return x.starts[i] > uint64(leading)<<(mantissaBits-scale-1)
		})))
	}
	return x
}

// begin returns the first mantissa whose fraction is fewer than n buckets below 1. An int of 32 bits cannot count mantissas,
// so that it is not for package sort to find.
func (x *exponentialIndex) begin(n int) uint64 {
	low, high := uint64(0), uint64(1)<<mantissaBits
	for low < high {
		middle := (low + high) / 2
		if x.within(math.Float64frombits(middle|math.Float64bits(0.5))) > n {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// within returns how far a fraction from 0.5 is below 1, in buckets. It is computed as the SDK does, so that the results are
// the same even where they are not quite right.
func (x *exponentialIndex) within(fraction float64) int { return int(math.Log(fraction) * x.factor) }

// of returns the index of the bucket of v. Zero and the sign do not matter. A look into the table and one comparison take the
// place of a logarithm.
func (x *exponentialIndex) of(v float64) int {
	bits := math.Float64bits(v) &^ (1 << 63)
	if len(x.begun) == 0 || bits>>mantissaBits == 0 {
		return x.compute(math.Abs(v))
	}
	const bias = 1022 // of an exponent whose fraction is from 0.5
	mantissa := bits & (1<<mantissaBits - 1)
	begun := int(x.begun[mantissa>>(mantissaBits-1-x.scale)])
	if begun < len(x.starts) && mantissa >= x.starts[begun] {
		begun++
	}
	return (int(bits>>mantissaBits)-bias-1)<<x.scale + begun - 1
}

// compute is what of does for all scales and values.
func (x *exponentialIndex) compute(v float64) int {
	fraction, exponent := math.Frexp(v)
	if x.scale > 0 {
		return exponent<<x.scale + x.within(fraction) - 1
	}
	if fraction == 0.5 {
		exponent-- // A power of two is the upper bound of a bucket.
	}
	return (exponent - 1) >> -x.scale
}
