package service_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// ask sends a request with headers of any number of values, and reports whether
// its answer is another's.
func ask(t *testing.T, url string, header http.Header, made *atomic.Int64) (answer string, hit bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = maps.Clone(header)
	request.Host = header.Get("Host")
	before := made.Load()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), made.Load() == before
}

// A header that an answer may depend on never leaves the answer to a request
// with another one: neither known credentials, nor what Vary names.
func TestPoisoning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, second http.Header
		vary          string
		hit           bool
	}{
		"Authorization":       {http.Header{"Authorization": {"Bearer a"}}, http.Header{"Authorization": {"Bearer b"}}, "", false},
		"no Authorization":    {http.Header{"Authorization": {"Bearer a"}}, nil, "", false},
		"Cookie":              {http.Header{"Cookie": {"a=1"}}, http.Header{"Cookie": {"a=2"}}, "", false},
		"Azure's key":         {http.Header{"Api-Key": {"a"}}, http.Header{"Api-Key": {"b"}}, "", false},
		"Anthropic's key":     {http.Header{"X-Api-Key": {"a"}}, http.Header{"X-Api-Key": {"b"}}, "", false},
		"Google's key":        {http.Header{"X-Goog-Api-Key": {"a"}}, http.Header{"X-Goog-Api-Key": {"b"}}, "", false},
		"Host":                {http.Header{"Host": {"a"}}, http.Header{"Host": {"evil"}}, "", false},
		"X-Forwarded-Host":    {http.Header{"X-Forwarded-Host": {"evil"}}, nil, "", true}, // does not reach the DSPy service
		"type of the route":   {http.Header{"X-Prediction-Type": {"cot"}}, nil, "", false},
		"Vary":                {http.Header{"X-Tenant": {"a"}}, http.Header{"X-Tenant": {"b"}}, "Accept, x-tenant", false},
		"Vary, equal":         {http.Header{"X-Tenant": {"a"}}, http.Header{"X-Tenant": {"a"}}, "X-Tenant", true},
		"Vary on all":         {nil, nil, "*", false},
		"Vary on what is key": {nil, nil, "accept-encoding,, Origin", true},
		"own key header":      {http.Header{"X-Own": {"a"}}, http.Header{"X-Own": {"a"}}, "x-own", true},
		"values moved": {
			http.Header{"Content-Encoding": {"Content-Type", "x"}},
			http.Header{"Content-Type": {"x", "Content-Type"}},
			"", false,
		},
		"values joined": {http.Header{"Cookie": {"a", "b"}}, http.Header{"Cookie": {"ab"}}, "", false},
		"named in Connection": {
			http.Header{"Authorization": {"Bearer a"}},
			http.Header{"Authorization": {"Bearer a"}, "Connection": {"Authorization"}},
			"", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			url := behind(t, func(w http.ResponseWriter, r *http.Request) {
				if test.vary != "" {
					w.Header().Set("Vary", test.vary)
				}
				_, _ = fmt.Fprintf(w, "answer %d to %s of %s", made.Add(1), r.Header.Get("Authorization"), r.Header.Get("X-Forwarded-Host"))
			}, func(c *service.Config) {
				cached(c)
			})
			first, _ := ask(t, url+"/predict", test.first, &made)
			second, hit := ask(t, url+"/predict", test.second, &made)
			if hit != test.hit {
				t.Errorf("got %q, then %q: hit %t, want %t", first, second, hit, test.hit)
			}
		})
	}
}

// Two tenants ask the same at the same time, again and again, and each gets
// nothing but its own.
func TestTenantsShareNothing(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Authorization", "X-Api-Key", "Cookie", "X-Tenant"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			url := behind(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Vary", "X-Tenant") // which nobody has told to the cache
				_, _ = io.WriteString(w, r.Header.Get(header))
			}, cached)
			var asking sync.WaitGroup
			for tenant := range 8 {
				asking.Go(func() {
					name := fmt.Sprint("tenant ", tenant%4)
					for range 25 {
						if got := (asked{"/predict", "{}", header, name}).send(t, url); got.body != name {
							t.Errorf("%s got %q", name, got.body)
						}
					}
				})
			}
			asking.Wait()
			poll(t, url, predictions("predict", "success", 200), idle)
		})
	}
}

// What a client says of itself and of the way is passed on as RFC 7239's
// predecessors are: its address is added to what it claims, and the rest is ours.
func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	upstream := newWire(t, ok)
	url := front(t, upstream.url(), nil)
	exchange(t, url, "POST /predict HTTP/1.1\r\nHost: asked\r\nConnection: close, X-Forwarded-For, X-Forwarded-Proto, Forwarded\r\n"+
		"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nForwarded: for=evil\r\n\r\n")
	seen := upstream.requests()
	if len(seen) != 1 {
		t.Fatalf("got %q, want one request", seen)
	}
	for name, want := range map[string][]string{
		"X-Forwarded-For": {"10.0.0.1, 10.0.0.2, 127.0.0.1"}, "X-Forwarded-Host": {"asked"}, "X-Forwarded-Proto": {"http"},
		"Forwarded": nil, "Host": {strings.TrimPrefix(upstream.url(), "http://")},
	} {
		if got := seen[0].header(name); !slices.Equal(got, want) {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
}

// A client that waits for leave to send its body is given it, and is measured as
// any other.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	upstream := newWire(t, ok)
	url := front(t, upstream.url(), nil)
	conn := dial(t, url)
	_, _ = io.WriteString(conn, "POST /predict HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	reader := bufio.NewReader(conn)
	for _, want := range []int{100, 200} {
		response, err := http.ReadResponse(reader, nil)
		if err != nil || response.StatusCode != want {
			t.Fatalf("got %v, %v, want status %d", response, err, want)
		}
		_, _ = io.WriteString(conn, "{}")
	}
	if seen := upstream.requests(); len(seen) != 1 || seen[0].body != "{}" {
		t.Errorf("the DSPy service got %q", seen)
	}
}
