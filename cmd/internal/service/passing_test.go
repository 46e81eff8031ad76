package service_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("X-Asked", r.Method+" "+r.URL.RequestURI()+" ["+string(body)+"]")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, "the program")
}

// noPrediction are the lines of a page when something was asked for, and no
// prediction.
func noPrediction() []string {
	return []string{
		predictions("predict", "success", 0), predictions("predict", "failure", 0), errorsOf("invalid_input", 0), errorsOf("other", 0),
		errorsOf("upstream_unavailable", 0), attempted("success", 0), idle,
	}
}

// Browsers ask before they send a request to another host. The program answers.
func TestPreflights(t *testing.T) {
	t.Parallel()
	routes := func(c *service.Config) {
		c.Routes = []service.Route{{Pattern: "POST /predict"}, {Pattern: "POST /qa/{id}"}, {Pattern: "GET /qa/{name}"}, {Pattern: "PUT /deep/{rest...}", Type: "cot"}}
		c.Pass = []string{"GET /v1/models", "/docs/{rest...}"}
	}
	for path, endpoint := range map[string]string{
		"/predict": "/predict", "/qa/7": "/qa/{id}", "/deep/a/b": "/deep/{rest...}", "/v1/models": "/v1/models", "/docs/a": "/docs/{rest...}",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			url := behind(t, echo, routes)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", "https://app.example")
			request.Header.Set("Access-Control-Request-Method", "POST")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusNoContent || response.Header.Get("Access-Control-Allow-Origin") != "https://app.example" ||
				response.Header.Get("Access-Control-Allow-Methods") != "POST" {
				t.Errorf("got %s, %v", response.Status, response.Header)
			}
			poll(t, url, append(noPrediction(), latency(endpoint, "OPTIONS", "204"))...)
		})
	}
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		url := behind(t, echo, routes)
		if got := must(t, http.MethodOptions, url+"/elsewhere", ""); got.status != http.StatusNotFound {
			t.Errorf("got %+v", got)
		}
		poll(t, url, errorsOf("invalid_input", 1), latency("unmatched", "OPTIONS", "404"))
	})
	t.Run("a path that is ambiguous", func(t *testing.T) {
		t.Parallel()
		url := behind(t, echo, routes)
		if got := must(t, http.MethodOptions, url+"/deep/a/%2e%2e/b", ""); got.status != http.StatusBadRequest {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a route of its own", func(t *testing.T) {
		t.Parallel()
		url := behind(t, echo, func(c *service.Config) { c.Routes = append(c.Routes, service.Route{Pattern: "OPTIONS /predict"}) })
		must(t, http.MethodOptions, url+"/predict", "")
		poll(t, url, predictions("predict", "success", 1))
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		_, url := start(t, answers, nil)
		if got := must(t, http.MethodOptions, url+"/predict", ""); got.status != http.StatusNoContent || got.header.Get("Allow") != "OPTIONS, POST" {
			t.Errorf("got %+v", got)
		}
		poll(t, url, append(noPrediction(), latency("/predict", "OPTIONS", "204"))...)
	})
}

// A HEAD asks what a GET would answer, and for no prediction.
func TestHead(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.Method)
		w.Header().Set("Content-Length", "1000")
	}, func(c *service.Config) { c.Routes = []service.Route{{Pattern: "GET /answer"}} })
	got := must(t, http.MethodHead, url+"/answer", "")
	if got.status != http.StatusOK || got.header.Get("X-Asked") != "HEAD" || got.header.Get("Content-Length") != "1000" {
		t.Errorf("got %+v", got)
	}
	poll(t, url, append(noPrediction(), latency("/answer", "HEAD", "200"))...)
}

