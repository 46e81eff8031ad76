package service_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// front serves in front of a URL and returns its own.
func front(t *testing.T, target string, change func(*service.Config)) string {
	t.Helper()
	recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)),
		otelmetrics.WithModel(otelmetrics.Model{Name: "unknown"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	backend, err := upstream.New(upstream.Config{URL: target, Connections: 10, ConnectTimeout: 5 * time.Second, Retries: 2})
	if err != nil {
		t.Fatal(err)
	}
	config := config(recorder, backend)
	config.MaxConcurrency = 100
	if change != nil {
		change(&config)
	}
	s, err := service.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// behind serves in front of a handler.
func behind(t *testing.T, handler http.HandlerFunc, change func(*service.Config)) string {
	t.Helper()
	return front(t, serving(t, handler), change)
}

// serving returns the URL of a program.
func serving(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func predictions(kind, status string, count int) string {
	return fmt.Sprintf(`dspy_predictions_total{prediction_type=%q,service="qa",status=%q} %d`, kind, status, count)
}

func tokens(tokenType string, count int) string {
	return fmt.Sprintf(`dspy_tokens_total{prediction_type="predict",service="qa",token_type=%q} %d`, tokenType, count)
}

func errorsOf(errorType string, count int) string {
	return fmt.Sprintf(`dspy_errors_total{error_type=%q,service="qa"} %d`, errorType, count)
}

const idle = `dspy_active_predictions{service="qa"} 0`

func TestRequestsAndAnswersPassAsTheyAre(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, want := range map[string]string{
			"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "X-Own": "mine", "Connection": "", "X-Hop": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("the DSPy service got %s %q, want %q", name, got, want)
			}
		}
		if got, want := r.Method+" "+r.URL.RequestURI()+" "+string(body), "POST /predict?a=%2F&b=1;2 \x00not JSON"; got != want {
			t.Errorf("the DSPy service got %q, want %q", got, want)
		}
		w.Header().Set("X-Answer", "yes")
		w.Header().Set("Content-Type", "text/weird")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("\xff\x00"))
	}, nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict?a=%2F&b=1;2", strings.NewReader("\x00not JSON"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "X-Own": {"mine"}, "Connection": {"X-Hop"}, "X-Hop": {"no"},
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "\xff\x00" || response.StatusCode != 202 || response.Header.Get("X-Answer") != "yes" {
		t.Errorf("got %v, %v, %q", response, err, body)
	}
	poll(t, url, predictions("predict", "success", 1), idle)
}

func TestOutcomeOfAStatus(t *testing.T) {
	t.Parallel()
	for status, errorType := range map[int]string{
		200: "", 201: "", 300: "invalid_input", 301: "invalid_input", 302: "invalid_input", 303: "invalid_input", 304: "invalid_input", 307: "invalid_input", 308: "invalid_input", 399: "invalid_input", 400: "invalid_input", 413: "invalid_input", 415: "invalid_input", 422: "invalid_input",
		401: "other", 408: "timeout", 429: "rate_limit", 500: "prediction_failed", 501: "prediction_failed",
		502: "upstream_unavailable", 503: "upstream_unavailable", 504: "timeout", 505: "prediction_failed", 507: "prediction_failed", 599: "timeout",
		520: "upstream_unavailable", 521: "upstream_unavailable", 522: "timeout", 523: "upstream_unavailable", 524: "timeout", 525: "upstream_unavailable",
		526: "upstream_unavailable", 527: "upstream_unavailable", 529: "upstream_unavailable", 530: "upstream_unavailable",
		402: "other", 460: "canceled", 499: "canceled",
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
			}, nil)
			got := must(t, http.MethodPost, url+"/predict", "{}")
			if got.status != status || got.header.Get("Retry-After") != "7" {
				t.Errorf("got %+v", got)
			}
			if errorType == "" {
				poll(t, url, predictions("predict", "success", 1), idle)
			} else {
				poll(t, url, predictions("predict", "failure", 1), errorsOf(errorType, 1), idle)
			}
		})
	}
}

func TestNoDSPyService(t *testing.T) {
	t.Parallel()
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	for name, url := range map[string]string{
		"refused": front(t, refused.URL, nil),
		"reset":   behind(t, hangUp, nil),
		"cached":  behind(t, hangUp, cached),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := must(t, http.MethodPost, url+"/predict", "{}")
			if got.status != 502 || !strings.Contains(got.body, `"error_type":"upstream_unavailable"`) || strings.Contains(got.body, "127.0.0.1") {
				t.Errorf("got %+v", got)
			}
			poll(t, url, predictions("predict", "failure", 1), errorsOf("upstream_unavailable", 1), latency("/predict", "POST", "502"), idle)
		})
	}
}

