package bound

import (
	"math"
	"math/rand/v2"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// recorded returns the value of a histogram that has recorded finite values.
func recorded(k *exponentialKind[float64], values ...float64) *exponential[float64] {
	e := newExponential(k)
	for _, v := range values {
		e.record(v, k.index.of(v), bucket(k.explicit.bounds, v))
	}
	return e
}

// spread returns values of both signs and zero, within so many powers of two that they have to share buckets, or not.
func spread(r *rand.Rand) []float64 {
	values, octaves := make([]float64, r.IntN(30)), []float64{0.01, 1, 30, 900}[r.IntN(4)]
	for i := range values {
		if r.IntN(8) > 0 {
			values[i] = math.Exp2((r.Float64()-0.5)*octaves) * float64(1-2*r.IntN(2))
		}
	}
	return values
}

// TestMerge adds values that were recorded apart: the result is what one histogram would have become that had recorded all of
// them, whatever their scales are and in which order they are added. Nothing of what is added changes.
func TestMerge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 13))
		k := newExponentialKind(sdkmetric.AggregationBase2ExponentialHistogram{
			MaxSize: []int32{3, 4, 20, 160}[r.IntN(4)], MaxScale: int32(r.IntN(31) - 10),
		}, &histogramKind[float64]{bounds: []float64{-1, 0, 1}, minMax: true})
		if seed%2 == 0 { // what a cell has kept from before must make no difference
			k.spare = recorded(k, spread(r)...)
			k.spare.reset()
		}
		parts := [][]float64{spread(r), spread(r), spread(r)}
		merged, all := k.spare, []float64{}
		for _, i := range r.Perm(len(parts)) {
			part := recorded(k, parts[i]...)
			before := part.point()
			merged.add(part)
			if diff := diff(before, part.point()); diff != "" {
				t.Fatalf("seed %d: what was added has changed:\n%s", seed, diff)
			}
			all = append(all, parts[i]...)
		}
		one := recorded(k, all...)
		got, want := merged.point(), one.point()
		got.Sum, want.Sum = 0, 0 // it depends on the order
		if diff := diff(want, got); diff != "" {
			t.Fatalf("seed %d, %v (-recorded +merged):\n%s", seed, parts, diff)
		}
		expect(t, "explicit buckets", merged.bounded, one.bounded)
		var buckets uint64
		for _, n := range merged.bounded {
			buckets += n
		}
		if got.Count != uint64(len(all)) || buckets != got.Count {
			t.Fatalf("seed %d: count %d in %d explicit ones, want %d", seed, got.Count, buckets, len(all))
		}
		for _, side := range []exponentialBuckets{merged.positive, merged.negative} {
			if len(side.counts) > k.maxSize {
				t.Fatalf("seed %d: %d buckets, at most %d are allowed", seed, len(side.counts), k.maxSize)
			}
			if n := len(side.counts); n > 0 && (side.counts[0] == 0 || side.counts[n-1] == 0) {
				t.Fatalf("seed %d: the outer buckets are empty: %v", seed, side.counts)
			}
		}
	}
}

// TestMergeScale lowers the scale only as far as it must, for both signs together, and an empty value changes nothing.
func TestMergeScale(t *testing.T) {
	t.Parallel()
	k := newExponentialKind(sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 4, MaxScale: 3},
		&histogramKind[float64]{bounds: []float64{0}})
	for name, test := range map[string]struct {
		first, second []float64
		scale         int
	}{
		"nothing and nothing": {nil, nil, 3},
		"zeros":               {[]float64{0}, []float64{0, 0}, 3},
		"one value":           {[]float64{1.5}, nil, 3},
		"the same value":      {[]float64{1.5}, []float64{1.5}, 3},
		"both signs":          {[]float64{1.5}, []float64{-1.5}, 3},
		"an octave apart":     {[]float64{1.5}, []float64{3}, 1},    // 8 buckets of scale 3, 4 of scale 2: one too many
		"fine and coarse":     {[]float64{1.5}, []float64{1, 8}, 0}, // both are the upper bounds of their buckets
		"coarse and fine":     {[]float64{-1, -8}, []float64{1.5, 1.6}, 0},
		"nothing and coarse":  {nil, []float64{1, 8}, 0},
	} {
		merged := recorded(k, test.first...)
		merged.add(recorded(k, test.second...))
		if merged.scale != test.scale {
			t.Errorf("%s: scale %d, want %d", name, merged.scale, test.scale)
		}
		if got, want := merged.count(), uint64(len(test.first)+len(test.second)); got != want {
			t.Errorf("%s: count %d, want %d", name, got, want)
		}
		merged.reset()
		if !merged.empty() || merged.count() != 0 || merged.scale != 3 {
			t.Errorf("%s: not empty after a reset: %+v", name, merged)
		}
	}
}
