package bound

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

func exponentialStream(size, scale int32) sdkmetric.Stream {
	return sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: size, MaxScale: scale}}
}

// exponentialView makes every histogram an exponential one.
func exponentialView(size, scale int32) sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram}, exponentialStream(size, scale))
}

// compareExponential records the same anywhere in the range of floats, by two handles of one series here, and compares
// with the SDK whatever is reported after each interval, but for the sum: it depends on the order.
func compareExponential(t testing.TB, size, scale int32, interval int, values []float64) {
	t.Helper()
	ctx := context.Background()
	s := setup{
		views:       []sdkmetric.View{exponentialView(size, scale)},
		temporality: []sdkmetric.TemporalitySelector{allDelta, nil},
	}
	ours := newWorld(t, s)
	s.sdk = true
	theirs := newWorld(t, s)
	spec := instrumentSpec{name: "h", kind: "histogram"}
	bind, theirHandle := ours.declare(spec), theirs.declare(spec)()
	handles := []measureFunc{bind(), bind()}
	collect := func(r int) {
		t.Helper()
		want, got := theirs.collect(t, r), ours.collect(t, r)
		for _, all := range []map[string][]dataPoint{want, got} {
			for _, points := range all {
				for i := range points {
					points[i].Value = 0
				}
			}
		}
		if diff := diff(want, got); diff != "" {
			t.Fatalf("size %d, scale %d, values %v, reader %d (-sdk +bound):\n%s", size, scale, values, r, diff)
		}
	}
	for i, v := range values {
		handles[i%2](ctx, v)
		theirHandle(ctx, v)
		if i%interval == 0 {
			collect(i / interval % 4 / 3) // mostly the intervals
		}
	}
	for r := range 2 {
		collect(r)
	}
}

// sdkMaxScale is the highest scale at which the SDK does not panic: where an int has 32 bits it does so at 20.
const sdkMaxScale = 19 + strconv.IntSize/64

// TestExponentialRange records at the highest scale what is furthest apart.
func TestExponentialRange(t *testing.T) {
	t.Parallel()
	for _, values := range [][]float64{{5e-324, math.MaxFloat64}, {math.MaxFloat64, 5e-324}, {1, 5e-324, 1, math.MaxFloat64}} {
		e := newExponential(newExponentialKind[float64](sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}, nil))
		for _, v := range values {
			e.record(v, e.kind.index.of(v), 0)
		}
		if got := e.count(); got != uint64(len(values)) || len(e.positive.counts) > 160 {
			t.Errorf("%v: count %d in %d buckets of scale %d", values, got, len(e.positive.counts), e.scale)
		}
	}
}

// edgeValues are where an index is easily off by one: around powers of two and around the bounds of finer buckets, in all
// of the range, besides what is no measurement.
func edgeValues() []float64 {
	out := []float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022, math.Nextafter(0x1p-1022, 0),
	}
	for _, exponent := range []int{-1074, -1030, -1022, -600, -10, -1, 0, 1, 7, 600, 1023} {
		for _, fraction := range []float64{0, 1.0 / 256, 1.0 / 3, 0.5, 255.0 / 256} {
			v := math.Ldexp(math.Exp2(fraction), exponent)
			out = append(out, v, -v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1)))
		}
	}
	return out
}

// TestExponential compares with the SDK at scales of all kinds: values alone, which stay at
// it, and together, which do not.
func TestExponential(t *testing.T) {
	t.Parallel()
	for _, scale := range []int32{-10, -1, 0, 1, 8, sdkMaxScale} {
		t.Run(strconv.Itoa(int(scale)), func(t *testing.T) {
			t.Parallel()
			edges := edgeValues()
			r := rand.New(rand.NewPCG(uint64(scale+10), 3))
			compareExponential(t, 20, scale, 1, edges)
			for _, size := range []int32{3, 20, 160} {
				for range 2 {
					r.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
					compareExponential(t, size, scale, 7, edges[:r.IntN(len(edges))])
					near := make([]float64, 200) // a few octaves, as durations have
					for i := range near {
						near[i] = math.Exp(r.NormFloat64() * 2)
					}
					compareExponential(t, size, scale, 7, near)
				}
			}
		})
	}
}

