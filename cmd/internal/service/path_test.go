package service_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// askedFor sends a request target as it is, which net/http's client would clean,
// and returns the status.
func askedFor(t *testing.T, url, method, target string) int {
	t.Helper()
	conn := open(t, url, method+" "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// A path that a program could read as that of another route does not pass, and
// those that are only unusual pass as they are.
func TestAmbiguousPaths(t *testing.T) {
	t.Parallel()
	var passed atomic.Pointer[string]
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		target := r.RequestURI
		passed.Store(&target)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}, func(c *service.Config) {
		c.Routes = []service.Route{{Pattern: "POST /qa/{id}"}, {Pattern: "POST /docs/{path...}"}, {Pattern: "POST /exact"}}
	})
	refused := []string{
		// Dot segments, encoded once, in part, twice, three times.
		"/qa/%2e%2e", "/qa/%2E.", "/qa/.%2e", "/qa/%2e", "/qa/%252e%252e", "/qa/%25252e%25252e", "/qa/%2%65%2e",
		"/docs/%2e%2e/admin", "/docs/x/%2e%2e/%2e%2e/admin", "/docs/%2e/x", "/docs/../docs/x", "/docs/a/./b", "/docs/...", "/docs/%2e%2e%2e/x",
		// With slashes and backslashes.
		"/qa/..%2f", "/qa/..%2fadmin", "/qa/%2e%2e%2fadmin", "/docs/..%2f..%2fadmin", "/docs/x%2f..%2fadmin", "/qa/..%252fadmin",
		"/qa/..%5cadmin", "/docs/..%5c..%5cadmin", "/docs/a%5cb", "/qa/a%5Cb", `/docs/a\b`, "/qa/%255c",
		// With parameters, blanks and what ends a string.
		"/docs/..;/admin", "/docs/..;a=b/admin", "/docs/;/../x", "/docs/%3b/admin", "/docs/..%3b/admin", "/docs/;/x", "/docs/.;x/y",
		"/docs/..%20/admin", "/docs/..%09/admin", "/docs/..%00/admin", "/docs/a%00", "/docs/a%0d%0ab", "/docs/a%7f", "/docs/a%2500", "/docs/%c2%85",
		// Overlong or broken UTF-8, and other code points for dots and slashes.
		"/docs/%c0%ae%c0%ae/admin", "/docs/%c0%af", "/docs/%e0%80%ae", "/docs/%ff", "/docs/%25c0%25ae",
		"/docs/%ef%bc%8e%ef%bc%8e/admin", "/docs/%e2%80%a5/admin", "/qa/a%ef%bc%8fb", "/docs/..%ef%bc%8fadmin", "/docs/..%ef%bc%bcadmin",
		// Empty segments.
		"/docs//x", "//docs/x", "/docs/x//", "/docs/%2fx", "/docs/a%2f%2fb", "/docs/a%252f%252fb", "//exact",
		// An encoded slash leads out of a wildcard of one segment.
		"/qa/a%2fdelete", "/qa/a%2Fdelete", "/qa/a%252fdelete", "/qa/a%2f",
	}
	for _, target := range refused {
		passed.Store(nil)
		if got := askedFor(t, url, "POST", target); got != http.StatusBadRequest {
			t.Errorf("%s: got status %d, want 400", target, got)
		}
		if got := passed.Load(); got != nil {
			t.Errorf("%s: the program was asked for %s", target, *got)
		}
	}
	allowed := []string{
		"/qa/a", "/qa/a.b", "/qa/a..b", "/qa/..a", "/qa/Inc.", "/qa/100%25", "/qa/a%20b", "/qa/%E2%82%AC", "/qa/a;v=1", "/qa/a%3Bv=1", "/qa/a%25b", "/qa/%7Euser",
		"/qa/%65xact", "/qa/a+b", "/qa/a:predict", "/qa/a@b", "/qa/.hidden", "/qa/a?next=..%2f..%2fadmin&x=//", "/qa/%EF%BC%A1",
		"/docs/openai%2Fgpt-5", "/docs/a/b.c/", "/docs/", "/docs/a%20/b", "/exact", "/%65xact", "/docs/x;a=b/y",
	}
	for _, target := range allowed {
		passed.Store(nil)
		if got := askedFor(t, url, "POST", target); got != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", target, got)
		}
		if got := passed.Load(); got == nil || *got != target {
			t.Errorf("%s: the program was asked for %v", target, got)
		}
	}
	unknown := []string{"/none/a%20b", "/exact%2f", "/exact%2fx", "/docs%2fx", "/%65xact%2f", "/qa%2fx", "/%2fevil.example", "/none%00", "/exact//", "/docs/..", "/docs/../admin"}
	for _, target := range unknown {
		if got := askedFor(t, url, "POST", target); got != http.StatusNotFound {
			t.Errorf("%s: got status %d, want 404", target, got)
		}
	}
	count := len(unknown)
	for _, target := range refused {
		if !strings.Contains(target, "%2%65") { // which net/http refuses itself
			count++
		}
	}
	poll(t, url, errorsOf("invalid_input", count), predictions("predict", "success", len(allowed)), idle)
}

// lenient is a program that reads a path in the ways that real ones do, all of
// them after each other.
func lenient(target string, decodings int) string {
	target, _, _ = strings.Cut(target, "?")
	encoded := regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	for range decodings {
		target = encoded.ReplaceAllStringFunc(target, func(code string) string {
			value, _ := strconv.ParseUint(code[1:], 16, 8)
			return string([]byte{byte(value)})
		})
	}
	target = strings.ReplaceAll(target, `\`, "/")
	target = regexp.MustCompile(`;[^/]*`).ReplaceAllString(target, "")
	return path.Clean(target)
}

// FuzzPath takes a path and has programs read what passes: whoever decodes it
// how often, and resolves it, is on the route that was asked for.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/qa/a%2Fb", "/docs/..;/x", "/docs/%252e%252e/x", "/docs/a%2fb", "/qa/%5c", "/docs/%/%252e%252e", "//docs/x", "/docs/a%25%32%65"} {
		f.Add(seed)
	}
	routes := map[string]*regexp.Regexp{"POST /qa/{id}": regexp.MustCompile(`^/qa/[^/]*$`), "POST /docs/{path...}": regexp.MustCompile(`^/docs(/.*)?$`)}
	recorder := otelmetricstest.New(f)
	var passed string
	backend := passing(func(r *http.Request) { passed = r.URL.RequestURI() })
	c := config(recorder.Metrics, backend)
	c.Routes = nil
	for pattern := range routes {
		c.Routes = append(c.Routes, service.Route{Pattern: pattern})
	}
	s, err := service.New(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		request, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		passed = ""
		s.Handler().ServeHTTP(httptest.NewRecorder(), request)
		if passed == "" {
			return
		}
		for decodings := 1; decodings < 5; decodings++ {
			if got := lenient(passed, decodings); !routes[request.Pattern].MatchString(got) {
				t.Errorf("%q passed on %q, and is %q for a program that decodes %d times", target, request.Pattern, got, decodings)
			}
		}
	})
}

// passing is a backend that shows what it is asked for.
type passing func(*http.Request)

func (passing) Check(otelmetrics.PredictionType, []byte) error { return nil }
func (passing) Rewrite(*httputil.ProxyRequest)                 {}
func (passing) String() string                                 { return "a test" }
func (p passing) Predict(_ *service.Call, r *http.Request) (*http.Response, error) {
	p(r)
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
