package bound

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// integerViews are the buckets in which integers are counted.
func integerViews() map[string][]sdkmetric.View {
	return map[string][]sdkmetric.View{
		"default":         nil,
		"without min max": viewSets()[1],
		"no buckets":      viewSets()[9],
		"exponential":     {exponentialView(160, 20)},
		"coarse":          {exponentialView(3, -1)},
	}
}

// TestIntegers compares histograms of int64 with the SDK's, at the ends of their range too. The sum is compared where it does
// not overflow.
func TestIntegers(t *testing.T) {
	t.Parallel()
	edges := []int64{0, 1, -1, 5, 10_000, 10_001, -7, 1 << 53, 1<<53 + 1, -(1 << 53) - 1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for name, views := range integerViews() {
		for seed := range uint64(12) {
			t.Run(name+"/"+strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				ctx, r := t.Context(), rand.New(rand.NewPCG(seed, 9))
				s := setup{pushOnly: true, views: views, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}}
				ours := newWorld(t, s)
				s.sdk = true
				theirs := newWorld(t, s)
				var records [2]func(int64)
				for i, w := range []*world{ours, theirs} {
					h, _ := w.meter.Int64Histogram("h", metric.WithDescription("d"))
					b := BindInt64Histogram(h, attribute.String("a", "1"))
					records[i] = func(v int64) { b.Record(ctx, v) }
				}
				for range 60 {
					v := edges[r.IntN(len(edges))]
					if seed%2 == 0 {
						v = r.Int64N(2001) - 1000
					}
					records[0](v)
					records[1](v)
					if r.IntN(6) > 0 {
						continue
					}
					reader := r.IntN(2)
					want, got := theirs.collect(t, reader), ours.collect(t, reader)
					if seed%2 == 1 {
						withoutSums(want)
						withoutSums(got)
					}
					if diff := diff(want, got); diff != "" {
						t.Fatalf("reader %d (-sdk +bound):\n%s", reader, diff)
					}
				}
			})
		}
	}
}

func withoutSums(metrics map[string][]dataPoint) {
	for _, points := range metrics {
		for i := range points {
			points[i].Value = 0
		}
	}
}

// TestIntegerSumsSaturate stay at the ends of their range.
func TestIntegerSumsSaturate(t *testing.T) {
	t.Parallel()
	for name, views := range integerViews() {
		for _, v := range []int64{math.MaxInt64, math.MinInt64} {
			w := newWorld(t, setup{pushOnly: true, views: views, temporality: []sdkmetric.TemporalitySelector{nil}})
			h, _ := w.meter.Int64Histogram("h")
			for range 3 {
				h.Record(t.Context(), v)
				h.Record(t.Context(), v)
				points := w.collect(t, 0)["test|h||"]
				if len(points) != 1 || points[0].Value != float64(v) {
					t.Errorf("%s: got %v, want the sum %d", name, points, v)
				}
			}
		}
	}
}

// TestIntegersInBothForms counts alike in both.
func TestIntegersInBothForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}, options: twin()})
	h, _ := w.meter.Int64Histogram("h", metric.WithExplicitBucketBoundaries(10, 20))
	for v := range int64(30) {
		h.Record(t.Context(), v)
	}
	for reader := range 2 {
		points := w.collect(t, reader)["test|h||"]
		if len(points) != 2 || points[0].Count != 30 || points[1].Count != 30 || points[0].Value != 435 || points[1].Value != 435 {
			t.Fatalf("reader %d: %v", reader, points)
		}
		expect(t, "explicit", points[0].Buckets, []uint64{11, 10, 9})
		if points[1].Exponential.Zeros != 1 || points[1].Min != 0 || points[1].Max != 29 {
			t.Errorf("exponential: %v", points[1])
		}
	}
}

// TestFormsOfReaders gives both forms only to the readers that want them.
func TestFormsOfReaders(t *testing.T) {
	t.Parallel()
	var producers []*Producer
	options := twin()
	var readers []*sdkmetric.ManualReader
	for _, native := range []bool{false, true} {
		p := NewProducer(nil)
		if native {
			p.WithNative()
		}
		producers = append(producers, p)
		readers = append(readers, sdkmetric.NewManualReader(sdkmetric.WithProducer(p)))
		options = append(options, WithReader(readers[len(readers)-1]))
	}
	provider, err := NewMeterProvider(options...)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{readers: readers, bound: provider, provider: provider, meter: provider.Meter("test")}
	h, _ := w.meter.Float64Histogram("h")
	other, _ := w.meter.Float64Histogram("other")
	h.Record(t.Context(), 1)
	other.Record(t.Context(), 1)
	for reader, want := range []int{1, 2} {
		points := w.collect(t, reader)
		if got := len(points["test|h||"]); got != want {
			t.Errorf("reader %d: %d forms, want %d", reader, got, want)
		}
		if got := len(points["test|other||"]); got != 1 {
			t.Errorf("reader %d: %d forms of a histogram in one", reader, got)
		}
	}
	if len(producers) != 2 {
		t.Fatal("two producers")
	}
}

// TestFormThatCannotBe keeps the explicit buckets, and says what is wrong with the others.
func TestFormThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}, options: []Option{
		WithNativeHistograms(func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
			return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 1, MaxScale: 30}, true
		}),
	}})
	h, err := w.meter.Float64Histogram("h")
	if err == nil || err.Error() != `instrument "h": exponential buckets of size 1 and scale 30: the size must be 3 or more and the scale from -10 to 20` {
		t.Errorf("got error %v", err)
	}
	h.Record(context.Background(), 1)
	expect(t, "explicit", w.reported(t, 0, "h"), map[string]float64{"": 1})
	if _, err := w.meter.Int64Counter("c"); err != nil {
		t.Errorf("a counter has no buckets: %v", err)
	}
}
