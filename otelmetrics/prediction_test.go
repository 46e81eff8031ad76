package otelmetrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// everything states all that a usage can state.
func everything() otelmetrics.Usage {
	return otelmetrics.Usage{
		Model:   otelmetrics.Model{Name: "small"},
		Tokens:  otelmetrics.Tokens{Input: 9, Output: 5, CacheRead: 3, CacheWrite: 2, Reasoning: 1},
		Saved:   otelmetrics.Tokens{Input: 9, Output: 5, CacheRead: 3, CacheWrite: 2, Reasoning: 1},
		CostUSD: 0.5, CostSource: otelmetrics.CostByPriceList, ServiceTier: "flex",
		Calls: 6, CacheHits: 4, CacheMisses: 2, ToolCalls: 7, ParseFailures: 8, Finish: otelmetrics.FinishLength, Finishes: 3,
		Missing: otelmetrics.UsageCutOff,
	}
}

// useAll calls every method of a recorder, which may be nil or shut down.
func useAll(t testing.TB, m *otelmetrics.Metrics) {
	t.Helper()
	ctx := t.Context()
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	p.FirstToken()
	p.AddTokens(otelmetrics.TokensInput, 1)
	p.LastToken()
	p.AddUsage(everything())
	p.BeginUpstream()
	p.EndUpstream()
	p.Score("exact_match", 1)
	p.End(nil)
	m.RecordUsage(ctx, otelmetrics.Predict, everything())
	m.RecordScore(ctx, otelmetrics.Predict, "exact_match", 1)
	m.RecordScore(ctx, otelmetrics.Predict, "exact_match", 2)
	m.SetActivePredictionsLimit(ctx, 1)
	m.RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	m.RecordError(ctx, otelmetrics.ErrorTimeout)
	m.RecordUpstreamAttempt(ctx, nil)
	m.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	m.RecordCacheMiss(ctx, otelmetrics.CacheMemory)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheMemory, 1)
	m.SetCacheSize(ctx, otelmetrics.CacheMemory, 1)
	otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.Predict, time.Second)
	_, request := m.StartRequest(ctx, http.MethodGet, nil)
	request.End(nil)
	timer := m.StartTimer(otelmetrics.Predict)
	timer.Observe(ctx)
	active := m.TrackActive()
	active.Release()
	if _, err := m.ForService("other"); err != nil {
		t.Errorf("ForService: got %v, want no error", err)
	}
	if _, err := m.MeterProvider().Meter("mine").Int64Counter("mine"); err != nil {
		t.Errorf("MeterProvider: got %v, want no error", err)
	}
	response := httptest.NewRecorder()
	m.Middleware(http.NotFoundHandler(), nil, otelmetrics.WithRoute(nil), otelmetrics.WithRequestFilter(nil), otelmetrics.WithRecorder(nil)).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/", nil))
	if response.Code != http.StatusNotFound {
		t.Errorf("Middleware: got status %d, want %d", response.Code, http.StatusNotFound)
	}
	m.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, _ = m.Gatherer().Gather()
	_ = m.ForceFlush(ctx)
	_ = m.Shutdown(ctx)
}

func TestNilAndZero(t *testing.T) {
	t.Parallel()
	useAll(t, new(otelmetrics.Metrics))
	recordAll(t.Context(), nil)
	var none *otelmetrics.Metrics
	none.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if got, err := none.Gatherer().Gather(); len(got) > 0 || err != nil {
		t.Errorf("nil metrics: gathered %v, error %v, want neither", got, err)
	}
	if err := errors.Join(none.ForceFlush(t.Context()), none.Shutdown(t.Context())); err != nil {
		t.Errorf("nil metrics: got %v, want no error", err)
	}

	var (
		nilPrediction  *otelmetrics.Prediction
		nilTimer       *otelmetrics.Timer
		nilActive      *otelmetrics.Active
		zeroPrediction otelmetrics.Prediction
		zeroTimer      otelmetrics.Timer
		zeroActive     otelmetrics.Active
		err            = errors.New("failed")
	)
	for _, p := range []*otelmetrics.Prediction{nilPrediction, &zeroPrediction} {
		p.FirstToken()
		p.AddTokens(otelmetrics.TokensInput, 1)
		p.AddUsage(otelmetrics.Usage{CostUSD: 1})
		p.End(&err)
		p.End(nil)
	}
	for _, timer := range []*otelmetrics.Timer{nilTimer, &zeroTimer} {
		timer.Observe(t.Context())
	}
	for _, active := range []*otelmetrics.Active{nilActive, &zeroActive} {
		active.Release()
	}
	if got := (&otelmetrics.Error{}).Error(); got != "" {
		t.Errorf("got text %q of a zero error, want none", got)
	}
}

