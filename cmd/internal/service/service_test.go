package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/guide"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/live"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// stub is a predictor whose predictions the test makes.
type stub struct {
	*service.Extractive
	predict func(context.Context) error
}

func (s stub) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	if err := s.predict(r.Context()); err != nil {
		return nil, err
	}
	return s.Extractive.Predict(call, r)
}

func answers(context.Context) error { return nil }

func config(metrics *otelmetrics.Metrics, backend service.Backend) service.Config {
	return service.Config{
		Metrics: metrics, Backend: backend, Logger: slog.New(slog.DiscardHandler),
		Routes:     []service.Route{{Pattern: "POST /predict"}},
		TypeHeader: "X-Prediction-Type", TypeField: "prediction_type",
		Timeout: time.Minute, ClientTimeout: time.Minute, MaxConcurrency: 2, MaxBodyBytes: 1000, MaxAnswerBytes: 1 << 20,
	}
}

// start serves with a predictor and returns the service and its URL.
func start(t *testing.T, predict func(context.Context) error, change func(*service.Config)) (*service.Service, string) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(logger),
		otelmetrics.WithModel(otelmetrics.Model{Name: "unknown"})) // so that its series are there at zero
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	embedded, err := service.NewExtractive(guide.Text(views.Default()))
	if err != nil {
		t.Fatal(err)
	}
	config := config(recorder, stub{embedded, predict})
	if change != nil {
		change(&config)
	}
	s, err := service.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return s, server.URL
}

type response struct {
	status int
	header http.Header
	body   string
}

func send(ctx context.Context, t *testing.T, method, url, body string) (response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return response{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return response{got.StatusCode, got.Header, string(text)}, err
}

func must(t *testing.T, method, url, body string) response {
	t.Helper()
	got, err := send(t.Context(), t, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// poll waits until the page has all lines: a response can reach the client
// before the handler has returned and was measured.
func poll(t *testing.T, url string, lines ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var missing, last string
	for {
		page, err := send(ctx, t, http.MethodGet, url+"/metrics", "")
		if ctx.Err() != nil {
			t.Fatalf("the page has no line %q:\n%s", missing, last)
		}
		missing, last = "", page.body
		sums := acrossModels(page.body)
		for _, line := range lines {
			if !strings.Contains("\n"+page.body, "\n"+line+"\n") && !slices.Contains(sums, line) {
				missing = line
			}
		}
		if err == nil && missing == "" {
			return
		}
	}
}

// acrossModels returns the lines about tokens and cost as they are without the
// labels model and source.
func acrossModels(page string) []string {
	sums := make(map[string]float64)
	for line := range strings.Lines(page) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		number, err := strconv.ParseFloat(value, 64)
		if err == nil && (strings.HasPrefix(series, "dspy_tokens_total") || strings.HasPrefix(series, "dspy_cost_usd_total")) {
			series = regexp.MustCompile(`model="[^"]*",`).ReplaceAllString(series, "")
			series = regexp.MustCompile(`,source="[^"]*"`).ReplaceAllString(series, "")
			sums[series] += number
		}
	}
	var lines []string
	for series, sum := range sums {
		lines = append(lines, series+"} "+strconv.FormatFloat(sum, 'g', -1, 64))
	}
	return lines
}

const question = `{"inputs":{"question":"Which buckets does the duration histogram use?"}}`

func latency(endpoint, method, status string) string {
	return `dspy_api_latency_seconds_count{endpoint="` + endpoint + `",method="` + method + `",service="qa",status_code="` + status + `"} 1`
}

func TestPredict(t *testing.T) {
	t.Parallel()
	for kind, outputs := range map[string][]string{
		"":        {"answer", "method"},
		"predict": {"answer", "method"},
		"cot":     {"answer", "method", "reasoning"},
		"react":   {"answer", "method", "trajectory"},
	} {
		t.Run("type "+kind, func(t *testing.T) {
			t.Parallel()
			_, url := start(t, answers, nil)
			body := question
			if kind != "" {
				body = `{"prediction_type":"` + kind + `",` + question[1:]
			} else {
				kind = "predict"
			}
			got := must(t, http.MethodPost, url+"/predict", body)
			var answer struct {
				PredictionType string         `json:"prediction_type"`
				Outputs        map[string]any `json:"outputs"`
			}
			if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != http.StatusOK {
				t.Fatalf("got status %d, %v: %s", got.status, err, got.body)
			}
			if answer.PredictionType != kind {
				t.Errorf("got %s", got.body)
			}
			for _, output := range outputs {
				if answer.Outputs[output] == nil {
					t.Errorf("no output %q in %s", output, got.body)
				}
			}
			if text, _ := answer.Outputs["answer"].(string); !strings.Contains(text, "0.005, 0.01, 0.025") {
				t.Errorf("got answer %q", text)
			}
			poll(t, url, latency("/predict", "POST", "200"),
				`dspy_predictions_total{prediction_type="`+kind+`",service="qa",status="success"} 1`,
				`dspy_prediction_duration_seconds_count{prediction_type="`+kind+`",service="qa"} 1`,
				`dspy_active_predictions{service="qa"} 0`,
				`dspy_tokens_total{prediction_type="`+kind+`",service="qa",token_type="input"} 0`)
		})
	}
}

// What never becomes a prediction is one error and one latency.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, body string
		status             int
		endpoint, detail   string
	}{
		"empty body":       {"POST", "/predict", "", 400, "/predict", "empty"},
		"broken JSON":      {"POST", "/predict", `{"inputs":`, 400, "/predict", "not complete JSON"},
		"no object":        {"POST", "/predict", `[]`, 400, "/predict", "array"},
		"wrong type":       {"POST", "/predict", `{"inputs":{"question":1}}`, 400, "/predict", "inputs.question"},
		"no question":      {"POST", "/predict", `{"inputs":{"question":" "}}`, 400, "/predict", "inputs.question"},
		"trailing":         {"POST", "/predict", question + `{}`, 400, "/predict", "data after"},
		"unknown type":     {"POST", "/predict", `{"prediction_type":"x",` + question[1:], 400, "/predict", `\"x\"`},
		"too large":        {"POST", "/predict", `{"inputs":{"question":"` + strings.Repeat("x", 1000) + `"}}`, 413, "/predict", "1000 bytes"},
		"too large behind": {"POST", "/predict", question + strings.Repeat(" ", 1000), 413, "/predict", "1000 bytes"},
		"unknown path":     {"GET", "/secret/42", "", 404, "unmatched", "GET /"},
		"wrong method":     {"PUT", "/predict", question, 405, "unmatched", "PUT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := start(t, answers, nil)
			got := must(t, test.method, url+test.path, test.body)
			if got.status != test.status || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got status %d of type %q, want %d", got.status, got.header.Get("Content-Type"), test.status)
			}
			if !strings.Contains(got.body, `"error_type":"invalid_input"`) || !strings.Contains(got.body, test.detail) {
				t.Errorf("got %s, want %q in it", got.body, test.detail)
			}
			if test.status == 405 && got.header.Get("Allow") != "POST" {
				t.Errorf("got Allow %q", got.header.Get("Allow"))
			}
			poll(t, url, latency(test.endpoint, test.method, strconv.Itoa(got.status)),
				`dspy_errors_total{error_type="invalid_input",service="qa"} 1`,
				`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 0`,
				`dspy_active_predictions{service="qa"} 0`)
		})
	}
}

func TestOverloadIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	_, url := start(t, func(context.Context) error {
		entered <- struct{}{}
		<-release
		return nil
	}, func(c *service.Config) { c.MaxConcurrency = 1 })
	done := make(chan response)
	go func() {
		got, _ := send(context.Background(), t, http.MethodPost, url+"/predict", question)
		done <- got
	}()
	<-entered
	got := must(t, http.MethodPost, url+"/predict", question)
	if got.status != 429 || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, `"error_type":"overloaded"`) {
		t.Errorf("got %+v", got)
	}
	poll(t, url, `dspy_active_predictions{service="qa"} 1`, `dspy_errors_total{error_type="overloaded",service="qa"} 1`)
	close(release)
	if first := <-done; first.status != 200 {
		t.Errorf("the admitted request got %+v", first)
	}
	poll(t, url, `dspy_active_predictions{service="qa"} 0`, latency("/predict", "POST", "429"), latency("/predict", "POST", "200"))
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		predict   func(context.Context) error
		status    int
		errorType string
	}{
		"timeout": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 504, "timeout"},
		"panic":   {func(context.Context) error { panic("boom") }, 500, "panic"},
		"failed":  {func(context.Context) error { return errors.New("no answer") }, 500, "prediction_failed"},
		"upstream": {func(context.Context) error {
			return &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable}
		}, 502, "upstream_unavailable"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := start(t, test.predict, func(c *service.Config) { c.Timeout = 10 * time.Millisecond })
			got := must(t, http.MethodPost, url+"/predict", question)
			if got.status != test.status || !strings.Contains(got.body, `"error_type":"`+test.errorType+`"`) || strings.Contains(got.body, "boom") {
				t.Errorf("got %+v", got)
			}
			poll(t, url, latency("/predict", "POST", strconv.Itoa(test.status)),
				`dspy_errors_total{error_type="`+test.errorType+`",service="qa"} 1`,
				`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 1`,
				`dspy_active_predictions{service="qa"} 0`)
			if again := must(t, http.MethodGet, url+"/health", ""); again.status != 200 {
				t.Errorf("the service does not go on: %+v", again)
			}
		})
	}
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	_, url := start(t, func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if got, err := send(ctx, t, http.MethodPost, url+"/predict", question); err == nil {
		t.Fatalf("got %+v", got)
	}
	poll(t, url, latency("/predict", "POST", "499"),
		`dspy_errors_total{error_type="canceled",service="qa"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 1`,
		`dspy_active_predictions{service="qa"} 0`)
}

