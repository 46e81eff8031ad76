package bound

import (
	"errors"
	"math"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// declaring declares an instrument and measures it once. It returns the error of the declaration.
type declaring func(t *testing.T, w *world) error

func declareCounter(name string, options ...metric.Int64CounterOption) declaring {
	return func(t *testing.T, w *world) error {
		t.Helper()
		c, err := w.meter.Int64Counter(name, options...)
		c.Add(t.Context(), 3, metric.WithAttributes(attribute.String("a", "1")))
		return err
	}
}

func declareFloatCounter(name string, options ...metric.Float64CounterOption) declaring {
	return func(t *testing.T, w *world) error {
		t.Helper()
		c, err := w.meter.Float64Counter(name, options...)
		c.Add(t.Context(), 0.5, metric.WithAttributes(attribute.String("a", "1")))
		return err
	}
}

func declareGauge(name string, options ...metric.Int64GaugeOption) declaring {
	return func(t *testing.T, w *world) error {
		t.Helper()
		g, err := w.meter.Int64Gauge(name, options...)
		g.Record(t.Context(), 7, metric.WithAttributes(attribute.String("a", "1")))
		return err
	}
}

func declareHistogram(name string, boundaries ...float64) declaring {
	return func(t *testing.T, w *world) error {
		t.Helper()
		h, err := w.meter.Float64Histogram(name, metric.WithExplicitBucketBoundaries(boundaries...))
		for _, v := range []float64{-1, 0, 1, 1.5, 3, 100} {
			h.Record(t.Context(), v)
		}
		return err
	}
}

func declareIntHistogram(name string, boundaries ...float64) declaring {
	return func(t *testing.T, w *world) error {
		t.Helper()
		h, err := w.meter.Int64Histogram(name, metric.WithExplicitBucketBoundaries(boundaries...))
		h.Record(t.Context(), 2)
		return err
	}
}

// rename is a view that gives every instrument a name.
func rename(name string) sdkmetric.View {
	return func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		return sdkmetric.Stream{Name: name, Description: i.Description, Unit: i.Unit}, true
	}
}

// aggregate is a view that gives every instrument an aggregation, without the checks of NewView.
func aggregate(a sdkmetric.Aggregation) sdkmetric.View {
	return func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		return sdkmetric.Stream{Name: i.Name, Aggregation: a}, true
	}
}

