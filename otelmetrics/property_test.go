package otelmetrics_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

var seed = flag.Uint64("seed", 0, "repeat the programs of TestAnyInterleaving of this seed")

// ledger is what was measured, told before and after each measurement.
type ledger struct {
	begun, started, ending, ended atomic.Int64 // of predictions
	tokens                        atomic.Int64
	latencies                     atomic.Int64
}

// program makes one random measurement of one random tenant.
func (l *ledger) program(ctx context.Context, m *otelmetrics.Metrics, clock *clock, random *rand.Rand) {
	if random.IntN(2) == 0 {
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1, byte(random.Uint32())}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
		}))
	}
	r := m.With("tenant", fmt.Sprint("tenant", random.IntN(3)))
	kind := otelmetrics.PredictionType(fmt.Sprint("type", random.IntN(4)))
	elapsed := time.Duration(random.IntN(20_000)) * time.Millisecond
	switch random.IntN(5) {
	case 0:
		count := random.Int64N(100)
		l.tokens.Add(count)
		r.RecordUsage(ctx, kind, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: count}})
		r.RecordUsage(ctx, kind, otelmetrics.Usage{CostUSD: float64(random.IntN(8)) / 8}) // sums of eighths are exact
	case 1:
		l.latencies.Add(1)
		otelmetrics.RecordLatency(ctx, r, "/ask", "POST", 200+random.IntN(3), elapsed/10)
		r.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	case 2:
		otelmetrics.RecordTimeToFirstToken(ctx, r, kind, elapsed)
		r.RecordError(ctx, otelmetrics.ErrorRateLimit)
	default:
		l.begun.Add(1)
		_, p := r.StartPrediction(ctx, kind)
		l.started.Add(1)
		clock.pass(time.Millisecond)
		var err error
		if random.IntN(3) == 0 {
			err = errors.New("no")
		}
		l.ending.Add(1)
		p.End(&err)
		l.ended.Add(1)
	}
}

// Whatever the order of measurements, scrapes, pushes and retirement: no counter
// goes down, no histogram contradicts itself, each exemplar is in its bucket,
// what was started has ended or is active, and the intervals of the push add up
// to what the page shows.
func TestAnyInterleaving(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	seeds := []uint64{*seed}
	if *seed == 0 {
		seeds = []uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()}
	}
	for _, seed := range seeds {
		for name, idle := range map[string]time.Duration{"kept": 0, "retired": time.Minute} {
			t.Run(fmt.Sprintf("%s, -seed %d", name, seed), func(t *testing.T) { interleave(t, seed, idle) })
		}
	}
}

func interleave(t *testing.T, seed uint64, idle time.Duration) {
	t.Helper()
	const rounds, workers, each = 12, 4, 200
	clock, collector := newClock(), otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(tenants()), otelmetrics.WithIdleTimeout(idle),
		otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol("http/protobuf"))
	var l ledger
	var before map[string]float64
	random := rand.New(rand.NewPCG(seed, 0))
	look := func() {
		begins, ends := l.started.Load(), l.ended.Load()
		page := protobuf(t, m)
		wantConsistent(t, page)
		now := values(page)
		started, ended := total(now, "dspy_predictions_total")+total(now, "dspy_active_predictions"), total(now, "dspy_predictions_total")
		if idle == 0 {
			wantNoneDown(t, before, now)
			if started < float64(begins) || started > float64(l.begun.Load()) || ended < float64(ends) || ended > float64(l.ending.Load()) {
				t.Errorf("got %v predictions, %v of them ended; want %d to %d and %d to %d",
					started, ended, begins, l.begun.Load(), ends, l.ending.Load())
			}
		}
		before = now
		clock.pass(time.Duration(random.IntN(40)) * time.Second)
	}
	for round := range uint64(rounds) {
		var measuring sync.WaitGroup
		for worker := range uint64(workers) {
			measuring.Go(func() {
				random := rand.New(rand.NewPCG(seed, 1+round*workers+worker))
				for range each {
					l.program(t.Context(), m, clock, random)
				}
			})
		}
		for range 1 + random.IntN(4) {
			look()
			if err := m.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		measuring.Wait()
		look()
		if got := total(before, "dspy_active_predictions"); got != 0 {
			t.Errorf("got %v active predictions at rest", got)
		}
	}
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	pushed := make(map[string]float64)
	for _, request := range collector.Requests() {
		for _, interval := range request.Resources {
			for series, value := range pushedSamples(interval) {
				pushed[series] += value
			}
		}
	}
	for name, want := range map[string]int64{
		"dspy_predictions_total": l.ended.Load(), "dspy_prediction_duration_seconds_count": l.ended.Load(),
		"dspy_tokens_total": l.tokens.Load(), "dspy_api_latency_seconds_count": l.latencies.Load(),
	} {
		if got := total(pushed, name+"{"); got != float64(want) {
			t.Errorf("the intervals of %s add up to %v, want %v", name, got, want)
		}
	}
	if idle == 0 {
		wantSameTotals(t, pushed, values(protobuf(t, m)))
	}
}

