package load

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plan is a run of eight requests over real connections.
func plan(url string) Config {
	return Config{
		URL: url, StreamURL: url, Transport: &http.Transport{DisableKeepAlives: true},
		Rate: 1000, Concurrency: 100, Duration: 8 * time.Millisecond, Timeout: time.Minute, ShutdownTimeout: time.Minute,
		Mix: Mix{Types: []Weighted{{"cot", 1}}, Questions: []string{"Why?"}},
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	hijack := func(w http.ResponseWriter, text string) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = connection.Write([]byte(text))
		_ = connection.Close()
	}
	events := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = w.Write([]byte(text))
		_ = http.NewResponseController(w).Flush()
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		stream  bool
		timeout time.Duration
		want    string
		first   bool
	}{
		"fine":       {handler: func(http.ResponseWriter, *http.Request) {}},
		"rate limit": {handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, want: "http_429"},
		"redirect":   {handler: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, want: "http_302"},
		"hangs": {handler: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = r.Body.Read(make([]byte, 1<<10))
			<-r.Context().Done()
		}, timeout: 50 * time.Millisecond, want: failureTimeout},
		"hangs up": {handler: func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, want: failureUnanswered},
		"answer cut off": {handler: func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
		}, want: failureIncomplete},
		"stream": {handler: func(w http.ResponseWriter, _ *http.Request) { events(w, "data: {\"chunk\":\"a\"}\n\n") }, stream: true, first: true},
		"stream cut off": {handler: func(w http.ResponseWriter, _ *http.Request) {
			events(w, "data: {\"chunk\":\"a\"}\n\n")
			panic(http.ErrAbortHandler)
		}, stream: true, want: failureBroken, first: true},
		"stream of errors": {handler: func(w http.ResponseWriter, _ *http.Request) {
			events(w, "event: error\ndata: {\"error\":{\"type\":\"timeout\"}}\n\n")
		}, stream: true, want: failureTold},
		"no stream":         {handler: func(http.ResponseWriter, *http.Request) {}, stream: true, want: failureNoStream},
		"stream not served": {handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, stream: true, want: "http_404"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			c := plan(server.URL)
			if test.stream {
				c.Mix.Streams = 1
			}
			if test.timeout > 0 {
				c.Timeout = test.timeout
			}
			summary, err := Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int64{}
			if test.want != "" {
				want[test.want] = 8
			}
			if diff := cmp.Diff(want, summary.Errors); diff != "" || summary.Requests != 8 {
				t.Errorf("%d requests, errors (-want +got):\n%s", summary.Requests, diff)
			}
			if got := summary.FirstEvent != nil && summary.FirstEvent.Count == 8; got != test.first {
				t.Errorf("a first event was seen: %t, want %t", got, test.first)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := plan("http://" + listener.Addr().String())
	c.Duration = 0 // it has to give up by itself
	summary, err := Run(t.Context(), c)
	if unreachable, ok := errors.AsType[*UnreachableError](err); !ok || unreachable.URL != c.URL {
		t.Errorf("got error %v, want an UnreachableError of %s", err, c.URL)
	}
	if summary.Requests < hopeless || summary.Errors[failureRefused] != summary.Requests || summary.Interrupted {
		t.Errorf("got %d requests and errors %v, want all refused", summary.Requests, summary.Errors)
	}
}

func TestCacheUse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields []string
		want   cacheUse
	}{
		"none":          {nil, cacheUnknown},
		"hit":           {[]string{"dspy-metrics; hit"}, cacheHit},
		"miss":          {[]string{"dspy-metrics; fwd=miss"}, cacheMiss},
		"collapsed":     {[]string{"dspy-metrics; fwd=miss; collapsed"}, cacheCollapsed},
		"last speaks":   {[]string{"origin; hit", "dspy-metrics; fwd=miss"}, cacheMiss},
		"in one field":  {[]string{"origin; fwd=miss, cdn; hit; ttl=3"}, cacheHit},
		"name is a hit": {[]string{"hitter"}, cacheUnknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cacheUseOf(http.Header{"Cache-Status": test.fields}); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
