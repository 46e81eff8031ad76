package service_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// scripted is a DSPy service whose answer is given as it comes over the wire.
type scripted struct {
	*upstream.Upstream
	t      *testing.T
	answer []byte
}

func (s *scripted) Predict(_ *service.Call, r *http.Request) (*http.Response, error) {
	unavailable := func(err error) error {
		return &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: err}
	}
	var sent bytes.Buffer
	if err := r.Write(&sent); err != nil {
		return nil, unavailable(err)
	}
	head, _, _ := strings.Cut(sent.String(), "\r\n\r\n")
	if err := (passed{head: head + "\r\n\r\n"}).malformed(); err != nil {
		s.t.Error(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(s.answer)), r)
	if err != nil {
		return nil, unavailable(err)
	}
	if response.StatusCode < http.StatusOK {
		return nil, unavailable(errors.New(response.Status))
	}
	return response, nil
}

// stored is a cache that has the same answer for all.
type stored struct{ answer []byte }

func (s *stored) Get(_ context.Context, _ string, use func([]byte) bool) bool {
	return len(s.answer) > 0 && use(s.answer)
}
func (*stored) Set(context.Context, string, []byte, time.Duration) {}

// outcomes are how often something was counted.
type outcomes struct{ succeeded, failed, errors, requests int64 }

func (o outcomes) since(before outcomes) outcomes {
	return outcomes{o.succeeded - before.succeeded, o.failed - before.failed, o.errors - before.errors, o.requests - before.requests}
}

// fuzzed is a service whose clients, DSPy service and cache are made of bytes.
type fuzzed struct {
	recorder *otelmetricstest.Metrics
	handler  http.Handler
	backend  *scripted
	cache    *stored
	seen     outcomes
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	made, err := upstream.New(upstream.Config{URL: "http://127.0.0.1:1/base", Connections: 1, ConnectTimeout: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	z := &fuzzed{backend: &scripted{Upstream: made}, cache: new(stored)}
	z.recorder = otelmetricstest.New(f, otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	c := config(z.recorder.Metrics, z.backend)
	c.Cache, c.Caching.TTL = z.cache, time.Hour
	c.Routes = append(c.Routes, service.Route{Pattern: "GET /any/{value...}", Type: "react"})
	s, err := service.New(c)
	if err != nil {
		f.Fatal(err)
	}
	z.handler = s.Handler()
	return z
}

// exchange serves one request and checks that it was counted as one.
func (z *fuzzed) exchange(t *testing.T, request, answer, stored []byte) {
	asked, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		return // net/http refuses it by itself
	}
	asked.RemoteAddr = "127.0.0.1:1"
	z.backend.t, z.backend.answer, z.cache.answer = t, answer, stored
	got := httptest.NewRecorder()
	func() {
		defer func() {
			panicked := recover()
			if err, ok := panicked.(error); panicked != nil && (!ok || !errors.Is(err, http.ErrAbortHandler)) {
				panic(panicked)
			}
		}()
		z.handler.ServeHTTP(got, asked.WithContext(t.Context()))
	}()
	if strings.HasPrefix(got.Header().Get("Content-Type"), "application/problem+json") && !json.Valid(got.Body.Bytes()) && stored == nil && len(answer) == 0 {
		t.Errorf("the problem is not JSON: %q", got.Body)
	}
	page := z.recorder.Scrape(t)
	if active := page.ActivePredictions(); active != 0 {
		t.Errorf("%d predictions are active", active)
	}
	now := outcomes{
		page.Predictions("", otelmetrics.StatusSuccess), page.Predictions("", otelmetrics.StatusFailure),
		page.Errors(""), page.APILatencies("", "", 0).Count,
	}
	counted := now.since(z.seen)
	z.seen = now
	legal := []outcomes{
		{succeeded: 1, requests: 1},
		{failed: 1, errors: 1, requests: 1},
		{errors: 1, requests: 1}, // refused
		{requests: 1},            // a page, or a redirect
		{},                       // a probe
		{errors: 1},              // a probe by a method that it has not
	}
	if !slices.Contains(legal, counted) {
		t.Errorf("one request is counted as %+v, answered %d", counted, got.Code)
	}
	if got.Code < 200 || got.Code > 999 {
		t.Errorf("got status %d", got.Code)
	}
}

// FuzzExchange takes any request and any answer of the DSPy service: there is
// one outcome, and what is passed on can be read in one way only.
func FuzzExchange(f *testing.F) {
	for _, attempt := range attempts() {
		if len(attempt.request) < 1000 {
			f.Add([]byte(strings.Replace(attempt.request, "{close}", "Host: a\r\n", 1)), []byte(ok))
		}
	}
	const plain = "POST /predict?a HTTP/1.1\r\nHost: a\r\nX-Prediction-Type: cot\r\nContent-Length: 2\r\n\r\n{}"
	for _, answer := range []string{
		"", "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1 101 No\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 999 No\r\nVary: *\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata:x\r\n0\r\nDSPy-Input-Tokens: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n{\"usage\":{\"prompt_tokens\":1e1}}",
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 200 OK\r\nDSPy-LM-Calls: 3\r\nDSPy-Cost-USD: 1e308\r\nSet-Cookie: a=b\r\nCache-Control: no-store\r\n\r\nx",
	} {
		f.Add([]byte(plain), []byte(answer))
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, request, answer []byte) { z.exchange(t, request, answer, nil) })
}

// FuzzStored takes anything for what a cache has kept.
func FuzzStored(f *testing.F) {
	const fresh = "\x00\x00\x00\x00\x00\x04\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\xff\x00\x00\x00\x00\x00" // of the year 2109
	for _, answer := range []string{
		ok, "", "x", fresh, fresh + "\r\n", fresh + "\r\n{}", fresh + "Date: x\r\nAge: -1\r\n\r\n", fresh + "Upgrade: x\r\nConnection: upgrade\r\n\r\n",
		fresh + "Content-Length: 99\r\n\r\nshort", fresh + "Transfer-Encoding: chunked\r\nTrailer: x\r\n\r\nzz", fresh + "no header\r\n\r\n", fresh + ": x\r\n\r\n",
	} {
		f.Add([]byte(answer))
	}
	z := newFuzzed(f)
	request := []byte("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
	f.Fuzz(func(t *testing.T, answer []byte) { z.exchange(t, request, []byte(ok), answer) })
}

// FuzzRoute takes anything for the flag: it is refused with its own text, or serves.
func FuzzRoute(f *testing.F) {
	for _, route := range []string{"/predict", "GET /qa/{id}=cot", "POST /a/{rest...}", "/=", "/{a}/{a}", "/{", "a b c", "GET  /", "/predict=\xff", "HOST/x", "GET host/x", "/%zz", "POST /predict", "GET /metrics"} {
		f.Add(route)
	}
	recorder := otelmetricstest.New(f)
	f.Fuzz(func(t *testing.T, text string) {
		route, err := service.ParseRoute(text)
		if err != nil {
			return
		}
		c := config(recorder.Metrics, &scripted{t: t})
		c.Routes = []service.Route{route}
		if _, err := service.New(c); err != nil && !strings.Contains(err.Error(), "route ") {
			t.Errorf("%q: got %v, want an error that names the route", text, err)
		}
	})
}
