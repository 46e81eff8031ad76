package bound

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// lifeModel is what the documentation says of the life of series, as plainly as it can be written: no cells, no handles and no
// concurrency. Only the sum of one counter is modelled, as all instruments share what decides on the life of a series.
type lifeModel struct {
	deltas  []bool // of each reader: whether it wants intervals
	timeout time.Duration
	series  map[string]*lifeOfSeries
	last    []time.Time // of each reader: when it last collected
}

type lifeOfSeries struct {
	born, seen time.Time
	measured   bool // since the last collection of any reader
	primed     bool
	finished   bool // and not measured since
	total      int64
	intervals  []int64
	fresh      []bool // of each reader: there is something in its interval
	owed       []bool // of each reader: it has not yet reported that the series is finished
}

// life is what a reader gets of one series.
type life struct {
	Value       int64
	Start, Time time.Time
}

func newLifeModel(now time.Time, timeout time.Duration, deltas ...bool) *lifeModel {
	return &lifeModel{deltas, timeout, map[string]*lifeOfSeries{}, slices.Repeat([]time.Time{now}, len(deltas))}
}

func (m *lifeModel) add(now time.Time, attrs string, n int64) *lifeOfSeries {
	s := m.series[attrs]
	if s == nil {
		s = &lifeOfSeries{born: now, intervals: make([]int64, len(m.deltas))}
		s.fresh, s.owed = make([]bool, len(m.deltas)), make([]bool, len(m.deltas))
		m.series[attrs] = s
	}
	s.measured = true
	s.total += n
	for r := range s.intervals {
		s.intervals[r] += n
	}
	return s
}

// visit notes what was measured in a series until now.
func (m *lifeModel) visit(now time.Time, s *lifeOfSeries) {
	if s.measured {
		s.measured, s.finished, s.seen = false, false, now
		s.fresh, s.owed = slices.Repeat([]bool{true}, len(m.deltas)), make([]bool, len(m.deltas))
	}
}

func (m *lifeModel) finish(now time.Time, attrs string) {
	s := m.series[attrs]
	if s == nil {
		return
	}
	m.visit(now, s)
	if !s.finished {
		s.finished, s.owed = true, slices.Repeat([]bool{true}, len(m.deltas))
	}
}

// collect returns what a reader gets, and the series that are forgotten afterwards.
func (m *lifeModel) collect(now time.Time, reader int) (got map[string]life, forgotten []string) {
	got = map[string]life{}
	for attrs, s := range m.series {
		m.visit(now, s)
		switch {
		case m.deltas[reader] && s.fresh[reader]:
			got[attrs] = life{s.intervals[reader], m.last[reader], now}
			s.intervals[reader] = 0
		case !m.deltas[reader] && (!s.finished || s.owed[reader]):
			got[attrs] = life{s.total, s.born, now}
		}
		s.fresh[reader], s.owed[reader] = false, false
		expired := !s.finished && m.timeout > 0 && now.Sub(s.seen) >= m.timeout && !s.primed
		if expired || s.finished && !slices.Contains(s.owed, true) {
			forgotten = append(forgotten, attrs)
			delete(m.series, attrs)
		}
	}
	m.last[reader] = now
	slices.Sort(forgotten)
	return got, forgotten
}

// lives returns what a reader gets of the counter.
func (w *world) lives(t *testing.T, reader int) map[string]life {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := w.readers[reader].Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	out := map[string]life{}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
				for _, p := range sum.DataPoints {
					out[p.Attributes.Encoded(attribute.DefaultEncoder())] = life{p.Value, p.StartTime, p.Time}
				}
			}
		}
	}
	return out
}

// TestLives measures, finishes, primes, collects and lets time pass at random, and compares each collection with the model: the
// values, when they start, which series there are, and which were forgotten.
func TestLives(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{0, 5 * time.Second} {
		for seed := range uint64(40) {
			t.Run(timeout.String()+"/"+strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				compareLives(t, timeout, rand.New(rand.NewPCG(seed, 11)))
			})
		}
	}
}

func compareLives(t *testing.T, timeout time.Duration, r *rand.Rand) {
	t.Helper()
	ctx, c := t.Context(), newClock()
	var forgotten []string
	w := newWorld(t, setup{
		pushOnly: true, temporality: []sdkmetric.TemporalitySelector{nil, allDelta, nil, allDelta},
		options: []Option{WithClock(c.now), idleAfter(timeout), WithOnForget(func(series []Series) {
			for _, s := range series {
				forgotten = append(forgotten, s.Attributes.Encoded(attribute.DefaultEncoder()))
			}
		})},
	})
	counter, err := w.meter.Int64Counter("c")
	if err != nil {
		t.Fatal(err)
	}
	m := newLifeModel(c.now(), timeout, false, true, false, true)
	attrs := []attribute.KeyValue{attribute.Int("i", 0), attribute.Int("i", 1), attribute.Int("i", 2)}
	handles := make([][]metric.Int64Counter, len(attrs)) // those with cells of their own, some for long
	for step := range 400 {
		i := r.IntN(len(attrs))
		name := "i=" + strconv.Itoa(i)
		switch r.IntN(12) {
		case 0, 1, 2:
			counter.Add(ctx, int64(step), metric.WithAttributes(attrs[i]))
			m.add(c.now(), name, int64(step))
		case 3, 4:
			if len(handles[i]) == 0 || r.IntN(8) == 0 {
				handles[i] = append(handles[i], bound(counter, attrs[i]))
			}
			handles[i][r.IntN(len(handles[i]))].Add(ctx, 3)
			m.add(c.now(), name, 3)
		case 5:
			finish(t, counter, attrs[i])
			m.finish(c.now(), name)
		case 6:
			if step%8 == 0 {
				Prime(bound(counter, attrs[i]))
				m.add(c.now(), name, 0).primed = true
			}
		case 7, 8:
			c.add(time.Duration(r.IntN(3000)) * time.Millisecond)
		case 9:
			c.add(time.Duration(-r.IntN(500)) * time.Millisecond) // as a clock that is set
		default:
			reader := r.IntN(len(w.readers))
			forgotten = nil
			got := w.lives(t, reader)
			want, gone := m.collect(c.now(), reader)
			expect(t, "step "+strconv.Itoa(step)+", reader "+strconv.Itoa(reader), got, want)
			slices.Sort(forgotten)
			expect(t, "forgotten at step "+strconv.Itoa(step), forgotten, gone)
			var series []string
			for s := range w.bound.Series() {
				series = append(series, s.Attributes.Encoded(attribute.DefaultEncoder()))
			}
			slices.Sort(series)
			expect(t, "series after step "+strconv.Itoa(step), series, slices.Sorted(maps.Keys(m.series)))
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}