func TestSlowDSPyService(t *testing.T) {
	t.Parallel()
	url := behind(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}, func(c *service.Config) { c.Timeout = 20 * time.Millisecond })
	if got := must(t, http.MethodPost, url+"/predict", "{}"); got.status != 504 {
		t.Errorf("got %+v", got)
	}
	poll(t, url, predictions("predict", "failure", 1), errorsOf("timeout", 1), idle)
}

func TestPredictionType(t *testing.T) {
	t.Parallel()
	url := behind(t, func(http.ResponseWriter, *http.Request) {}, func(c *service.Config) {
		c.TypeField = "module"
		c.Routes = []service.Route{{Pattern: "POST /predict"}, {Pattern: "GET /react/{id}", Type: "react"}}
	})
	for _, request := range []struct{ method, path, header, body string }{
		{"POST", "/predict", "", ""},
		{"POST", "/predict", "", `{"module":7}`},
		{"POST", "/predict", "", `{"module":"cot"}`},
		{"POST", "/predict", "few_shot", `{"module":"cot"}`},
		{"GET", "/react/7", "few_shot", `{"module":"cot"}`},
	} {
		asked, err := http.NewRequestWithContext(t.Context(), request.method, url+request.path, strings.NewReader(request.body))
		if err != nil {
			t.Fatal(err)
		}
		if request.header != "" {
			asked.Header.Set("X-Prediction-Type", request.header)
		}
		response, err := http.DefaultClient.Do(asked)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("%+v: got %v, %v", request, response, err)
		}
		_ = response.Body.Close()
	}
	poll(t, url, predictions("predict", "success", 2), predictions("cot", "success", 1),
		predictions("few_shot", "success", 1), predictions("react", "success", 1), idle)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	const usage = `{"usage":{"openai/gpt":{"prompt_tokens":12,"completion_tokens":5}},"cost_usd":0.25,"cached":false}`
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, _ = writer.Write([]byte(usage))
	_ = writer.Close()
	spent := []string{
		tokens("input", 12), tokens("output", 5), `dspy_cost_usd_total{prediction_type="predict",service="qa"} 0.25`,
		`dspy_cache_misses_total{cache_type="dspy",service="qa"} 1`,
	}
	none := []string{tokens("input", 0), tokens("output", 0), `dspy_cost_usd_total{prediction_type="predict",service="qa"} 0`}
	tests := map[string]struct {
		header map[string]string
		body   string
		want   []string
	}{
		"JSON":         {map[string]string{"Content-Type": "application/json"}, usage, spent},
		"gzip":         {map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, zipped.String(), spent},
		"broken gzip":  {map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, zipped.String()[:20], none},
		"named a text": {map[string]string{"Content-Type": "text/plain"}, usage, spent},
		"not JSON":     {map[string]string{"Content-Type": "text/plain"}, "x" + usage, none},
		"broken JSON":  {map[string]string{"Content-Type": "application/json"}, usage[:40], none},
		"too large":    {map[string]string{"Content-Type": "application/json"}, usage + strings.Repeat(" ", 1<<20), none},
		"no usage":     {map[string]string{"Content-Type": "application/json"}, `{"usage":null}`, none},
		"cached":       {map[string]string{"Content-Type": "application/json"}, strings.Replace(usage, "false", "true", 1), append(none, `dspy_cache_hits_total{cache_type="dspy",service="qa"} 1`)},
		"error inside": {map[string]string{"Content-Type": "application/json"}, `{"error":"no",` + usage[1:], append(spent, errorsOf("prediction_failed", 1))},
		"header": {
			map[string]string{"DSPy-Input-Tokens": "12", "DSPy-Output-Tokens": "5", "DSPy-Cost-USD": "0.25", "DSPy-LM-Calls": "3", "DSPy-LM-Cache-Hits": "2"},
			"x",
			append(spent, `dspy_cache_hits_total{cache_type="dspy",service="qa"} 2`),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				_, _ = io.WriteString(w, test.body)
			}, nil)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Accept-Encoding", "gzip") // so that the client leaves the body as it is
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != test.body {
				t.Errorf("got body %q, %v", body, err)
			}
			poll(t, url, append(test.want, idle)...)
		})
	}
}

