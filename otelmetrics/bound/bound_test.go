package bound

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// TestAllocations measures without allocating, sampled or not by the filter.
func TestAllocations(t *testing.T) {
	for name, filter := range map[string]exemplar.Filter{"off": exemplar.AlwaysOffFilter, "trace based": nil} {
		w := newWorld(t, setup{filter: filter, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
		ctx := unsampled()
		ints, _ := w.meter.Int64Counter("ints")
		floats, _ := w.meter.Float64Counter("floats")
		updown, _ := w.meter.Int64UpDownCounter("updown")
		gauge, _ := w.meter.Int64Gauge("gauge")
		level, _ := w.meter.Float64Gauge("level")
		histogram, _ := w.meter.Float64Histogram("histogram")
		i, f, u := bound(ints, labels()...), bound(floats, labels()...), bound(updown, labels()...)
		g, l, h := bound(gauge, labels()...), bound(level, labels()...), bound(histogram, labels()...)
		for what, measure := range map[string]func(){
			"int counter": func() { i.Add(ctx, 1) },
			"counter":     func() { f.Add(ctx, 1.5) },
			"whole":       func() { f.Add(ctx, 2) },
			"updown":      func() { u.Add(ctx, 1); u.Add(ctx, -1) },
			"int gauge":   func() { g.Record(ctx, 1) },
			"gauge":       func() { l.Record(ctx, 1.5) },
			"histogram":   func() { h.Record(ctx, 0.3) },
		} {
			if n := testing.AllocsPerRun(200, measure); n != 0 {
				t.Errorf("%s, exemplars %s: %v allocations", what, name, n)
			}
		}
	}
}

// TestStripes spreads a contended cell and finds all of its values again.
func TestStripes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	ints, _ := w.meter.Int64Counter("ints")
	floats, _ := w.meter.Float64Counter("floats")
	histogram, _ := w.meter.Float64Histogram("histogram")
	i, _ := bound(ints).(*int64Counter)
	f, _ := bound(floats).(*float64Counter)
	h, _ := bound(histogram).(*float64Histogram)
	measure := func() {
		i.Add(ctx, 3)
		f.Add(ctx, 0.5)
		f.Add(ctx, 2)
		h.Record(ctx, 1)
	}
	measure()
	for range patience {
		i.clashed()
		f.clashed()
		h.addContended(&h.words[atSum], 0)
	}
	measure()
	if i.mode.Load()&striped == 0 || f.mode.Load()&striped == 0 || h.mode.Load()&striped == 0 {
		t.Fatal("not striped")
	}
	for round := range 3 {
		expect(t, "ints", w.reported(t, 0, "ints"), map[string]float64{"": 3 * float64(2+round)})
		expect(t, "floats", w.reported(t, 0, "floats"), map[string]float64{"": 2.5 * float64(2+round)})
		expect(t, "histogram", w.reported(t, 0, "histogram"), map[string]float64{"": float64(2 + round)})
		measure()
	}
	expect(t, "delta", w.reported(t, 1, "ints"), map[string]float64{"": 15})
}

// TestTouched reports in an interval what was measured to no effect, as the SDK does.
func TestTouched(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{allDelta, allDelta}})
	updown, _ := w.meter.Int64UpDownCounter("u")
	balance, _ := w.meter.Float64UpDownCounter("b")
	gauge, _ := w.meter.Int64Gauge("g")
	u, b, g := bound(updown), bound(balance), bound(gauge)
	type seen map[string]map[string]float64
	report := func() seen {
		out := seen{}
		for name, points := range w.collect(t, 0) {
			out[name] = map[string]float64{}
			for _, p := range points {
				out[name][p.Attributes] = p.Value
			}
		}
		return out
	}
	for range 6 {
		u.Add(ctx, 1)
		u.Add(ctx, -1)
		b.Add(ctx, 0.5)
		b.Add(ctx, -0.5)
		g.Record(ctx, 5)
		expect(t, "no change", report(), seen{"test|u||": {"": 0}, "test|b||": {"": 0}, "test|g||": {"": 5}})
		expect(t, "nothing", report(), seen{})
		u.Add(ctx, 0)
		b.Add(ctx, 0.5)
		b.Add(ctx, -0.5)
		expect(t, "zero", report(), seen{"test|u||": {"": 0}, "test|b||": {"": 0}})
		for range 4 { // until the cells are visited no more
			expect(t, "nothing", report(), seen{})
		}
	}
	expect(t, "other reader", w.reported(t, 1, "g"), map[string]float64{"": 5})
}

