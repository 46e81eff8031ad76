package bound

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// dice decides what happens, by random bytes or by those of the fuzzer.
type dice struct{ data []byte }

func (d *dice) roll(n int) int {
	if len(d.data) == 0 {
		return 0
	}
	v := int(d.data[0])
	d.data = d.data[1:]
	return v % n
}

// viewSets are the views to choose from.
func viewSets() map[int][]sdkmetric.View {
	kind := func(k sdkmetric.InstrumentKind, s sdkmetric.Stream) sdkmetric.View {
		return sdkmetric.NewView(sdkmetric.Instrument{Kind: k}, s)
	}
	any := sdkmetric.Instrument{Name: "*"}
	counter, updown := sdkmetric.InstrumentKindCounter, sdkmetric.InstrumentKindUpDownCounter
	gauge, histogram := sdkmetric.InstrumentKindGauge, sdkmetric.InstrumentKindHistogram
	bounds := sdkmetric.AggregationExplicitBucketHistogram{Boundaries: []float64{-1, 0, 0.5, 1, 7}, NoMinMax: true}
	exponential := func(size, scale int32) sdkmetric.Aggregation {
		return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: size, MaxScale: scale}
	}
	return map[int][]sdkmetric.View{
		0: nil,
		1: {kind(histogram, sdkmetric.Stream{Aggregation: bounds})},
		2: {sdkmetric.NewView(any, sdkmetric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("a")})},
		3: {sdkmetric.NewView(any, sdkmetric.Stream{AttributeFilter: attribute.NewAllowKeysFilter()})},
		4: {
			sdkmetric.NewView(any, sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter("b")}),
			sdkmetric.NewView(any, sdkmetric.Stream{Description: "all"}),
			sdkmetric.NewView(any, sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter("a")}),
		},
		5: {kind(counter, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}), kind(histogram, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDefault{}})},
		6: {kind(histogram, sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 20, MaxScale: 4, NoMinMax: true}})},
		7: {kind(histogram, sdkmetric.Stream{Aggregation: sdkmetric.AggregationSum{}}), kind(updown, sdkmetric.Stream{Aggregation: bounds}), kind(gauge, sdkmetric.Stream{Aggregation: bounds})},
		8: {func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
			return sdkmetric.Stream{Name: i.Name + "_viewed", Description: "viewed", Unit: i.Unit}, i.Kind != gauge
		}},
		9:  {kind(histogram, sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{}})},
		10: {kind(histogram, sdkmetric.Stream{Aggregation: exponential(160, 20)})},
		11: {kind(histogram, sdkmetric.Stream{Aggregation: exponential(3, -1)})},
		12: {kind(histogram, sdkmetric.Stream{Aggregation: exponential(2, 8)})},
		13: {
			kind(histogram, sdkmetric.Stream{Aggregation: bounds, Description: "explicit"}),
			kind(histogram, sdkmetric.Stream{Aggregation: exponential(20, 8), AttributeFilter: attribute.NewDenyKeysFilter("a")}),
			kind(counter, sdkmetric.Stream{Aggregation: exponential(20, 8)}),
		},
		14: { // of one scope, and of one version of it
			sdkmetric.NewView(sdkmetric.Instrument{Scope: instrumentation.Scope{Name: "other", Version: "1"}}, sdkmetric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("b")}),
			sdkmetric.NewView(sdkmetric.Instrument{Scope: instrumentation.Scope{Name: "other"}}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDefault{}}),
			sdkmetric.NewView(sdkmetric.Instrument{Name: "requests", Scope: instrumentation.Scope{Name: "test"}}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}),
		},
		15: {func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) { // many instruments become one metric
			return sdkmetric.Stream{Name: "one", Description: "all of them", Unit: i.Unit, AttributeFilter: attribute.NewDenyKeysFilter("a")}, true
		}},
	}
}

func instrumentSpecs() []instrumentSpec {
	return []instrumentSpec{
		{name: "requests", description: "d", unit: "{request}", kind: "int counter"},
		{name: "cost", description: "d", unit: "{USD}", kind: "counter"},
		{name: "active", description: "d", kind: "int updown"},
		{name: "balance", description: "d", kind: "updown"},
		{name: "size", description: "d", unit: "By", kind: "int gauge"},
		{name: "level", description: "d", kind: "gauge"},
		{name: "duration", description: "d", unit: "s", kind: "histogram"},
		{name: "latency", description: "d", unit: "s", kind: "histogram", bounds: []float64{0, 0.25, 1, 4}},
		{name: "Requests", description: "d", unit: "{request}", kind: "int counter"},
		{name: "bytes", description: "d", unit: "By", kind: "int histogram"},
		{name: "rows", description: "d", kind: "int histogram", bounds: []float64{-1, 0, 2.5, 10}},
		{name: "requests", description: "d", unit: "{request}", kind: "int counter", scope: 1},
		{name: "queue", description: "another", unit: "s", kind: "int histogram", scope: 1},
		{name: "level", description: "d", kind: "gauge", scope: 2},
		{name: "balance", description: "d", kind: "updown", scope: 2},
		{name: "requests", description: "another", unit: "{request}", kind: "counter"},
	}
}