// protobuf reads the page in the form that has all of it, exemplars included.
func protobuf(t *testing.T, m *otelmetrics.Metrics) []*dto.MetricFamily {
	t.Helper()
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	decoder := expfmt.NewDecoder(bytes.NewReader([]byte(scrape(t, m, string(format)))), format)
	var page []*dto.MetricFamily
	for {
		family := new(dto.MetricFamily)
		switch err := decoder.Decode(family); {
		case errors.Is(err, io.EOF):
			return page
		case err != nil:
			t.Fatal(err)
		}
		page = append(page, family)
	}
}

// values returns what a page says, as values by series.
func values(page []*dto.MetricFamily) map[string]float64 {
	out := make(map[string]float64)
	for _, family := range page {
		name := family.GetName()
		for _, metric := range family.GetMetric() {
			labels := make(map[string]string)
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			h := metric.GetHistogram()
			if h == nil {
				out[series(name, labels)] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
				continue
			}
			out[series(name+"_count", labels)], out[series(name+"_sum", labels)] = float64(h.GetSampleCount()), h.GetSampleSum()
			for _, bucket := range h.GetBucket() {
				out[bucketSeries(name, labels, bucket.GetUpperBound())] = float64(bucket.GetCumulativeCount())
			}
		}
	}
	return out
}

// monotonic reports whether a series is of a counter or of a histogram, which is
// measured with what is not negative.
func monotonic(series string) bool {
	name, _, _ := strings.Cut(series, "{")
	for _, suffix := range []string{"_total", "_count", "_sum", "_bucket"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

func wantNoneDown(t *testing.T, before, now map[string]float64) {
	t.Helper()
	for series, value := range before {
		if got, shown := now[series]; monotonic(series) && (!shown || got < value) {
			t.Errorf("%s: got %v after %v", series, got, value)
		}
	}
}

// wantConsistent checks the histograms and the predictions under way of a page.
func wantConsistent(t *testing.T, page []*dto.MetricFamily) {
	t.Helper()
	for _, family := range page {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "dspy_active_predictions" && metric.GetGauge().GetValue() < 0 {
				t.Errorf("%v", metric)
			}
			if h := metric.GetHistogram(); h != nil {
				if err := contradiction(h); err != nil {
					t.Errorf("%s: %v: %v", family.GetName(), err, metric)
				}
			}
		}
	}
}

// contradiction tells what in a histogram of what is not negative cannot be.
func contradiction(h *dto.Histogram) error {
	const rounding = 1e-9
	var count uint64
	lower, least, most := 0.0, 0.0, 0.0
	buckets := h.GetBucket()
	if !math.IsInf(buckets[len(buckets)-1].GetUpperBound(), 1) { // this form may leave it out
		buckets = append(buckets, &dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: h.SampleCount})
	}
	for _, bucket := range buckets {
		upper, exemplar := bucket.GetUpperBound(), bucket.GetExemplar()
		if bucket.GetCumulativeCount() < count {
			return fmt.Errorf("bucket %v has fewer than the one below", upper)
		}
		if value := exemplar.GetValue(); exemplar != nil && (value > upper || value < lower || value == lower && lower > 0) {
			return fmt.Errorf("bucket %v has the exemplar %v", upper, value)
		}
		if in := float64(bucket.GetCumulativeCount() - count); in > 0 {
			least, most = least+in*lower, most+in*upper
		}
		count, lower = bucket.GetCumulativeCount(), upper
	}
	if count != h.GetSampleCount() {
		return fmt.Errorf("bucket %v has %d of %d", lower, count, h.GetSampleCount())
	}
	if sum := h.GetSampleSum(); sum < least*(1-rounding) || sum > most*(1+rounding) {
		return fmt.Errorf("a sum of %v, which by the buckets is %v to %v", sum, least, most)
	}
	return nil
}

func wantSameTotals(t *testing.T, pushed, page map[string]float64) {
	t.Helper()
	const rounding = 1e-9 // of sums of seconds, in the order of their intervals
	for series, want := range page {
		if got := pushed[series]; monotonic(series) && math.Abs(got-want) > rounding*want {
			t.Errorf("%s: the intervals add up to %v, the page has %v", series, got, want)
		}
	}
}
