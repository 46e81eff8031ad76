package bound

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// TestSaturation adds more than a sum can hold, what is not a number, and what a counter cannot count.
func TestSaturation(t *testing.T) {
	t.Parallel()
	const most = math.MaxInt64
	inf, nan := math.Inf(1), math.NaN()
	ints := map[string]struct {
		add           []int64
		counter, both float64 // as a counter, and as an up-down counter
	}{
		"largest twice":        {[]int64{most, most}, most, most},
		"largest, then small":  {[]int64{most, 1, 1, 1}, most, most},
		"small, then largest":  {[]int64{1, 1, most}, most, most},
		"many halves":          {[]int64{1 << 62, 1 << 62, 1 << 62, 1 << 62}, most, most},
		"smallest twice":       {[]int64{1, math.MinInt64, math.MinInt64}, 1, math.MinInt64},
		"negative":             {[]int64{5, -3, -1 << 40}, 5, 2 - 1<<40},
		"there and back":       {[]int64{most, -most, 7}, most, 7},
		"around what is small": {[]int64{small - 1, small, small + 1, -small, -small - 1}, 3 * small, small - 1},
	}
	floats := map[string]struct {
		add           []float64
		counter, both float64
	}{
		"largest twice":       {[]float64{math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64, math.MaxFloat64},
		"largest, then small": {[]float64{math.MaxFloat64, 1, 0.5}, math.MaxFloat64, math.MaxFloat64},
		"smallest twice":      {[]float64{1, -math.MaxFloat64, -math.MaxFloat64}, 1, -math.MaxFloat64},
		"beyond int64":        {[]float64{0x1p63, 0x1p63, 0x1p63}, 3 * 0x1p63, 3 * 0x1p63},
		"negative":            {[]float64{5, -3, -0.5}, 5, 1.5},
		"not a number":        {[]float64{1, nan}, 1, nan},
		"infinity":            {[]float64{1, inf, math.MaxFloat64, math.MaxFloat64}, inf, inf},
	}
	ctx := context.Background()
	for _, striping := range []bool{false, true} {
		for _, between := range []bool{false, true} {
			s := setup{temporality: []sdkmetric.TemporalitySelector{nil}}
			check := func(name, instrument string, add func(w *world) func(step int) bool, want float64) {
				t.Helper()
				w := newWorld(t, s)
				for step, next := 0, add(w); next(step); step++ {
					if between {
						w.collect(t, 0)
					}
				}
				got := w.collect(t, 0)["test|"+instrument+"||"]
				if len(got) != 1 || got[0].Value != want && !math.IsNaN(got[0].Value+want) {
					t.Errorf("%s, %s, striped %t, collections between %t: got %v, want %v", instrument, name, striping, between, got, want)
				}
			}
			stripe := func(c *sumCell) {
				for range patience {
					if striping {
						c.clashed()
					}
				}
			}
			for name, test := range ints {
				check(name, "counter", func(w *world) func(int) bool {
					c, _ := w.meter.Int64Counter("counter")
					h, _ := bound(c).(*int64Counter)
					stripe(&h.sumCell)
					return func(i int) bool { h.Add(ctx, test.add[i]); return i+1 < len(test.add) }
				}, test.counter)
				check(name, "updown", func(w *world) func(int) bool {
					c, _ := w.meter.Int64UpDownCounter("updown")
					h, _ := bound(c).(*int64UpDownCounter)
					stripe(&h.sumCell)
					return func(i int) bool { h.Add(ctx, test.add[i]); return i+1 < len(test.add) }
				}, test.both)
			}
			for name, test := range floats {
				check(name, "counter", func(w *world) func(int) bool {
					c, _ := w.meter.Float64Counter("counter")
					h, _ := bound(c).(*float64Counter)
					stripe(&h.sumCell)
					return func(i int) bool { h.Add(ctx, test.add[i]); return i+1 < len(test.add) }
				}, test.counter)
				check(name, "updown", func(w *world) func(int) bool {
					c, _ := w.meter.Float64UpDownCounter("updown")
					h, _ := bound(c).(*float64UpDownCounter)
					stripe(&h.sumCell)
					return func(i int) bool { h.Add(ctx, test.add[i]); return i+1 < len(test.add) }
				}, test.both)
			}
		}
	}
}

// TestSaturationOfHistograms holds their sums finite, in both kinds of buckets, as long as the values are.
func TestSaturationOfHistograms(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, views := range map[string][]sdkmetric.View{
		"explicit": nil,
		"exponential": {sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{
			Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20},
		})},
	} {
		w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}, views: views})
		histogram, _ := w.meter.Float64Histogram("h")
		for _, h := range []interface {
			Record(context.Context, float64, ...metric.RecordOption)
		}{bound(histogram), bound(histogram)} {
			h.Record(ctx, math.MaxFloat64)
			h.Record(ctx, math.MaxFloat64)
			w.collect(t, 0)
			h.Record(ctx, math.MaxFloat64)
		}
		for reader := range 2 {
			got := w.collect(t, reader)["test|h||"]
			if len(got) != 1 || got[0].Count != 6 || got[0].Value != math.MaxFloat64 {
				t.Errorf("%s, reader %d: got %v", name, reader, got)
			}
		}
	}
}

// TestSaturationOfTheSDK holds the sums of counters that the SDK measures.
func TestSaturationOfTheSDK(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}, sdk: true})
	ints, _ := w.meter.Int64Counter("ints")
	floats, _ := w.meter.Float64Counter("floats")
	i, f := bound(ints), bound(floats)
	r := rand.New(rand.NewPCG(1, 1))
	var lastInt, lastFloat float64
	for range 100 {
		i.Add(ctx, int64(r.Uint64()))
		i.Add(ctx, r.Int64N(2*small))
		f.Add(ctx, math.Float64frombits(r.Uint64()&^(1<<62))) // without infinities
		f.Add(ctx, math.MaxFloat64)
		f.Add(ctx, -1)
		f.Add(ctx, math.NaN())
		got := w.collect(t, 0)
		a, b := got["test|ints||"][0].Value, got["test|floats||"][0].Value
		if a < lastInt || b < lastFloat || math.IsInf(b, 0) || math.IsNaN(b) {
			t.Fatalf("went from %v to %v and from %v to %v", lastInt, a, lastFloat, b)
		}
		lastInt, lastFloat = a, b
	}
	if lastInt < 1<<62 {
		t.Errorf("got %v", lastInt)
	}
}