// unbound measures by an instrument that is not bound, with the attributes given each time.
func unbound(measure measureFunc) func(attrs ...attribute.KeyValue) measureFunc {
	return func(attrs ...attribute.KeyValue) measureFunc {
		return func(ctx context.Context, v float64, more ...attribute.KeyValue) {
			measure(ctx, v, append(slices.Clone(attrs), more...)...)
		}
	}
}

func attributeSets() [][]attribute.KeyValue {
	a, b := func(v string) attribute.KeyValue { return attribute.String("a", v) }, attribute.String("b", "x")
	return [][]attribute.KeyValue{nil, {a("1")}, {a("1"), b}, {b, a("2")}, {a("2"), attribute.Int("c", 3)}, {a("3"), a("1")}}
}

// values are representable exactly, so their sums are the same in any order.
func (d *dice) value() float64 {
	switch v := d.roll(64); v {
	case 60:
		return math.NaN()
	case 61:
		return math.Inf(1)
	case 62:
		return math.Inf(-1)
	case 63:
		return -math.Pow(2, float64(d.roll(40)))
	default:
		return float64(v-16) / 4
	}
}

// live lets both worlds live through the same history and compares all that they report.
func live(t testing.TB, d *dice) {
	t.Helper()
	temporalities := []sdkmetric.TemporalitySelector{
		sdkmetric.CumulativeTemporalitySelector, sdkmetric.DeltaTemporalitySelector, allDelta, sdkmetric.LowMemoryTemporalitySelector,
	}
	s := setup{views: viewSets()[d.roll(len(viewSets()))]}
	s.filter = []exemplar.Filter{nil, exemplar.AlwaysOffFilter, exemplar.TraceBasedFilter, exemplar.AlwaysOnFilter}[d.roll(4)]
	always := s.filter != nil && s.filter(context.Background())
	if d.roll(2) == 0 {
		// The limit begins anew with each delta interval of the SDK, so only totals agree.
		s.limit = d.roll(5)
		temporalities = temporalities[:1]
	}
	for range 1 + d.roll(3) {
		s.temporality = append(s.temporality, temporalities[d.roll(len(temporalities))])
	}
	ours := newWorld(t, s)
	s.sdk = true
	theirs := newWorld(t, s)

	type handle struct {
		instrument   int
		ours, theirs measureFunc
	}
	var handles []handle
	type binder = func(...attribute.KeyValue) measureFunc
	var binders [][2]binder
	specs := instrumentSpecs()
	// A reservoir chooses at random when there is more than it can hold, so no more than that is sampled between
	// collections by all readers. The first measurement of an interval is offered in any case, see TestThinning.
	// Instruments of one unit count together: a view can make one stream of them.
	sampledIn, measuredIn := map[string]bool{}, map[string]bool{}

	declare := func() {
		if len(binders) < len(specs) {
			i := specs[len(binders)]
			binders = append(binders, [2]binder{ours.declareIn(ours.scope(i.scope), i), theirs.declareIn(theirs.scope(i.scope), i)})
		}
	}
	bind := func() {
		i, set := d.roll(len(binders)), attributeSets()[d.roll(6)]
		ours, theirs := binders[i][0], binders[i][1]
		if d.roll(3) == 0 { // or give the attributes with each measurement
			ours, theirs = unbound(ours()), unbound(theirs())
		}
		handles = append(handles, handle{i, ours(set...), theirs(set...)})
	}
	collect := func(r int) {
		t.Helper()
		if diff := diff(theirs.collect(t, r), ours.collect(t, r)); diff != "" {
			t.Fatalf("reader %d (-sdk +bound):\n%s", r, diff)
		}
		clear(measuredIn)
	}
	declare()
	bind()
	for len(d.data) > 0 {
		switch d.roll(16) {
		case 0:
			declare()
		case 1, 2:
			bind()
		case 3:
			collect(d.roll(len(ours.readers)))
		case 4:
			for r := range ours.readers {
				collect(r)
			}
			if diff := diff(theirs.scrape(t), ours.scrape(t)); diff != "" {
				t.Fatalf("page (-sdk +bound):\n%s", diff)
			}
			clear(sampledIn)
		default:
			h := handles[d.roll(len(handles))]
			v := d.value()
			if math.IsNaN(v) && strings.HasSuffix(specs[h.instrument].kind, "histogram") {
				v = 0 // which handle of a series saw it first is not known, see TestNotNumbers
			}
			v = specs[h.instrument].alike(v)
			ctx, unit := context.Background(), specs[h.instrument].unit
			if always && sampledIn[unit] {
				continue
			}
			if d.roll(4) == 0 && !sampledIn[unit] && !measuredIn[unit] {
				ctx = sampledContext(byte(d.roll(200)))
				sampledIn[unit] = true
			}
			sampledIn[unit] = sampledIn[unit] || always
			measuredIn[unit] = true
			var more []attribute.KeyValue
			if d.roll(6) == 0 {
				more = attributeSets()[d.roll(6)]
			}
			h.ours(ctx, v, more...)
			h.theirs(ctx, v, more...)
		}
	}
	for r := range ours.readers {
		collect(r)
	}
}

func TestDifferential(t *testing.T) {
	t.Parallel()
	n := 400
	if testing.Short() {
		n = 60
	}
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			data := make([]byte, 60+r.IntN(1200))
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			live(t, &dice{data})
		})
	}
}

func FuzzDifferential(f *testing.F) {
	for seed := range 8 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		data := make([]byte, 300)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { live(t, &dice{data}) })
}
