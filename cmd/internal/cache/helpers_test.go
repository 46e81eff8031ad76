package cache_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// fixture is a cache with what it reports.
type fixture struct {
	*cache.Cache
	t        *testing.T
	recorder *otelmetrics.Metrics
	kind     string
	logs     *logs
}

// open opens a cache, which the test closes when it ends.
func open(t *testing.T, c cache.Config) *fixture {
	t.Helper()
	recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	f := &fixture{t: t, recorder: recorder, kind: "redis", logs: new(logs)}
	if c.URL == "memory" {
		f.kind = "memory"
	}
	c.Recorder = recorder.Recorder
	c.Logger = slog.New(slog.NewTextHandler(f.logs, nil))
	f.Cache, err = cache.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("got %v from Close", err)
		}
	})
	return f
}

// samples returns the series of a scrape.
func (f *fixture) samples() map[string]float64 {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.recorder.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	out := make(map[string]float64)
	for line := range strings.Lines(w.Body.String()) {
		series, text, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			out[series+"}"] = value
		}
	}
	return out
}

// counts are the metrics of a cache.
type counts struct{ hits, misses, evictions, size, errors float64 }

func (f *fixture) counts() counts {
	f.t.Helper()
	all := f.samples()
	value := func(name string) float64 {
		f.t.Helper()
		got, ok := all[name+`{cache_type="`+f.kind+`",service="qa"}`]
		if !ok {
			got = -1
		}
		return got
	}
	return counts{
		value("dspy_cache_hits_total"), value("dspy_cache_misses_total"), value("dspy_cache_evictions_total"),
		value("dspy_cache_size_bytes"), all[`dspy_errors_total{error_type="cache_unavailable",service="qa"}`],
	}
}

func (f *fixture) want(want counts) {
	f.t.Helper()
	if got := f.counts(); got != want {
		f.t.Errorf("got %+v, want %+v", got, want)
	}
}

// wantGet looks a key up; an empty answer is a miss.
func (f *fixture) wantGet(key, want string) {
	f.t.Helper()
	if got, ok := f.get(context.Background(), key); string(got) != want || ok != (want != "") {
		f.t.Errorf("got %q, %t for %q, want %q", got, ok, key, want)
	}
}

// get looks a key up, and takes whatever is there.
func (f *fixture) get(ctx context.Context, key string) (string, bool) {
	return lookUp(ctx, f.Cache, key)
}

func lookUp(ctx context.Context, c *cache.Cache, key string) (found string, ok bool) {
	ok = c.Get(ctx, key, func(answer []byte) bool {
		found = string(answer)
		return true
	})
	return found, ok
}

// weight is what the memory cache counts for an entry.
func weight(key, answer string) float64 { return float64(cache.Weight(key, answer)) }

// set stores an answer for as long as the cache keeps any, and returns when it is
// stored or could not be.
func (f *fixture) set(key, answer string) {
	f.t.Helper()
	f.Set(context.Background(), key, []byte(answer), forever)
	f.settle()
}

func (f *fixture) settle() {
	f.t.Helper()
	testio.Eventually(f.t, "no answer on its way to Redis", func() bool { return f.Writes() == 0 })
}

// forever is longer than any time to live of a cache.
const forever = 1000 * time.Hour

// logs keeps what is logged.
type logs struct{ testio.Buffer }

// count returns how many lines have the text.
func (l *logs) count(text string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