// events is a stream that goes on when it is told to.
func events(next <-chan string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case event := <-next:
				switch event {
				case "end":
					return
				case "break":
					panic(http.ErrAbortHandler)
				}
				_, _ = fmt.Fprintf(w, "data: %s\n\n", event)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	const usage = `{"prediction":{"answer":"x"},"usage":{"m":{"prompt_tokens":3,"completion_tokens":2}}}`
	const chunk = `{"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`
	tests := map[string]struct {
		second string // its second event
		last   string // what the stream does after its events; the client goes away if empty
		want   []string
	}{
		"whole":       {usage, "end", []string{predictions("predict", "success", 1), latency("/predict", "POST", "200")}},
		"broken":      {chunk, "break", []string{predictions("predict", "failure", 1), errorsOf("upstream_unavailable", 1)}},
		"client gone": {chunk, "", []string{predictions("predict", "failure", 1), errorsOf("canceled", 1), latency("/predict", "POST", "499")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := make(chan string)
			url := behind(t, events(next), cached)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/predict", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			go func() { next <- `{"chunk":"a"}` }()
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			lines := bufio.NewScanner(response.Body)
			// The stream stands still until the client has read what was sent.
			for _, want := range []string{`{"chunk":"a"}`, test.second} {
				if !lines.Scan() || lines.Text() != "data: "+want {
					t.Fatalf("got %q, want %q", lines.Text(), want)
				}
				lines.Scan()
				if want != test.second {
					next <- test.second
				}
			}
			if test.last == "" {
				cancel()
			} else {
				next <- test.last
			}
			for lines.Scan() {
			}
			if broken := lines.Err() != nil; broken == (name == "whole") {
				t.Errorf("the client's stream ended with %v", lines.Err())
			}
			poll(t, url, append(test.want, tokens("input", 3), tokens("output", 2),
				`dspy_time_to_first_token_seconds_count{prediction_type="predict",service="qa"} 1`, idle)...)
		})
	}
}

// An error of unknown length looks like a stream, and is none.
func TestErrorIsNoStream(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, "Internal Server Error")
	}, nil)
	must(t, http.MethodPost, url+"/predict", "{}")
	poll(t, url, predictions("predict", "failure", 1), idle)
	if page := must(t, http.MethodGet, url+"/metrics", "").body; strings.Contains(page, "\ndspy_time_to_first_token_seconds_count{") {
		t.Errorf("a first token was counted:\n%s", page)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int64
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "question" {
			t.Errorf("got body %q", body)
		}
		if attempts.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, nil)
	ask := func(key string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", strings.NewReader("question"))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := ask("one"); got != 200 || attempts.Load() != 3 {
		t.Errorf("got status %d after %d attempts, want 200 after 3", got, attempts.Load())
	}
	if got := ask(""); got != 503 || attempts.Load() != 4 {
		t.Errorf("got status %d after %d attempts, want 503 after one more", got, attempts.Load()-3)
	}
	poll(t, url, predictions("predict", "success", 1), predictions("predict", "failure", 1), errorsOf("upstream_unavailable", 1), idle)
}

func TestUpstreamURL(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"", "localhost:8000", "ftp://x", "http://", "://", "http://user:secret@\x00"} {
		_, err := upstream.New(upstream.Config{URL: target})
		if err == nil || !strings.Contains(err.Error(), "such as http://127.0.0.1:8000") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", target, err)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]service.Route{
		"/predict":          {Pattern: "POST /predict"},
		"/qa/{id}=cot":      {Pattern: "POST /qa/{id}", Type: "cot"},
		"GET /answer=react": {Pattern: "GET /answer", Type: "react"},
	} {
		if got, err := service.ParseRoute(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "predict", "/predict=", "GET predict"} {
		if got, err := service.ParseRoute(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	for _, pattern := range []string{"GET /metrics", "POST /{", "POST /predict"} {
		c := service.Config{Routes: []service.Route{{Pattern: "POST /predict"}, {Pattern: pattern}}, MaxConcurrency: 1}
		backend, err := upstream.New(upstream.Config{URL: "http://" + net.JoinHostPort("127.0.0.1", "1")})
		if err != nil {
			t.Fatal(err)
		}
		c.Backend, c.Logger = backend, slog.New(slog.DiscardHandler)
		if _, err := service.New(c); err == nil || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%q: got %v", pattern, err)
		}
	}
}

// Answers of the program keep their headers, and get none of ours.
func TestAnswersGetNoHeaders(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=5")
		_, _ = io.WriteString(w, "<p>")
	}, nil)
	got := must(t, http.MethodPost, url+"/predict", question)
	for name, want := range map[string]string{
		"Cache-Control": "max-age=5", "X-Content-Type-Options": "", "Referrer-Policy": "", "Content-Security-Policy": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("got %s %q, want %q", name, got.header.Get(name), want)
		}
	}
}

// A 401 of the program is an answer, not somebody whom we refused.
func TestProgramRefuses(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, nil)
	if got := must(t, http.MethodPost, url+"/predict", question); got.status != 401 {
		t.Errorf("got %+v", got)
	}
	poll(t, url, errorsOf("unauthorized", 0), errorsOf("other", 1))
}

// The user in the URL of the program is ours, whoever the client is.
func TestUpstreamPassword(t *testing.T) {
	t.Parallel()
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "me" || password != "hunter2 @" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(program.Close)
	url := front(t, strings.Replace(program.URL, "://", "://me:hunter2%20%40@", 1), nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", strings.NewReader(question))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer of-the-client")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("got status %d", response.StatusCode)
	}
}