// TestTimes has totals that begin with their series, and intervals that begin with the last one.
func TestTimes(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), newClock()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}, options: []Option{WithClock(c.now)}})
	counter, _ := w.meter.Int64Counter("c")
	declared := c.now()
	handle := bound(counter)
	times := func(reader int) [2]time.Time {
		t.Helper()
		var rm metricdata.ResourceMetrics
		if err := w.readers[reader].Collect(ctx, &rm); err != nil {
			t.Fatal(err)
		}
		sum, _ := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
		return [2]time.Time{sum.DataPoints[0].StartTime, sum.DataPoints[0].Time}
	}
	last, born := declared, declared.Add(time.Second)
	for range 3 {
		c.add(time.Second)
		handle.Add(ctx, 1)
		c.add(time.Second)
		expect(t, "cumulative", times(0), [2]time.Time{born, c.now()})
		expect(t, "delta", times(1), [2]time.Time{last, c.now()})
		last = c.now()
	}
}

// TestHandlesOfOneSeries measures through several handles whose series is one.
func TestHandlesOfOneSeries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{
		views:       []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter("b")})},
		temporality: []sdkmetric.TemporalitySelector{nil},
	})
	counter, _ := w.meter.Int64Counter("c")
	gauge, _ := w.meter.Int64Gauge("g")
	for i := range 5 {
		bound(counter, attribute.Int("b", i)).Add(ctx, 1)
		bound(gauge, attribute.Int("b", i)).Record(ctx, int64(i))
	}
	first := bound(gauge, attribute.Int("b", 0))
	expect(t, "counter", w.reported(t, 0, "c"), map[string]float64{"": 5})
	expect(t, "gauge", w.reported(t, 0, "g"), map[string]float64{"": 4})
	first.Record(ctx, 9)
	expect(t, "gauge", w.reported(t, 0, "g"), map[string]float64{"": 9})
}

// TestBoundForOnce does not keep the cells of handles that are thrown away.
func TestBoundForOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	for range 10_000 {
		bound(counter, attribute.String("a", "1")).Add(ctx, 1)
	}
	st := w.streams()[0]
	if n := len(st.cells); n > 2+spare {
		t.Errorf("%d cells are listed for one series", n)
	}
	expect(t, "sum", w.reported(t, 0, "c"), map[string]float64{"a=1": 10_000})
}

// TestIdleCells are visited no more after a few collections.
func TestIdleCells(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil, nil}})
	counter, _ := w.meter.Int64Counter("c")
	histogram, _ := w.meter.Float64Histogram("h")
	gauge, _ := w.meter.Int64Gauge("g")
	c, h, g := bound(counter), bound(histogram), bound(gauge)
	for round := 1; round < 4; round++ {
		c.Add(ctx, 1)
		h.Record(ctx, 1)
		g.Record(ctx, int64(round))
		for range 4 {
			w.collect(t, 0)
		}
		for _, st := range w.streams() {
			if len(st.cells) > 0 {
				t.Errorf("round %d: %s is still visited", round, st.name)
			}
		}
		for _, name := range []string{"c", "h", "g"} {
			expect(t, name, w.reported(t, 1, name), map[string]float64{"": float64(round)})
		}
	}
}

// TestUnlistMeasured reports what was measured before its cell was unlisted.
func TestUnlistMeasured(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{allDelta}})
	updown, _ := w.meter.Int64UpDownCounter("u")
	gauge, _ := w.meter.Int64Gauge("g")
	u, g := bound(updown), bound(gauge)
	for range 2 {
		u.Add(ctx, 0)
		g.Record(ctx, 5)
		for _, st := range w.streams() {
			st.collecting.Lock()
			st.retire(func(cell) bool { return true })
			st.collecting.Unlock()
		}
		got := w.collect(t, 0)
		if len(got["test|u||"]) != 1 || len(got["test|g||"]) != 1 {
			t.Errorf("want both: %v", got)
		}
	}
}