// What --pass lets through reaches the program as it came.
func TestPass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, body string
		status             int
		asked, endpoint    string
	}{
		"GET":            {"GET", "/v1/models?a=%2F&b", "", 202, "GET /v1/models?a=%2F&b []", "/v1/models"},
		"HEAD":           {"HEAD", "/v1/models", "", 202, "HEAD /v1/models []", "/v1/models"},
		"any method":     {"DELETE", "/docs/a/b", "", 202, "DELETE /docs/a/b []", "/docs/{rest...}"},
		"body":           {"POST", "/files", "not JSON", 202, "POST /files [not JSON]", "/files"},
		"large body":     {"POST", "/files", strings.Repeat("x", 100_000), 202, "POST /files [" + strings.Repeat("x", 100_000) + "]", "/files"},
		"another method": {"POST", "/v1/models", "", 405, "", "unmatched"},
		"another path":   {"GET", "/v1/model", "", 404, "", "unmatched"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := behind(t, echo, func(c *service.Config) { c.Pass = []string{"GET /v1/models", "/docs/{rest...}", "POST /files"} })
			got := must(t, test.method, url+test.path, test.body)
			if got.status != test.status || got.header.Get("X-Asked") != test.asked {
				t.Errorf("got status %d, asked %.100q, want %d, %.100q", got.status, got.header.Get("X-Asked"), test.status, test.asked)
			}
			lines := append(noPrediction(), latency(test.endpoint, test.method, strconv.Itoa(test.status)))
			if test.status != http.StatusAccepted {
				lines = []string{errorsOf("invalid_input", 1), latency("unmatched", test.method, strconv.Itoa(test.status))}
				if !strings.Contains(got.body, "--pass") {
					t.Errorf("the answer does not name the flag: %s", got.body)
				}
			}
			poll(t, url, lines...)
		})
	}
}

// Paths of our own are not forwarded, and nobody has to find that out: a pattern
// for just such a path is refused.
func TestPassOfOwnPaths(t *testing.T) {
	t.Parallel()
	page, err := live.New("qa", views.Default())
	if err != nil {
		t.Fatal(err)
	}
	for path, remedy := range map[string]string{
		"/health": "--ready-upstream /health", "/ready": "--ready-upstream /ready", "/metrics": "--metrics-listen",
		"/openapi.json": "another path", "/{$}": "another path", "/h%65alth": "--ready-upstream /health", live.Path: "--no-live",
	} {
		for _, method := range []string{"", "GET "} {
			c := config(nil, acting{})
			c.Live, c.Pass = page, []string{method + path}
			if _, err := service.New(c); err == nil || !strings.Contains(err.Error(), remedy) || !strings.Contains(err.Error(), path) {
				t.Errorf("%q: got %v, want an error that names %q", method+path, err, remedy)
			}
		}
		if path == live.Path {
			continue // The page takes it for all methods.
		}
		var patterns []string
		methods := []string{"HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
		for _, method := range methods {
			patterns = append(patterns, method+" "+path)
		}
		url := behind(t, echo, func(c *service.Config) { c.Pass = patterns })
		for _, method := range methods[:5] {
			if got := must(t, method, url+strings.TrimSuffix(path, "{$}"), ""); !strings.HasPrefix(got.header.Get("X-Asked"), method) {
				t.Errorf("%s %s was not forwarded: status %d", method, path, got.status)
			}
		}
	}
	apart := behind(t, echo, func(c *service.Config) { c.Pass, c.Apart = []string{"/metrics"}, true })
	if got := must(t, http.MethodGet, apart+"/metrics", ""); got.header.Get("X-Asked") == "" {
		t.Errorf("the metrics are at another address, and the path is not forwarded: status %d", got.status)
	}
	for _, pattern := range []string{"/", "/{rest...}", "/{name}", "GET /{rest...}"} {
		var log bytes.Buffer
		url := behind(t, echo, func(c *service.Config) {
			c.Pass, c.Logger = []string{pattern}, slog.New(slog.NewTextHandler(&log, nil))
		})
		for _, own := range []string{"/health", "/metrics"} {
			if !strings.Contains(log.String(), own) {
				t.Errorf("%q: the log does not name %s: %s", pattern, own, log.String())
			}
			if got := must(t, http.MethodGet, url+own, ""); got.status != http.StatusOK || got.header.Get("X-Asked") != "" {
				t.Errorf("%q: %s: got status %d, asked %q", pattern, own, got.status, got.header.Get("X-Asked"))
			}
		}
		if got := must(t, http.MethodGet, url+"/models", ""); got.header.Get("X-Asked") == "" {
			t.Errorf("%q: another path was not forwarded: status %d", pattern, got.status)
		}
	}
}

// A program that is away is no error of a prediction.
func TestPassWithoutTheProgram(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	url := front(t, away.URL, func(c *service.Config) { c.Pass = []string{"/v1/models"} })
	got := must(t, http.MethodGet, url+"/v1/models", "")
	if got.status != http.StatusBadGateway || got.header.Get("Content-Type") != "application/problem+json" || strings.Contains(got.body, "127.0.0.1") {
		t.Errorf("got %+v", got)
	}
	poll(t, url, append(noPrediction(), latency("/v1/models", "GET", "502"))...)
}

// A program may speak another protocol on a path that passes.
func TestPassUpgrades(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo" {
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, line)
	}, func(c *service.Config) { c.Pass = []string{"/ws"} })
	conn := dial(t, url)
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", response, err)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := in.ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