// TestDeclarationsThatMeet compares with the SDK what several declarations of one name report, and whether each has an error.
func TestDeclarationsThatMeet(t *testing.T) {
	t.Parallel()
	d, u := metric.WithDescription, metric.WithUnit
	explicit := func(boundaries ...float64) sdkmetric.View {
		return aggregate(sdkmetric.AggregationExplicitBucketHistogram{Boundaries: boundaries})
	}
	for name, test := range map[string]struct {
		views        []sdkmetric.View
		declarations []declaring
	}{
		"the same twice":           {nil, []declaring{declareCounter("c", d("d")), declareCounter("c", d("d"))}},
		"other description":        {nil, []declaring{declareCounter("c", d("one")), declareCounter("c", d("two")), declareCounter("c")}},
		"other unit":               {nil, []declaring{declareCounter("c", u("s")), declareCounter("c", u("By"))}},
		"other number":             {nil, []declaring{declareCounter("c"), declareFloatCounter("c"), declareCounter("c")}},
		"other kind":               {nil, []declaring{declareCounter("c"), declareGauge("c"), declareHistogram("c")}},
		"other case":               {nil, []declaring{declareCounter("Cache.Hits"), declareCounter("cache.hits"), declareCounter("CACHE.HITS")}},
		"other case and unit":      {nil, []declaring{declareCounter("Hits", u("s")), declareCounter("hits")}},
		"other boundaries":         {nil, []declaring{declareHistogram("h", 1, 2), declareHistogram("h", 3), declareHistogram("h")}},
		"other boundaries, of int": {nil, []declaring{declareIntHistogram("h"), declareIntHistogram("h", 3)}},
		"invalid boundaries":       {nil, []declaring{declareHistogram("h", 2, 1)}},
		"equal boundaries":         {nil, []declaring{declareHistogram("h", 1, 1), declareIntHistogram("i", 2, 2)}},
		"invalid boundaries last":  {nil, []declaring{declareHistogram("h", 1, 2), declareHistogram("h", 2, 1)}},
		"invalid boundaries first": {nil, []declaring{declareIntHistogram("h", 2, 1), declareIntHistogram("h", 1, 2)}},
		"invalid name":             {nil, []declaring{declareCounter("9 lives"), declareCounter("9 lives")}},
		"invalid name, renamed":    {[]sdkmetric.View{rename("c")}, []declaring{declareCounter("c"), declareCounter("9 lives")}},
		"renamed to invalid name":  {[]sdkmetric.View{rename("9 lives")}, []declaring{declareCounter("c"), declareFloatCounter("c")}},
		"renamed to no name":       {[]sdkmetric.View{rename("")}, []declaring{declareCounter("c"), declareCounter("e")}},
		"view's boundaries win":    {[]sdkmetric.View{explicit(1, 50)}, []declaring{declareHistogram("h", 2, 3)}},
		"view's invalid ones":      {[]sdkmetric.View{explicit(50, 1, 1, 3)}, []declaring{declareHistogram("h"), declareIntHistogram("i")}},
		"infinite boundaries":      {[]sdkmetric.View{explicit(math.Inf(-1), 1, math.Inf(1))}, []declaring{declareHistogram("h")}},
		"sum of a gauge":           {[]sdkmetric.View{aggregate(sdkmetric.AggregationSum{})}, []declaring{declareGauge("g"), declareCounter("c")}},
		"last value of a counter":  {[]sdkmetric.View{aggregate(sdkmetric.AggregationLastValue{})}, []declaring{declareCounter("c"), declareGauge("g")}},
		"two views of one name": {
			[]sdkmetric.View{rename("one"), explicit(1), rename("ONE")}, []declaring{declareHistogram("h", 5), declareHistogram("g", 6)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both := newWorlds(t, setup{views: test.views, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
			for round := range 2 {
				for i, declare := range test.declarations {
					want, got := declare(t, both.theirs), declare(t, both.ours)
					// The SDK gives later declarations of a name the error of the first. Here each has its own.
					if i == 0 && (want == nil) != (got == nil) {
						t.Errorf("declaration %d, round %d: error %v, and the SDK has %v", i, round, got, want)
					}
					if errors.Is(want, sdkmetric.ErrInstrumentName) != errors.Is(got, sdkmetric.ErrInstrumentName) {
						t.Errorf("declaration %d: error %v is not of the kind of %v", i, got, want)
					}
				}
				both.compare(t)
			}
		})
	}
}

// TestNames accepts and refuses names of instruments as the SDK does.
func TestNames(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	for _, name := range []string{
		"a", "Z", "a9", "a_.-/b", "", "9", "_a", ".a", "/a", "-a", "a b", "a\n", "a:b", "a+b", "é", "aé", "a\xff", "\xff",
		strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("é", 127) + "x",
	} {
		_, want := both.theirs.meter.Float64UpDownCounter(name)
		_, got := both.ours.meter.Float64UpDownCounter(name)
		if errors.Is(got, sdkmetric.ErrInstrumentName) != errors.Is(want, sdkmetric.ErrInstrumentName) {
			t.Errorf("%q: error %v, and the SDK has %v", name, got, want)
		}
	}
}

// TestInvalidBoundaries says which instrument has them and what is done instead.
func TestInvalidBoundaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{temporality: []sdkmetric.TemporalitySelector{nil}})
	_, err := w.meter.Float64Histogram("h", metric.WithExplicitBucketBoundaries(1, 3, 2))
	const want = `instrument "h": bucket boundaries [1 3 2]: each must be greater than the one before, so the default boundaries are used`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// scopes are meters that differ in one part of their scope, or in none.
func scopes() [][]metric.MeterOption {
	side := metric.WithInstrumentationAttributes
	left, up := attribute.String("side", "left"), attribute.Bool("up", true)
	return [][]metric.MeterOption{
		nil,
		{metric.WithInstrumentationVersion("1")},
		{metric.WithInstrumentationVersion("2")},
		{metric.WithSchemaURL("https://example.com/1")},
		{side(left, up)},
		{side(up, left)}, // the same
		{side(attribute.String("side", "right"), left, up)}, // the same: the last one counts
		{side(left)},
		{side()}, // the same as the first
		{metric.WithInstrumentationVersion("1"), metric.WithInstrumentationVersion("2")}, // the same as the third
	}
}

// TestScopes has as many meters as there are scopes for the SDK, and reports the instruments of each.
func TestScopes(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	for range 2 {
		for i, options := range scopes() {
			for _, w := range []*world{both.ours, both.theirs} {
				c, err := w.provider.Meter("scoped", options...).Int64Counter("c")
				if err != nil {
					t.Fatal(err)
				}
				c.Add(t.Context(), 1<<i)
			}
		}
		both.compare(t)
	}
	if got := len(both.ours.bound.snapshot()); got != 6+1 { // and the one that each world has
		t.Errorf("%d meters, want 7", got)
	}
}

// TestNoAttributes are the same series, however they are given.
func TestNoAttributes(t *testing.T) {
	t.Parallel()
	both := newWorlds(t, setup{pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, allDelta}})
	for _, w := range []*world{both.ours, both.theirs} {
		c, _ := w.meter.Int64Counter("c")
		h, _ := w.meter.Int64Histogram("h")
		g, _ := w.meter.Float64Gauge("g")
		for i, set := range []attribute.Set{{}, attribute.NewSet(), *attribute.EmptySet(), attribute.NewSet([]attribute.KeyValue{}...)} {
			c.Add(t.Context(), 1, metric.WithAttributeSet(set))
			h.Record(t.Context(), 2, metric.WithAttributeSet(set))
			g.Record(t.Context(), float64(i), metric.WithAttributeSet(set))
		}
		for _, kvs := range [][]attribute.KeyValue{nil, {}} {
			BindInt64Counter(c, kvs...).Add(t.Context(), 10, metric.WithAttributes(kvs...))
			BindInt64Histogram(h, kvs...).Record(t.Context(), 20, metric.WithAttributes(kvs...))
			BindFloat64Gauge(g, kvs...).Record(t.Context(), 30, metric.WithAttributes(kvs...))
		}
		// Keys and values may be empty, and a key may have no value.
		for _, kv := range []attribute.KeyValue{{}, attribute.String("", ""), attribute.String("empty", ""), {Key: "invalid"}} {
			BindInt64Counter(c, kv).Add(t.Context(), 100)
			c.Add(t.Context(), 1000, metric.WithAttributes(kv))
		}
	}
	both.compare(t)
}