func TestDraining(t *testing.T) {
	t.Parallel()
	s, url := start(t, answers, nil)
	if got := must(t, http.MethodGet, url+"/ready", ""); got.status != 200 {
		t.Errorf("got %+v before", got)
	}
	s.Drain()
	if got := must(t, http.MethodGet, url+"/", ""); !strings.Contains(got.body, "Shutting down.") || strings.Contains(got.body, "Ready.") {
		t.Errorf("got the front page %s", got.body)
	}
	if got := must(t, http.MethodGet, url+"/ready", ""); got.status != 503 {
		t.Errorf("got %+v", got)
	}
	if got := must(t, http.MethodGet, url+"/health", ""); got.status != 200 {
		t.Errorf("got %+v", got)
	}
	if got := must(t, http.MethodPost, url+"/predict", question); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("got %+v", got)
	}
	poll(t, url, latency("/predict", "POST", "503"), `dspy_errors_total{error_type="upstream_unavailable",service="qa"} 1`)
}

func TestIndexListsTheEndpoints(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, nil)
	got := must(t, http.MethodGet, url+"/", "")
	for _, want := range []string{"POST /predict", "/metrics", "/health", "/ready", "no language model", "Ready."} {
		if got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("got status %d without %q", got.status, want)
		}
	}
}

// The page of charts is where the metrics are, and nowhere if it is off. No path of the
// program's is taken in silence.
func TestLive(t *testing.T) {
	t.Parallel()
	page, err := live.New("qa", views.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		page          *live.Page
		apart         bool
		public, admin int
	}{
		"beside the metrics": {page, false, 200, 200},
		"apart":              {page, true, 404, 200},
		"off":                {nil, false, 404, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := start(t, answers, func(c *service.Config) { c.Live, c.Apart = test.page, test.apart })
			admin := httptest.NewServer(s.Admin(false))
			t.Cleanup(admin.Close)
			for _, path := range []string{live.Path, live.Path + "/config.json"} {
				if got := must(t, http.MethodGet, url+path, ""); got.status != test.public {
					t.Errorf("%s: got status %d, want %d", path, got.status, test.public)
				}
				if got := must(t, http.MethodGet, admin.URL+path, ""); got.status != test.admin {
					t.Errorf("%s of the metrics' listener: got status %d, want %d", path, got.status, test.admin)
				}
			}
			front := must(t, http.MethodGet, url+"/", "").body
			if linked := strings.Contains(front, `href="live"`); linked != (test.public == 200) {
				t.Errorf("the front page links to it: %t", linked)
			}
		})
	}
	for _, pattern := range []string{"POST " + live.Path, "GET " + live.Path + "/config.json"} {
		c := config(nil, acting{})
		c.Live, c.Routes = page, []service.Route{{Pattern: pattern}}
		if _, err := service.New(c); err == nil || !strings.Contains(err.Error(), "--no-live") {
			t.Errorf("%s: got %v", pattern, err)
		}
		// With the metrics apart the path is the program's.
		start(t, answers, func(c *service.Config) { c.Live, c.Apart, c.Routes = page, true, []service.Route{{Pattern: pattern}} })
	}
}

// Answers of our own are safe to open in a browser.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s, url := start(t, answers, nil)
	admin := httptest.NewServer(s.Admin(false))
	t.Cleanup(admin.Close)
	for _, test := range []struct{ method, url string }{
		{"GET", url + "/"},
		{"GET", url + "/metrics"},
		{"GET", url + "/health"},
		{"GET", url + "/ready"},
		{"GET", url + "/openapi.json"},
		{"GET", url + "/absent"},
		{"PUT", url + "/predict"},
		{"POST", url + "/predict"}, // without a body
		{"GET", admin.URL + "/"},
		{"GET", admin.URL + "/metrics"},
		{"GET", admin.URL + "/debug/pprof/"}, // not asked for
	} {
		got := must(t, test.method, test.url, "")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s %s: got %s %q, want %q", test.method, test.url, name, got.header.Get(name), want)
			}
		}
		html := strings.HasPrefix(got.header.Get("Content-Type"), "text/html")
		if policy := got.header.Get("Content-Security-Policy"); html && !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s %s: got Content-Security-Policy %q", test.method, test.url, policy)
		}
	}
}

func FuzzPredict(f *testing.F) {
	for _, seed := range []string{question, `{`, `{"inputs":{"question":"\ud800"}}`, `{"prediction_type":"\u0000"}`, "\xff", `{"inputs":{"question":"a","context":"` + "\xff" + `"}}`} {
		f.Add(seed)
	}
	logger := slog.New(slog.DiscardHandler)
	recorder, err := otelmetrics.New(f.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(logger))
	if err != nil {
		f.Fatal(err)
	}
	embedded, err := service.NewExtractive(guide.Text(views.Default()))
	if err != nil {
		f.Fatal(err)
	}
	s, err := service.New(config(recorder, embedded))
	if err != nil {
		f.Fatal(err)
	}
	handler := s.Handler()
	f.Fuzz(func(t *testing.T, body string) {
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/predict", strings.NewReader(body)))
		if !json.Valid(got.Body.Bytes()) {
			t.Fatalf("%q is answered with %q", body, got.Body)
		}
		switch got.Code {
		case 200, 400, 413:
		default:
			t.Fatalf("%q is answered %d: %s", body, got.Code, got.Body)
		}
	})
}