func TestNilOptions(t *testing.T) {
	t.Parallel()
	useAll(t, newRecorder(t, nil, otelmetrics.WithViews(nil), otelmetrics.WithExemplarFilter(nil), otelmetrics.WithLogger(nil),
		otelmetrics.WithErrorClassifier(nil), otelmetrics.WithTracerProvider(nil)))
}

// TestPredictionsAddUp ends thousands of predictions in every way while it
// scrapes: in each scrape success + failure + active is what has been started.
func TestPredictionsAddUp(t *testing.T) {
	t.Parallel()
	const goroutines, each = 2000, 5
	m := newRecorder(t)
	var begun, started, succeeded, failed atomic.Int64
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for j := range each {
				var err error
				if (i+j)%3 == 0 {
					err = context.DeadlineExceeded
				}
				begun.Add(1)
				_, p := m.StartPrediction(t.Context(), otelmetrics.PredictionType(fmt.Sprint("type", j)))
				started.Add(1)
				p.End(&err)
				p.End(nil)
				if err == nil {
					succeeded.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	for scrapes, running := 0, true; running || scrapes < 3; scrapes++ {
		select {
		case <-done:
			running = false
		default:
		}
		least := started.Load()
		page := samples(t, scrape(t, m, text))
		most := begun.Load()
		got := int64(total(page, "dspy_predictions_total") + page[`dspy_active_predictions{service="qa"}`])
		if active := page[`dspy_active_predictions{service="qa"}`]; got < least || got > most || active < 0 {
			t.Fatalf("got success + failure + active = %d (active %v), want %d to %d", got, active, least, most)
		}
	}
	page := samples(t, scrape(t, m, text))
	got := map[string]float64{
		"active":    page[`dspy_active_predictions{service="qa"}`],
		"errors":    total(page, "dspy_errors_total"),
		"durations": total(page, "dspy_prediction_duration_seconds_count"),
	}
	for j := range each {
		for _, status := range []otelmetrics.Status{otelmetrics.StatusSuccess, otelmetrics.StatusFailure} {
			got[string(status)] += page[fmt.Sprintf(`dspy_predictions_total{prediction_type="type%d",service="qa",status=%q}`, j, status)]
		}
	}
	want := map[string]float64{
		"active": 0, "errors": float64(failed.Load()), "durations": goroutines * each,
		"success": float64(succeeded.Load()), "failure": float64(failed.Load()),
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %v, want %v", name, got[name], want[name])
		}
	}
}

// TestEndOnce ends one prediction from many goroutines.
func TestEndOnce(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now))
	_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
	timer, active := m.StartTimer(otelmetrics.FewShot), m.TrackActive()
	wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 2`)
	clock.pass(time.Second)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			p.FirstToken()
			timer.Observe(t.Context())
			active.Release()
		})
	}
	wg.Wait()
	for range 50 {
		wg.Go(func() { p.End(nil) })
	}
	wg.Wait()
	p.FirstToken()
	wantLines(t, scrape(t, m, text),
		`dspy_active_predictions{service="qa"} 0`,
		`dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1`,
		`dspy_prediction_duration_seconds_count{prediction_type="react",service="qa"} 1`,
		`dspy_prediction_duration_seconds_count{prediction_type="few_shot",service="qa"} 1`,
		`dspy_time_to_first_token_seconds_count{prediction_type="react",service="qa"} 1`,
		`dspy_time_to_first_token_seconds_sum{prediction_type="react",service="qa"} 1`,
	)
}

func TestNoFirstTokenAfterTheEnd(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	_, p := m.StartPrediction(t.Context(), otelmetrics.ReAct)
	p.End(nil)
	p.FirstToken()
	if got := total(samples(t, scrape(t, m, text)), "dspy_time_to_first_token_seconds_count"); got != 0 {
		t.Errorf("got %v times to the first token, want none", got)
	}
}

func TestPanicGoesOn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value any
		want  otelmetrics.ErrorType
	}{
		"text":          {"boom", otelmetrics.ErrorPanic},
		"error":         {io.ErrUnexpectedEOF, otelmetrics.ErrorPanic},
		"pointer":       {new(int), otelmetrics.ErrorPanic},
		"abort handler": {http.ErrAbortHandler, otelmetrics.ErrorCanceled},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			func() {
				defer func() {
					if got := recover(); got != test.value {
						t.Errorf("got panic %v, want %v", got, test.value)
					}
				}()
				var err error
				_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
				defer p.End(&err)
				panic(test.value)
			}()
			wantLines(t, scrape(t, m, text),
				`dspy_active_predictions{service="qa"} 0`,
				`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 1`,
				`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 0`,
				fmt.Sprintf(`dspy_errors_total{error_type=%q,service="qa"} 1`, test.want),
			)
			if got := total(samples(t, scrape(t, m, text)), "dspy_errors_total"); got != 1 {
				t.Errorf("got %v errors, want 1", got)
			}
		})
	}
}

// TestExit ends the goroutine inside a prediction: it counts as ended.
func TestExit(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		defer p.End(nil)
		runtime.Goexit()
	})
	wg.Wait()
	wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa"} 0`)
}