func FuzzExponential(f *testing.F) {
	f.Add(uint8(160), int8(8), binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.3)))
	f.Add(uint8(3), int8(20), binary.LittleEndian.AppendUint64(make([]byte, 8), 1))
	f.Fuzz(func(t *testing.T, size uint8, scale int8, data []byte) {
		var values []float64
		for ; len(data) >= 8; data = data[8:] {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		}
		compareExponential(t, int32(max(size, 3)), int32(max(min(scale, 20), -10)), 3, values)
	})
}

// twin keeps the exponential form of the instrument h beside the explicit one.
func twin() []Option {
	return []Option{WithNativeHistograms(func(i sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
		return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8}, i.Name == "h"
	})}
}

// TestTwins reports under one name what the SDK reports of each form alone.
func TestTwins(t *testing.T) {
	t.Parallel()
	s := setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}, views: []sdkmetric.View{view()}, limit: 3, options: twin()}
	ours := newWorld(t, s)
	s.sdk, s.options = true, nil
	explicit := newWorld(t, s)
	s.views = []sdkmetric.View{exponentialView(160, 8)}
	exponential := newWorld(t, s)

	r := rand.New(rand.NewPCG(1, 4))
	worlds := []*world{ours, explicit, exponential}
	var binders []func(...attribute.KeyValue) measureFunc
	for _, w := range worlds {
		binders = append(binders, w.declare(instrumentSpec{name: "h", description: "d", kind: "histogram"}))
	}
	for round := range 40 {
		attrs := attribute.Int("i", round%2)
		for range r.IntN(9) {
			v := float64(r.IntN(64)) / 16
			for _, bind := range binders {
				bind(attrs)(context.Background(), v)
			}
		}
		reader := r.IntN(2)
		got, want := ours.collect(t, reader), map[string][]dataPoint{}
		for name, points := range explicit.collect(t, reader) {
			want[name] = append(want[name], points...)
		}
		for name, points := range exponential.collect(t, reader) {
			want[name] = append(want[name], points...)
		}
		expect(t, "round "+strconv.Itoa(round), got, want)
	}
}

// TestTwinsAgree counts what is not finite in neither form, and gives both the same exemplars.
func TestTwinsAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{
		temporality: []sdkmetric.TemporalitySelector{nil}, views: []sdkmetric.View{view()}, filter: exemplar.AlwaysOnFilter, options: twin(),
	})
	histogram, _ := w.meter.Float64Histogram("h")
	h := bound(histogram)
	for _, v := range []float64{math.NaN(), 0.3, math.Inf(1), 7} {
		h.Record(sampledContext(1), v)
	}
	points := w.collect(t, 0)["test|h||"]
	if len(points) != 2 {
		t.Fatalf("want a point of each form: %v", points)
	}
	a, b := points[0], points[1]
	if a.Count != 2 || b.Count != 2 || a.Value != 7.3 || b.Value != 7.3 {
		t.Errorf("counts %d and %d, sums %v and %v, want 2 and 7.3", a.Count, b.Count, a.Value, b.Value)
	}
	if diff := diff(a.Exemplars, b.Exemplars); diff != "" || len(a.Exemplars) != 2 {
		t.Errorf("%d exemplars, want 2 in both (-explicit +exponential):\n%s", len(a.Exemplars), diff)
	}
}