// Many small requests with a body, whose program answers before it is asked for
// more: none is broken off.
func TestPassManyBodies(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for range 3 {
			_, _ = io.WriteString(w, "part")
			_ = http.NewResponseController(w).Flush()
		}
	}, func(c *service.Config) { c.Pass = []string{"POST /files"} })
	for range 2000 {
		if got := must(t, http.MethodPost, url+"/files", "a body"); got.body != "partpartpart" {
			t.Fatalf("got %+v", got)
		}
	}
}

// reading is a program that reads a body as net/http's transport does: once more
// after the end, to see whether there is more than was stated.
type reading struct{ acting }

func (reading) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if _, more := r.Body.Read(make([]byte, 1)); err != nil || more != io.EOF {
		return nil, fmt.Errorf("reading: %w, and on: %w", err, more)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: r}, nil
}

// closedAtTheEnd is a body that the server closes as soon as it can.
type closedAtTheEnd struct{ strings.Reader }

func (c *closedAtTheEnd) Read(p []byte) (int, error) {
	if c.Len() == 0 {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := c.Reader.Read(p)
	if c.Len() == 0 {
		err = io.EOF
	}
	return n, err
}

// A server closes the body of a request when the answer begins. The transport may
// be about to look for its end.
func TestPassWhileTheBodyIsClosed(t *testing.T) {
	t.Parallel()
	handler, _ := without(t, reading{}, func(c *service.Config) { c.Pass = []string{"POST /files"} })
	body := new(closedAtTheEnd)
	body.Reset("a body")
	request, got := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/files", body), httptest.NewRecorder()
	request.ContentLength = 6
	handler.ServeHTTP(got, request)
	if got.Code != http.StatusOK || got.Body.String() != "a body" {
		t.Errorf("got status %d, %s", got.Code, got.Body)
	}
}

func TestPassPatterns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"/v1/models": "/v1/models", "GET /v1/models": "GET /v1/models", "/docs/{rest...}": "/docs/{rest...}", "/": "/"} {
		if got, err := service.ParsePass(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "v1", "GET v1", "GET", " "} {
		if got, err := service.ParsePass(text); err == nil || !strings.Contains(err.Error(), "pass "+strconv.Quote(text)) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	recorderOf := func(change func(*service.Config)) error {
		c := config(nil, acting{})
		change(&c)
		c.Logger = slog.New(slog.DiscardHandler)
		_, err := service.New(c)
		return err
	}
	for _, pattern := range []string{"GET /metrics", "GET /health", "POST /predict", "/{"} {
		if err := recorderOf(func(c *service.Config) { c.Pass = []string{pattern} }); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", pattern)) {
			t.Errorf("%q: got %v", pattern, err)
		}
	}
	embedded := struct{ service.Backend }{acting{}} // it has no RoundTrip
	if err := recorderOf(func(c *service.Config) { c.Backend, c.Pass = embedded, []string{"/x"} }); err == nil || !strings.Contains(err.Error(), "/x") {
		t.Errorf("got %v", err)
	}
}

// A redirect of the program leads back through the service, counts as a failure on
// a route of predictions, and can be followed.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/base/predict" {
					http.Redirect(w, r, "http://"+r.Host+"/base/predict/new?a=b", code)
					return
				}
				echo(w, r)
			}))
			t.Cleanup(program.Close)
			url := front(t, program.URL+"/base", func(c *service.Config) {
				c.Routes = append(c.Routes, service.Route{Pattern: "POST /predict/new"})
				c.Pass = []string{"GET /predict/new"}
			})
			got := must(t, http.MethodPost, url+"/predict", "{}")
			asked := "POST /base/predict/new?a=b [{}]"
			if code < 307 {
				asked = "GET /base/predict/new?a=b []"
			}
			if got.status != http.StatusAccepted || got.header.Get("X-Asked") != asked {
				t.Errorf("got %+v, want %q", got, asked)
			}
			poll(t, url, predictions("predict", "failure", 1), errorsOf("invalid_input", 1), attempted("invalid_input", 1),
				latency("/predict", "POST", strconv.Itoa(code)), idle)
		})
	}
}