func TestJunkIsIgnored(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	ctx, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	for _, count := range []int64{0, -1, math.MinInt64} {
		p.AddTokens(otelmetrics.TokensInput, count)
		m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: count}})
	}
	for _, usd := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		p.AddUsage(otelmetrics.Usage{CostUSD: usd})
		m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{CostUSD: usd})
	}
	otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.Predict, -time.Second)
	m.SetCacheSize(ctx, otelmetrics.CacheMemory, 10)
	m.SetCacheSize(ctx, otelmetrics.CacheMemory, -1)
	p.End(nil)
	p.AddTokens(otelmetrics.TokensOutput, 3) // counts after the end as well
	p.AddUsage(otelmetrics.Usage{CostUSD: 0.5})
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_tokens_total{model="unknown",prediction_type="predict",service="qa",token_type="output"} 3`,
		`dspy_cost_usd_total{model="unknown",prediction_type="predict",service="qa",source="provider"} 0.5`,
		`dspy_cache_size_bytes{cache_type="memory",service="qa"} 10`,
	)
	if got := total(samples(t, page), "dspy_time_to_first_token_seconds_count"); got != 0 {
		t.Errorf("got %v times to the first token, want none", got)
	}
}

func TestRecordPrediction(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	for _, status := range []otelmetrics.Status{otelmetrics.StatusSuccess, otelmetrics.StatusFailure, "", "SUCCESS", "junk"} {
		m.RecordPrediction(t.Context(), otelmetrics.Predict, status)
	}
	wantLines(t, scrape(t, m, text),
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 4`,
		`dspy_active_predictions{service="qa"} 0`,
	)
}

func TestError(t *testing.T) {
	t.Parallel()
	err := &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit, Err: io.EOF}
	if err.Error() != "EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("got %q, want EOF and its chain", err)
	}
	if got := (&otelmetrics.Error{Type: otelmetrics.ErrorRateLimit}).Error(); got != "rate_limit" {
		t.Errorf("got %q, want the type", got)
	}
}

func TestErrorClassifier(t *testing.T) {
	t.Parallel()
	quota := errors.New("quota")
	m := newRecorder(t, otelmetrics.WithErrorClassifier(func(err error) otelmetrics.ErrorType {
		if errors.Is(err, quota) {
			return otelmetrics.ErrorRateLimit
		}
		return ""
	}))
	for _, err := range []error{quota, context.Canceled, &otelmetrics.Error{}} {
		_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
		p.End(&err)
	}
	wantLines(t, scrape(t, m, text),
		`dspy_errors_total{error_type="rate_limit",service="qa"} 1`,
		`dspy_errors_total{error_type="canceled",service="qa"} 1`,
		`dspy_errors_total{error_type="unknown",service="qa"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 3`,
	)
}

