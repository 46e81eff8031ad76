package bound

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// clock is a clock that stands still until it is moved.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time      { return time.Unix(0, c.nanos.Load()) }
func (c *clock) add(d time.Duration) { c.nanos.Add(int64(d)) }

// ledger adds up what a reader saw of each metric: the intervals, or the last total of every life of a series.
type ledger struct {
	reader *sdkmetric.ManualReader
	done   map[string]float64
	lives  map[string]float64
}

func newLedger(r *sdkmetric.ManualReader) *ledger {
	return &ledger{r, map[string]float64{}, map[string]float64{}}
}

// collect books one collection, and fails if a histogram contradicts itself.
func (l *ledger) collect(t *testing.T) {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := l.reader.Collect(context.Background(), &rm); err != nil {
		t.Error(err)
	}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					l.book(m.Name, d.Temporality, p.Attributes, p.StartTime, float64(p.Value))
				}
			case metricdata.Sum[float64]:
				for _, p := range d.DataPoints {
					l.book(m.Name, d.Temporality, p.Attributes, p.StartTime, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					var n uint64
					for _, b := range p.BucketCounts {
						n += b
					}
					if n != p.Count || p.Sum != float64(n) {
						t.Errorf("%s: count %d, buckets %d, sum %v of ones", m.Name, p.Count, n, p.Sum)
					}
					l.book(m.Name, d.Temporality, p.Attributes, p.StartTime, float64(p.Count))
				}
			case metricdata.ExponentialHistogram[float64]:
				for _, p := range d.DataPoints {
					n := p.ZeroCount
					for _, b := range p.PositiveBucket.Counts {
						n += b
					}
					if n != p.Count || p.Sum != float64(n) {
						t.Errorf("%s: count %d, buckets %d, sum %v of ones", m.Name, p.Count, n, p.Sum)
					}
					l.book(m.Name+" exponential", d.Temporality, p.Attributes, p.StartTime, float64(p.Count))
				}
			}
		}
	}
}

func (l *ledger) book(name string, of metricdata.Temporality, attrs attribute.Set, start time.Time, v float64) {
	if of == metricdata.DeltaTemporality {
		l.done[name] += v
		return
	}
	l.lives[name+"|"+attrs.Encoded(attribute.DefaultEncoder())+"|"+start.String()] = v
}

// total returns all that was seen of a metric.
func (l *ledger) total(name string) float64 {
	sum := l.done[name]
	for life, v := range l.lives {
		if len(life) > len(name) && life[:len(name)+1] == name+"|" {
			sum += v
		}
	}
	return sum
}

// TestConcurrentSafe measures from many goroutines while readers of both temporalities collect. With retirement, series
// come and go all the time; nothing may be lost.
func TestConcurrentSafe(t *testing.T) {
	t.Parallel()
	for name, idle := range map[string]time.Duration{"kept": 0, "retired": 2 * time.Second} {
		for limit, limited := range map[int]string{0: "unlimited", 3: "limited"} {
			t.Run(name+"/"+limited, func(t *testing.T) {
				t.Parallel()
				testConcurrent(t, idle, limit)
			})
		}
	}
}

func testConcurrent(t *testing.T, idle time.Duration, limit int) {
	const workers, rounds = 8, 3000
	c := newClock()
	w := newWorld(t, setup{
		limit:       limit,
		temporality: []sdkmetric.TemporalitySelector{sdkmetric.CumulativeTemporalitySelector, allDelta},
		views:       []sdkmetric.View{sdkmetric.NewView(sdkmetric.Instrument{Name: "native"}, exponentialStream(160, 8))},
		pushOnly:    true, // the exporter would not collect here
		options:     append(twin(), idleAfter(idle), WithClock(c.now)),
	})
	counter, _ := w.meter.Int64Counter("counter")
	floats, _ := w.meter.Float64Counter("floats")
	updown, _ := w.meter.Int64UpDownCounter("updown")
	histogram, _ := w.meter.Float64Histogram("histogram")
	native, _ := w.meter.Float64Histogram("native")
	twins, _ := w.meter.Float64Histogram("h")
	gauge, _ := w.meter.Int64Gauge("gauge")

	var measuring sync.WaitGroup
	ctx := context.Background()
	shared := attribute.String("of", "all")
	one := bound(counter, shared)
	many, manyNative, manyTwins := bound(histogram, shared), bound(native, shared), bound(twins, shared)
	for worker := range workers {
		measuring.Go(func() {
			own := attribute.Int("of", worker)
			ownTwins := bound(twins, own)
			ownCounter, ownFloats, ownHistogram := bound(counter, own), bound(floats, own), bound(histogram, own)
			up, level := bound(updown, own), bound(gauge, own)
			for i := range rounds {
				one.Add(ctx, 1)
				many.Record(ctx, 1)
				manyNative.Record(ctx, 1)
				manyTwins.Record(ctx, 1)
				if i%97 == worker {
					ownCounter.Add(ctx, 64)
					ownFloats.Add(ctx, 0.5)
					ownHistogram.Record(ctx, 1)
					ownTwins.Record(ctx, 1)
					level.Record(ctx, int64(i))
				}
				up.Add(ctx, 1)
				if i%5 == 0 {
					counter.Add(ctx, 1, metric.WithAttributes(own))
				}
				up.Add(ctx, -1)
			}
		})
	}
	var done atomic.Bool
	var collecting sync.WaitGroup
	ledgers := []*ledger{newLedger(w.readers[0]), newLedger(w.readers[1])}
	collect := func(l *ledger) {
		for !done.Load() {
			l.collect(t)
		}
	}
	if idle == 0 {
		collecting.Go(func() { collect(ledgers[0]) })
		collecting.Go(func() { collect(ledgers[1]) })
	} else {
		// A reader that lags behind would be taken for one that went away.
		collecting.Go(func() {
			for !done.Load() {
				c.add(time.Second)
				ledgers[0].collect(t)
				ledgers[1].collect(t)
			}
		})
	}
	measuring.Wait()
	done.Store(true)
	collecting.Wait()

	seldom := 0
	for worker := range workers {
		for i := range rounds {
			if i%97 == worker {
				seldom++
			}
		}
	}
	want := map[string]float64{
		"counter":   workers*rounds + workers*rounds/5 + float64(64*seldom),
		"floats":    float64(seldom) / 2,
		"updown":    0,
		"histogram": workers*rounds + float64(seldom),

		"native exponential": workers * rounds,
		"h":                  workers*rounds + float64(seldom),
		"h exponential":      workers*rounds + float64(seldom),
	}
	for i, l := range ledgers {
		l.collect(t)
		for name, want := range want {
			if got := l.total(name); got != want {
				t.Errorf("reader %d: %s = %v, want %v", i, name, got, want)
			}
		}
	}
}

// TestConcurrentFirst lets the first measurement of many series happen at once, under a limit.
func TestConcurrentFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{limit: 5, temporality: []sdkmetric.TemporalitySelector{nil}})
	counter, _ := w.meter.Int64Counter("counter")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() { bound(counter, attribute.Int("i", i%16)).Add(context.Background(), 1) })
	}
	wg.Wait()
	points := w.collect(t, 0)["test|counter||"]
	var sum float64
	for _, p := range points {
		sum += p.Value
	}
	if len(points) != 5 || sum != 64 {
		t.Errorf("%d points with the sum %v, want 5 with 64: %v", len(points), sum, points)
	}
}
