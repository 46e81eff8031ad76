package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
)

// sent is a request as a service sees it.
type sent struct {
	at                  time.Duration
	path, fault, body   string
	streamed, malformed bool
	kind                string
}

// service answers in the time of the test, and keeps what it was sent.
type service struct {
	takes  func(n int) time.Duration
	answer func(n int, s sent) (status int, header http.Header)

	mu    sync.Mutex
	start time.Time
	sent  []sent
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	got := sent{path: r.URL.Path, fault: r.Header.Get("X-Fault"), body: string(body), streamed: r.Header.Get("Accept") == eventStream}
	var fields struct {
		PredictionType string `json:"prediction_type"`
	}
	got.malformed = json.Unmarshal(body, &fields) != nil
	got.kind = fields.PredictionType
	s.mu.Lock()
	got.at = time.Since(s.start)
	n := len(s.sent)
	s.sent = append(s.sent, got)
	s.mu.Unlock()
	if s.takes != nil {
		select {
		case <-time.After(s.takes(n)):
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
	}
	status, header := http.StatusOK, http.Header{}
	if s.answer != nil {
		status, header = s.answer(n, got)
	}
	text := "{}"
	if got.streamed {
		header.Set("Content-Type", eventStream)
		text = "data: {\"chunk\":\"a\"}\n\ndata: [DONE]\n\n"
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func config(s *service) Config {
	s.start = time.Now()
	return Config{
		URL: "http://qa.test/predict", StreamURL: "http://qa.test/predict/stream", Transport: s,
		Rate: 50, Concurrency: 10, Duration: 2 * time.Second, Timeout: 10 * time.Second, ShutdownTimeout: time.Second,
		Mix:  Mix{Types: []Weighted{{"predict", 1}, {"cot", 3}}, Questions: []string{"Why?", "How?"}},
		Seed: 1,
	}
}

func TestOpenLoopKeepsTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: func(int) time.Duration { return 5 * time.Millisecond }}
		c := config(s)
		c.Warmup = time.Second
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if summary.WarmupRequests != 50 || summary.Requests != 100 || summary.Succeeded != 100 || summary.Dropped != 0 {
			t.Errorf("got %+v, want 50 of the warmup and 100 successes", summary.Counts)
		}
		if summary.DurationSeconds != 2 || summary.RequestsPerSecond != 50 {
			t.Errorf("got %g s and %g/s, want 2 and 50", summary.DurationSeconds, summary.RequestsPerSecond)
		}
		for n, got := range s.sent {
			if want := time.Duration(n) * 20 * time.Millisecond; got.at != want {
				t.Fatalf("request %d at %s, want %s", n, got.at, want)
			}
		}
	})
}

func TestOpenLoopDropsWhatCannotStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: func(int) time.Duration { return 990 * time.Millisecond }}
		c := config(s)
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		// Ten start at once in each second, before the first ends.
		if summary.Requests != 20 || summary.Dropped != 80 {
			t.Errorf("got %d sent and %d dropped, want 20 and 80", summary.Requests, summary.Dropped)
		}
		if got := summary.Latency.All; got.Min != 0.99 || got.Max != 0.99 || got.P99 != 0.99 {
			t.Errorf("got latencies %+v, want 0.99", got)
		}
	})
}

func TestLatencyCountsFromWhenDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: func(int) time.Duration { return 30 * time.Millisecond }}
		c := config(s)
		g := &generator{Config: c, client: &http.Client{Transport: s}, answering: t.Context()}
		got := g.exchange(request{}, time.Now().Add(-time.Second))
		if want := 1030 * time.Millisecond; got.latency != want {
			t.Errorf("got %s for a request that started a second late, want %s", got.latency, want)
		}
	})
}

func TestClosedLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: func(int) time.Duration { return 150 * time.Millisecond }}
		c := config(s)
		c.Rate, c.Concurrency = 0, 3
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		// The last of 14 rounds starts at 1.95 s.
		if summary.Requests != 42 || summary.Dropped != 0 || summary.DurationSeconds != 2 {
			t.Errorf("got %d in %g s, want 42 in 2", summary.Requests, summary.DurationSeconds)
		}
		if math.Abs(summary.WaitSeconds-0.1) > 1e-9 {
			t.Errorf("got a wait of %g s, want 0.1", summary.WaitSeconds)
		}
	})
}