// TestExponentialStripes spreads a contended cell, passes stripes that are taken, and finds all values again.
func TestExponentialStripes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{views: []sdkmetric.View{exponentialView(160, 8)}, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	histogram, _ := w.meter.Float64Histogram("h")
	h, _ := bound(histogram).(*float64Exponential)
	e := &h.exponentialCell
	h.Record(ctx, 1)
	for range patience {
		e.another().mu.Unlock()
	}
	if e.list.Load() == nil {
		t.Fatal("not striped")
	}
	var taken []*exponentialStripe[float64]
	for range len(*e.list.Load()) - 1 {
		taken = append(taken, e.another())
	}
	h.Record(ctx, 1)
	for _, s := range taken {
		s.mu.Unlock()
	}
	h.Record(ctx, 1)
	for reader, want := range []float64{3, 3} {
		points := w.collect(t, reader)["test|h||"]
		if len(points) != 1 || float64(points[0].Count) != want || points[0].Value != want {
			t.Errorf("reader %d: %v, want %v", reader, points, want)
		}
	}
}

// TestTorn has an instrument of which one stream is measured here for another, and one can only be by the SDK: the first
// is reported once, and the declaration says that the second is not.
func TestTorn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shared := func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		return sdkmetric.Stream{Name: "shared", Unit: i.Unit}, true
	}
	odd := sdkmetric.NewView(sdkmetric.Instrument{Name: "b"}, sdkmetric.Stream{Name: "odd", Aggregation: sdkmetric.AggregationExplicitBucketHistogram{}})
	for name, order := range map[string][]string{"bound first": {"a", "b"}, "SDK first": {"b", "a"}} {
		w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}, views: []sdkmetric.View{shared, odd}})
		var errs error
		for _, instrument := range order {
			c, err := w.meter.Int64Counter(instrument)
			errs = errors.Join(errs, err)
			c.Add(ctx, 1)
		}
		if got := w.collect(t, 0)["test|shared||"]; len(got) != 1 || got[0].Value != 2 {
			t.Errorf("%s: shared: %v, want one point of 2", name, got)
		}
		if page := w.scrape(t); strings.Count(page, "shared_total ") != 1 {
			t.Errorf("%s: want one series:\n%s", name, page)
		}
		if lost := order[0] == "a"; lost != errors.Is(errs, errTorn) {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// TestExponentialAllocations measures without allocating once the buckets are there, sampled or not by the filter.
func TestExponentialAllocations(t *testing.T) {
	for name, filter := range map[string]exemplar.Filter{"off": exemplar.AlwaysOffFilter, "trace based": nil} {
		for _, views := range [][]sdkmetric.View{{exponentialView(160, 8)}, {view()}} {
			w := newWorld(t, setup{filter: filter, views: views, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}, options: twin()})
			histogram, _ := w.meter.Float64Histogram("h")
			h, ctx := bound(histogram, labels()...), unsampled()
			measure := func() {
				for _, v := range values() {
					h.Record(ctx, v)
				}
			}
			for range 3 { // the collections keep one value beside that of the cell
				measure()
				w.collect(t, 0)
			}
			if n := testing.AllocsPerRun(200, measure); n != 0 {
				t.Errorf("exemplars %s: %v allocations", name, n)
			}
		}
	}
}

// TestExponentialIndex looks at the values around each bound of the tables: elsewhere they cannot differ from what they
// stand for.
func TestExponentialIndex(t *testing.T) {
	t.Parallel()
	for scale := 1; scale <= tabled; scale++ {
		x := newExponentialIndex(scale)
		for i, start := range x.starts {
			for mantissa := max(start, 500) - 500; mantissa < min(start+500, 1<<mantissaBits); mantissa++ {
				v := math.Ldexp(math.Float64frombits(mantissa|math.Float64bits(0.5)), i%5)
				if got, want := x.of(v), x.compute(v); got != want {
					t.Fatalf("scale %d: index of %v: got %d, want %d", scale, v, got, want)
				}
			}
		}
		for _, v := range edgeValues() {
			if got, want := x.of(v), x.compute(math.Abs(v)); got != want && v-v == 0 {
				t.Errorf("scale %d: index of %v: got %d, want %d", scale, v, got, want)
			}
		}
	}
}