// TestNotNumbers compares all short histories of NaN, infinities and numbers with the SDK.
func TestNotNumbers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1, -2.5}
	const collect = 5
	for history := range 6 * 6 * 6 * 6 {
		s := setup{temporality: []sdkmetric.TemporalitySelector{nil, allDelta}}
		ours := newWorld(t, s)
		s.sdk = true
		theirs := newWorld(t, s)
		for _, i := range instrumentSpecs()[1:7] {
			if i.kind == "int updown" || i.kind == "int gauge" {
				continue
			}
			a, b := ours.declare(i)(), theirs.declare(i)()
			for h := history; h > 0; h /= 6 {
				if h%6 == collect {
					for r := range 2 {
						if diff := diff(theirs.collect(t, r), ours.collect(t, r)); diff != "" {
							t.Fatalf("history %d, reader %d (-sdk +bound):\n%s", history, r, diff)
						}
					}
					continue
				}
				a(ctx, i.alike(values[h%6]))
				b(ctx, i.alike(values[h%6]))
			}
		}
		for r := range 2 {
			if diff := diff(theirs.collect(t, r), ours.collect(t, r)); diff != "" {
				t.Fatalf("history %d, reader %d (-sdk +bound):\n%s", history, r, diff)
			}
		}
	}
}

// TestExemplarsOfRareBuckets finds them, however busy other buckets are.
func TestExemplarsOfRareBuckets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	histogram, _ := w.meter.Float64Histogram("h", metric.WithExplicitBucketBoundaries(1, 2))
	h := bound(histogram)
	for i := range 1000 {
		h.Record(sampledContext(byte(i)), 0.5)
	}
	h.Record(sampledContext(1), 1.5)
	points := w.collect(t, 0)["test|h||"]
	if len(points) != 1 || len(points[0].Exemplars) != 2 {
		t.Errorf("want an exemplar in both buckets: %v", points)
	}
}

// TestPrime makes series appear at zero.
func TestPrime(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string][]sdkmetric.View{
		"bound": nil,
		"plain": {sdkmetric.NewView(sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindCounter}, sdkmetric.Stream{
			Aggregation: sdkmetric.AggregationExplicitBucketHistogram{},
		})},
	} {
		w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}, views: filter})
		counter, _ := w.meter.Int64Counter("c")
		floats, _ := w.meter.Float64Counter("f")
		histogram, _ := w.meter.Float64Histogram("h")
		for _, handle := range []any{bound(counter), bound(floats), bound(histogram)} {
			primer, ok := handle.(Primer)
			if !ok {
				t.Fatalf("%s: %T is no Primer", name, handle)
			}
			primer.Prime()
		}
		if got := w.reported(t, 0, "c"); len(got) != 1 {
			t.Errorf("%s: counter is not primed: %v", name, got)
		}
		if got := w.reported(t, 0, "f"); len(got) != 1 {
			t.Errorf("%s: float counter is not primed: %v", name, got)
		}
		expect(t, name, w.reported(t, 0, "h"), map[string]float64{"": 0})
	}
}

// TestBindAlone reports nothing.
func TestBindAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	attrs := []attribute.KeyValue{attribute.String("b", "2"), attribute.String("a", "1")}
	bound(counter, attrs...)
	if attrs[0].Key != "b" {
		t.Error("Bind changed the slice of its caller")
	}
	expect(t, "reported", w.collect(t, 0), map[string][]dataPoint{})
}

// TestOtherImplementations binds what the SDK measures.
func TestOtherImplementations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}, sdk: true})
	counter, err := w.meter.Int64Counter("c")
	if err != nil {
		t.Fatal(err)
	}
	handle := bound(counter, attribute.String("a", "1"))
	handle.Add(context.Background(), 2)
	handle.Add(context.Background(), 3, metric.WithAttributes(attribute.String("a", "2")))
	bound(handle, attribute.String("a", "3")).Add(context.Background(), 4)
	expect(t, "reported", w.reported(t, 0, "c"), map[string]float64{"a=1": 2, "a=2": 3, "a=3": 4})
	gauge, _ := w.meter.Int64Gauge("g")
	if !handle.Enabled(context.Background()) || !bound(gauge).Enabled(context.Background()) {
		t.Error("not enabled")
	}
}

