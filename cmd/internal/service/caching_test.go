package service_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// memory is a cache without bounds.
type memory struct{ answers sync.Map }

func (m *memory) Get(_ context.Context, key string, use func([]byte) bool) bool {
	answer, ok := m.answers.Load(key)
	return ok && use(answer.([]byte))
}

func (m *memory) Set(_ context.Context, key string, answer []byte, _ time.Duration) {
	m.answers.Store(key, bytes.Clone(answer))
}

func cached(c *service.Config) { c.Cache, c.Caching.TTL = new(memory), time.Hour }

// asked is a request and what the cache may say of it.
type asked struct{ path, body, header, value string }

func (a asked) send(t *testing.T, url string) response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+a.path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if a.header != "" {
		request.Header.Set(a.header, a.value)
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{got.StatusCode, got.Header, string(body)}
}

func TestCache(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch string(body) {
		case "fails":
			w.WriteHeader(http.StatusInternalServerError)
		case "error inside":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"error":"no"}`)
			made.Add(1)
			return
		case "cookie":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		case "private":
			w.Header().Set("Cache-Control", "max-age=1, Private")
		case "large":
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		case "stream":
			w.Header().Set("Content-Type", "text/event-stream")
		}
		w.Header().Set("DSPy-Input-Tokens", "10")
		_, _ = fmt.Fprintf(w, "answer %d to %s", made.Add(1), body)
	}, func(c *service.Config) {
		cached(c)
		c.Routes = append(c.Routes, service.Route{Pattern: "POST /other"})
	})
	same := asked{path: "/predict", body: "a"}
	for name, test := range map[string]struct {
		first, second asked
		hit           bool
	}{
		"equal":                {same, same, true},
		"other body":           {same, asked{path: "/predict", body: "b"}, false},
		"other path":           {same, asked{path: "/other", body: "a"}, false},
		"other query":          {same, asked{path: "/predict?x", body: "a"}, false},
		"other type":           {same, asked{"/predict", "a", "X-Prediction-Type", "cot"}, false},
		"other credentials":    {asked{"/predict", "a", "Authorization", "Bearer a"}, asked{"/predict", "a", "Authorization", "Bearer b"}, false},
		"other tenant":         {asked{"/predict", "a", "X-Tenant", "a"}, asked{"/predict", "a", "X-Tenant", "b"}, false},
		"other agent":          {asked{"/predict", "agent", "User-Agent", "a"}, asked{"/predict", "agent", "User-Agent", "b"}, true},
		"no-store":             {same, asked{"/predict", "a", "Cache-Control", "no-cache, No-Store"}, false},
		"failure":              {asked{path: "/predict", body: "fails"}, asked{path: "/predict", body: "fails"}, false},
		"failure in a success": {asked{path: "/predict", body: "error inside"}, asked{path: "/predict", body: "error inside"}, false},
		"cookie":               {asked{path: "/predict", body: "cookie"}, asked{path: "/predict", body: "cookie"}, false},
		"private":              {asked{path: "/predict", body: "private"}, asked{path: "/predict", body: "private"}, false},
		"too large":            {asked{path: "/predict", body: "large"}, asked{path: "/predict", body: "large"}, false},
		"stream":               {asked{path: "/predict", body: "stream"}, asked{path: "/predict", body: "stream"}, false},
	} {
		first, before := test.first.send(t, url), made.Load()
		second := test.second.send(t, url)
		hit := made.Load() == before
		if hit != test.hit || hit != (second.header.Get("Cache-Status") == "dspy-metrics; hit") {
			t.Errorf("%s: got %q, hit %t, want %t", name, second.header.Get("Cache-Status"), hit, test.hit)
		}
		if hit && (first.body != second.body || first.status != second.status || second.header.Get("DSPy-Input-Tokens") != "10") {
			t.Errorf("%s: got %+v, want %+v", name, second, first)
		}
	}
	failures := 4 // two of each kind
	poll(t, url, predictions("predict", "failure", failures), errorsOf("prediction_failed", failures), idle)
}

func TestCachedAnswersSpendNothing(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("DSPy-Input-Tokens", "10")
		w.Header().Set("DSPy-Cost-USD", "0.5")
	}, cached)
	for range 3 {
		asked{path: "/predict", body: "a"}.send(t, url)
	}
	poll(t, url, predictions("predict", "success", 3), tokens("input", 10),
		`dspy_cost_usd_total{prediction_type="predict",service="qa"} 0.5`, idle)
}

// Equal requests in flight are made once, each is a prediction of its own, and
// what is spent is spent once.
func TestEqualRequestsAreMadeOnce(t *testing.T) {
	t.Parallel()
	const clients = 20
	var made atomic.Int64
	release := make(chan struct{})
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		made.Add(1)
		<-release
		w.Header().Set("DSPy-Output-Tokens", "7")
		_, _ = io.WriteString(w, "answer")
	}, cached)
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			if got := (asked{path: "/predict", body: "a"}).send(t, url); got.status != 200 || got.body != "answer" {
				t.Errorf("got %+v", got)
			}
		})
	}
	poll(t, url, fmt.Sprintf(`dspy_active_predictions{service="qa"} %d`, clients))
	close(release)
	asking.Wait()
	if made.Load() != 1 {
		t.Errorf("the DSPy service was asked %d times, want once", made.Load())
	}
	poll(t, url, predictions("predict", "success", clients), tokens("output", 7), idle)
}

// A client that goes away takes nobody with it, and costs nobody time: the request that
// it led goes on for the others.
func TestWhoLeadsGoesAway(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 10)
	release := make(chan struct{})
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		entered <- struct{}{}
		select {
		case <-release:
			_, _ = io.WriteString(w, "answer")
		case <-r.Context().Done():
		}
	}, cached)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		if got, err := send(ctx, t, http.MethodPost, url+"/predict", "a"); err == nil {
			t.Errorf("got %+v", got)
		}
	}()
	<-entered
	done := make(chan response)
	go func() { done <- (asked{path: "/predict", body: "a"}).send(t, url) }()
	poll(t, url, `dspy_active_predictions{service="qa"} 2`)
	leave()
	poll(t, url, `dspy_active_predictions{service="qa"} 1`)
	close(release)
	if got := <-done; got.status != 200 || got.body != "answer" {
		t.Errorf("got %+v", got)
	}
	if len(entered) > 0 {
		t.Error("the program was asked twice")
	}
	poll(t, url, predictions("predict", "success", 1), predictions("predict", "failure", 1), errorsOf("canceled", 1), idle)
}

// Streams cannot be shared, so each of equal ones is made.
func TestEqualStreams(t *testing.T) {
	t.Parallel()
	const clients = 5
	var made atomic.Int64
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, "data: {\"chunk\":\"%d\"}\n\n", made.Add(1))
	}, cached)
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			if got := (asked{path: "/predict", body: "a"}).send(t, url); got.status != 200 || !strings.HasPrefix(got.body, "data: ") {
				t.Errorf("got %+v", got)
			}
		})
	}
	asking.Wait()
	if made.Load() != clients {
		t.Errorf("%d streams were made, want %d", made.Load(), clients)
	}
	poll(t, url, predictions("predict", "success", clients), idle)
}