func TestForService(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	if same, err := m.ForService("qa"); err != nil || same != m.Recorder {
		t.Errorf("got %p, error %v for the same name, want %p", same, err, m.Recorder)
	}
	if _, err := m.ForService(""); err == nil {
		t.Error("got no error for an empty name, want one")
	}
	for i := range 40 { // over the budget of 16
		other, err := m.ForService(fmt.Sprint("service", i))
		if err != nil {
			t.Fatal(err)
		}
		other.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		_, p := other.StartPrediction(t.Context(), otelmetrics.Predict)
		defer p.End(nil)
	}
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_active_predictions{service="qa"} 0`,
		`dspy_active_predictions{service="service0"} 1`,
		`dspy_active_predictions{service="service14"} 1`,
		`dspy_active_predictions{service="other"} 25`,
		`dspy_cache_hits_total{cache_type="memory",service="service3"} 1`,
		`dspy_cache_hits_total{cache_type="memory",service="other"} 25`,
		`dspy_metrics_label_overflow_total{label="service"} 25`,
	)
	if got := len(families(t, page)["dspy_active_predictions"].GetMetric()); got != 17 {
		t.Errorf("got %d services, want 17", got)
	}
}

// No measurement allocates.
func TestAllocations(t *testing.T) {
	m := newRecorder(t)
	ctx := t.Context()
	predictor := m.Predictor(otelmetrics.Predict)
	answer := func() (string, int) { return "/", http.StatusOK }
	tests := map[string]func(){
		"prediction": func() {
			_, p := predictor.Start(ctx)
			p.End(nil)
		},
		"record prediction": func() { m.RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess) },
		"error":             func() { m.RecordError(ctx, otelmetrics.ErrorTimeout) },
		"cache hit":         func() { m.RecordCacheHit(ctx, otelmetrics.CacheMemory) },
		"cache miss":        func() { m.RecordCacheMiss(ctx, otelmetrics.CacheMemory) },
		"cache eviction":    func() { m.RecordCacheEvictions(ctx, otelmetrics.CacheMemory, 1) },
		"cache size":        func() { m.SetCacheSize(ctx, otelmetrics.CacheMemory, 1) },
		"tokens": func() {
			m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: 1}})
		},
		"cost":        func() { m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{CostUSD: 1}) },
		"first token": func() { otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.Predict, 1) },
		"whole prediction": func() {
			_, p := predictor.Start(ctx)
			p.SetModel(otelmetrics.Model{Name: "openai/small"})
			p.BeginUpstream()
			p.FirstToken()
			p.LastToken()
			p.AddTokens(otelmetrics.TokensOutput, 2)
			p.AddUsage(everything())
			p.Score("exact_match", 0.5)
			p.EndUpstream()
			p.End(nil)
		},
		"refused score": func() { m.RecordScore(ctx, otelmetrics.Predict, "exact_match", 2) },
		"limit":         func() { m.SetActivePredictionsLimit(ctx, 1) },
		"timer": func() {
			timer := m.StartTimer(otelmetrics.Predict)
			timer.Observe(ctx)
		},
		"request": func() {
			_, request := m.StartRequest(ctx, http.MethodGet, nil)
			request.End(answer)
		},
		"active": func() {
			active := m.TrackActive()
			active.Release()
		},
	}
	for name, measure := range tests {
		if got := testing.AllocsPerRun(200, measure); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
	// The context that carries the prediction is the one allocation.
	if got := testing.AllocsPerRun(200, func() {
		_, p := m.StartPrediction(ctx, otelmetrics.Predict)
		p.End(nil)
	}); got > 1 {
		t.Errorf("StartPrediction: got %v allocations, want 1", got)
	}
	// 128 is a size that the allocator has; the next one is 144.
	if got := unsafe.Sizeof(otelmetrics.Prediction{}); got > 128 {
		t.Errorf("a prediction has %d bytes, want at most 128: StartPrediction spends most of its time on allocating them", got)
	}
}