func TestMix(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(_ int, got sent) (int, http.Header) {
			if got.malformed || got.kind == unknownType {
				return http.StatusBadRequest, http.Header{}
			}
			return http.StatusOK, http.Header{}
		}}
		c := config(s)
		c.Rate, c.Duration = 1000, 10*time.Second
		c.Mix.Failures, c.Mix.Repeats, c.Mix.Streams = 0.1, 0.3, 0.2
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		const n = 10_000
		if len(s.sent) != n || summary.Requests != n {
			t.Fatalf("got %d sent and %d counted, want %d", len(s.sent), summary.Requests, n)
		}
		seen := make(map[string]bool)
		var invalid, repeats, streams, malformed int64
		for _, got := range s.sent {
			if got.streamed != (got.path == "/predict/stream") {
				t.Fatalf("a stream is asked for at %s: %t", got.path, got.streamed)
			}
			if got.streamed {
				streams++
			}
			switch key := got.path + got.body; {
			case got.malformed:
				malformed++
				invalid++
			case got.kind == unknownType:
				invalid++
			case seen[key]:
				repeats++
			default:
				seen[key] = true
			}
		}
		if got, want := [...]int64{summary.Provoked, summary.Failed, summary.Repeats, summary.Streams}, [...]int64{invalid, invalid, repeats, streams}; got != want {
			t.Errorf("got counts %d, but the service saw %d", got, want)
		}
		if summary.SuccessRatio == nil || *summary.SuccessRatio != 1 {
			t.Errorf("got success ratio %v, want 1: only what was meant to fail did", summary.SuccessRatio)
		}
		within(t, "failures", invalid, n, 0.1)
		within(t, "malformed among failures", malformed, invalid, 0.5)
		within(t, "repeats", repeats, n, 0.3)
		within(t, "streams", streams, n, 0.2)
		within(t, "cot", summary.PredictionTypes["cot"].Requests, n, 0.75)
	})
}

// within allows four standard deviations of a binomial distribution, and some
// requests at the start that have nothing to repeat yet.
func within(t *testing.T, name string, got, of int64, share float64) {
	t.Helper()
	n := float64(of)
	if want, bound := n*share, 4*math.Sqrt(n*share*(1-share))+5; math.Abs(float64(got)-want) > bound {
		t.Errorf("%s: got %d of %d, want %.0f ± %.0f", name, got, of, want, bound)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		c := config(s)
		c.Rate = 1000
		c.Mix.Failures, c.Mix.Faults = 1, []Weighted{{"429", 3}, {"slow=2", 1}}
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		counts := make(map[string]int64)
		for _, got := range s.sent {
			counts[got.fault]++
		}
		within(t, "429", counts["429"], 2000, 0.75)
		within(t, "slow=2", counts["slow=2"], 2000, 0.25)
		if summary.Provoked != 2000 || summary.SuccessRatio != nil {
			t.Errorf("got %d provoked and success ratio %v, want 2000 and none", summary.Provoked, summary.SuccessRatio)
		}
	})
}

func TestSeed(t *testing.T) {
	t.Parallel()
	sequence := func(seed uint64) (bodies []string) {
		p := newPlanner(Mix{Types: []Weighted{{"cot", 1}, {"react", 1}}, Questions: []string{"Why?"}, Failures: 0.2, Repeats: 0.4, Streams: 0.5}, seed)
		for range 200 {
			r := p.next()
			bodies = append(bodies, r.kind+string(r.body))
		}
		return bodies
	}
	if diff := cmp.Diff(sequence(1), sequence(1)); diff != "" {
		t.Errorf("the same seed gives another sequence:\n%s", diff)
	}
	if cmp.Equal(sequence(1), sequence(2)) {
		t.Error("another seed gives the same sequence")
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// One in four hangs until the shutdown cuts it off.
		s := &service{takes: func(n int) time.Duration {
			if n%4 == 3 {
				return time.Hour
			}
			return 10 * time.Millisecond
		}}
		c := config(s)
		c.Duration, c.Concurrency, c.Timeout = 0, 100, 2*time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 390*time.Millisecond)
		defer cancel()
		summary, err := Run(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if !summary.Interrupted || summary.Requests != 20 || summary.Succeeded != 15 || summary.Errors[failureAborted] != 5 {
			t.Errorf("got %+v and errors %v, want 15 successes and 5 aborted", summary.Counts, summary.Errors)
		}
		if summary.WaitSeconds != 1 {
			t.Errorf("waited %g s for what hangs, want the shutdown timeout, 1", summary.WaitSeconds)
		}
	})
}

func TestGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{
			takes: func(n int) time.Duration { return time.Duration(n+1) * time.Millisecond },
			answer: func(n int, got sent) (int, http.Header) {
				header := http.Header{"Cache-Status": {[]string{"dspy-metrics; fwd=miss", "dspy-metrics; hit", "dspy-metrics; fwd=miss; collapsed"}[n%3]}}
				if got.malformed || got.kind == unknownType {
					return http.StatusBadRequest, http.Header{}
				}
				return http.StatusOK, header
			},
		}
		c := config(s)
		c.Mix.Failures, c.Mix.Repeats, c.Mix.Streams = 0.1, 0.2, 0.1
		var lines []string
		c.Progress = func(p Progress) { lines = append(lines, p.String()) }
		c.ProgressInterval = 1490500 * time.Microsecond // between whole milliseconds, at which all else happens
		summary, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := summary.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.MarshalIndent(summary, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/summary.txt", text.String())
		golden.Check(t, "testdata/summary.json", string(encoded)+"\n")
		golden.Check(t, "testdata/progress.txt", strings.Join(lines, "\n")+"\n")
	})
}

func FuzzWeighted(f *testing.F) {
	for _, seed := range []string{"cot=1", "slow=2=0.5", "=1", "a=", "a=NaN", "a=Inf", "a=-1", "a=0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var w Weighted
		if err := w.UnmarshalText([]byte(text)); err != nil {
			return
		}
		if !(w.Weight > 0) || w.Value == "" || !strings.HasPrefix(text, w.Value+"=") {
			t.Errorf("%q gives %+v", text, w)
		}
	})
}