// TestOtherImplementationsOfAllKinds binds instruments of the SDK, and what was bound again, and gets what bound ones report.
func TestOtherImplementationsOfAllKinds(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	ctx, a, b := t.Context(), attribute.String("a", "1"), attribute.String("b", "2")
	for _, w := range []*world{both.ours, both.theirs} {
		ints, _ := w.meter.Int64Counter("ints")
		floats, _ := w.meter.Float64Counter("floats")
		active, _ := w.meter.Int64UpDownCounter("active")
		balance, _ := w.meter.Float64UpDownCounter("balance")
		size, _ := w.meter.Int64Gauge("size")
		level, _ := w.meter.Float64Gauge("level")
		bytes, _ := w.meter.Int64Histogram("bytes")
		duration, _ := w.meter.Float64Histogram("duration")
		bound(bound(ints, a), b).Add(ctx, 2)
		bound(bound(floats, a), b).Add(ctx, 2.5)
		bound(bound(active, a), b).Add(ctx, -3)
		bound(bound(balance, a), b).Add(ctx, -3.5)
		bound(bound(size, a), b).Record(ctx, 4)
		bound(bound(level, a), b).Record(ctx, 4.5)
		bound(bound(bytes, a), b).Record(ctx, 5)
		bound(bound(duration, a), b).Record(ctx, 5.5)
		Prime(bound(ints, b))
		Prime(bound(floats, b))
		Prime(bound(active, b))
		Prime(bound(balance, b))
	}
	both.compare(t)
}

// TestPrimeNative makes a histogram with exponential buckets appear with nothing in it, also beside explicit ones.
func TestPrimeNative(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}, options: twin(), views: []sdkmetric.View{
		sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(160, 8)),
	}})
	both, _ := w.meter.Float64Histogram("h")
	native, _ := w.meter.Int64Histogram("native")
	Prime(bound(both))
	Prime(bound(native))
	for range 2 * measured { // it stays when its cell is idle
		got := w.collect(t, 0)
		if len(got["test|h||"]) != 2 || len(got["test|native||"]) != 1 || got["test|h||"][0].Count+got["test|native||"][0].Count != 0 {
			t.Fatalf("got %v", got)
		}
	}
}

// TestRestClash has another goroutine change the rest of a sum in the middle of an addition: it is tried again, and if that happens
// often, the cell spreads.
func TestRestClash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	c, _ := bound(counter).(*int64Counter)
	c.Add(t.Context(), small)
	for i := range patience {
		if c.mode.Load() != direct {
			t.Fatalf("striped after %d clashes", i)
		}
		if c.replace(c.restHere(), small-1, 1) {
			t.Fatal("replaced what another goroutine has changed")
		}
	}
	if c.mode.Load() != striped {
		t.Fatal("not striped")
	}
	if mine := c.restHere(); c.replace(mine, 1, 2) || c.clashes.Load() != patience*seldomClash {
		t.Error("a stripe counts clashes")
	}
	c.Add(t.Context(), small)
	expect(t, "sum", w.reported(t, 0, "c"), map[string]float64{"": 2 * small})
}

// defaultAttributes is an option in the shape of metric/x WithDefaultAttributes.
type defaultAttributes struct {
	metric.InstrumentOption
	keys []attribute.Key
}

func (defaultAttributes) Experimental()                  {}
func (o defaultAttributes) AllowedKeys() []attribute.Key { return o.keys }

// unsafeAttributes is an option in the shape of metric/x WithUnsafeAttributes.
type unsafeAttributes struct {
	metric.MeasurementOption
	kvs []attribute.KeyValue
}

func (unsafeAttributes) Experimental()                         {}
func (o unsafeAttributes) RawAttributes() []attribute.KeyValue { return o.kvs }

// TestDeclarations gives the SDK's errors and answers.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	drop := sdkmetric.NewView(sdkmetric.Instrument{Name: "dropped"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}})
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}, views: []sdkmetric.View{drop}})

	counter, err := w.meter.Int64Counter("9 lives")
	if !errors.Is(err, sdkmetric.ErrInstrumentName) {
		t.Errorf("invalid name: %v", err)
	}
	bound(counter).Add(ctx, 1)
	expect(t, "invalid name", w.reported(t, 0, "9 lives"), map[string]float64{"": 1})

	histogram, err := w.meter.Float64Histogram("h", metric.WithExplicitBucketBoundaries(2, 1))
	if err == nil {
		t.Error("invalid boundaries are accepted")
	}
	bound(histogram).Record(ctx, 1)
	expect(t, "invalid boundaries", w.reported(t, 0, "h"), map[string]float64{"": 1})

	dropped, _ := w.meter.Int64Counter("dropped")
	if handle := bound(dropped); handle.Enabled(ctx) {
		t.Error("a dropped instrument is enabled")
	} else {
		handle.Add(ctx, 1)
		handle.Add(ctx, 1, metric.WithAttributes(attribute.Int("a", 1)))
	}
	again, _ := w.meter.Int64Counter("twice")
	twice, _ := w.meter.Int64Counter("twice")
	bound(again).Add(ctx, 1)
	twice.Add(ctx, 2)
	expect(t, "twice", w.reported(t, 0, "twice"), map[string]float64{"": 3})

	advised, _ := w.meter.Int64Counter("advised", defaultAttributes{keys: []attribute.Key{"a"}})
	advised.Add(ctx, 1, unsafeAttributes{kvs: []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 1)}})
	expect(t, "advised", w.reported(t, 0, "advised"), map[string]float64{"a=1": 1})
}

// TestExemplarLimit keeps an exemplar within what OpenMetrics allows, so that the exporter drops none.
func TestExemplarLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{
		views:       []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("a")})},
		temporality: []sdkmetric.TemporalitySelector{nil},
	})
	counter, _ := w.meter.Int64Counter("c")
	bound(counter,
		attribute.String("a", "1"), attribute.String("b", "kept"), attribute.String("c", strings.Repeat("é", 100)),
		attribute.String("d", "\xff"), attribute.String("", "no name"), attribute.String("__e", "reserved"),
		attribute.String("9f", "digit"), attribute.String("g", strings.Repeat("g", 60)),
	).Add(sampledContext(0), 1)
	page := w.scrape(t)
	if !strings.Contains(page, `# {b="kept",key_9f="digit",span_id="0100000000000000",trace_id="`) {
		t.Errorf("the exemplar is missing:\n%s", page)
	}
}

// TestDeltaOverflow differs from the SDK in which attributes are kept, but not in the sum.
func TestDeltaOverflow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{limit: 3, temporality: []sdkmetric.TemporalitySelector{allDelta}})
	counter, _ := w.meter.Int64Counter("c")
	for round := range 3 {
		for i := range 5 {
			bound(counter, attribute.Int("i", i+round)).Add(ctx, 1)
		}
		got := w.reported(t, 0, "c")
		var sum float64
		for _, v := range got {
			sum += v
		}
		if sum != 5 || len(got) > 3 {
			t.Errorf("round %d: %v", round, got)
		}
	}
}

// TestShutdown ends reporting, and measuring stays safe.
func TestShutdown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("c")
	handle := bound(counter)
	handle.Add(ctx, 1)
	if err := w.bound.ForceFlush(ctx); err != nil {
		t.Error(err)
	}
	if err := w.bound.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := w.bound.Shutdown(ctx); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
		t.Errorf("second time: %v", err)
	}
	handle.Add(ctx, 1)
	late, _ := w.bound.Meter("late").Int64Counter("late")
	if late.Enabled(ctx) {
		t.Error("a counter of a meter made after the end is enabled")
	}
	var rm metricdata.ResourceMetrics
	if err := w.readers[0].Collect(ctx, &rm); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
		t.Errorf("collected after the end: %v", err)
	}
}
