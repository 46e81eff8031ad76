package otelmetrics_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// version is a version of HTTP to serve.
type version struct {
	name  string
	http2 bool
}

func versions() []version { return []version{{"HTTP/1.1", false}, {"HTTP/2", true}} }

// serve starts a server whose mux has the handler, measured, at /route.
func serve(t *testing.T, m *otelmetrics.Metrics, v version, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/route", m.Middleware(handler))
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2 = v.http2
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // panics are wanted
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// get asks the server for /route.
func get(t testing.TB, server *httptest.Server) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/route", nil)
	if err != nil {
		t.Fatal(err)
	}
	return server.Client().Do(request)
}

// latency returns how many latencies were recorded with a status, and in all.
func latency(t testing.TB, m *otelmetrics.Metrics, endpoint, method string, status int) (of, all float64) {
	t.Helper()
	page := samples(t, scrape(t, m, text))
	name := fmt.Sprintf(`dspy_api_latency_seconds_count{endpoint=%q,method=%q,service="qa",status_code="%d"}`, endpoint, method, status)
	return page[name], total(page, "dspy_api_latency_seconds_count")
}

// wantLatency polls: the client may have its answer before the handler ends.
func wantLatency(t testing.TB, m *otelmetrics.Metrics, endpoint, method string, status int) {
	t.Helper()
	var all float64
	testio.Eventually(t, "a latency", func() bool {
		_, all = latency(t, m, endpoint, method, status)
		return all > 0
	})
	if of, all := latency(t, m, endpoint, method, status); of != 1 || all != 1 {
		t.Errorf("got %v latencies with status %d of %v in all, want 1 of 1:\n%s", of, status, all, scrape(t, m, text))
	}
}

// TestStatus has every way for a response to get its status.
func TestStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler  func(http.ResponseWriter, *http.Request)
		want     int
		received int // 0 for a connection that breaks
	}{
		"nothing":            {func(http.ResponseWriter, *http.Request) {}, 200, 200},
		"write":              {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, 200},
		"write header":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }, 418, 418},
		"first header holds": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(500) }, 404, 404},
		"write, then header": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")); w.WriteHeader(500) }, 200, 200},
		"informational": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		}, 201, 201},
		"only informational": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }, 200, 200},
		"flush": {func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(500)
		}, 200, 200},
		"flush by controller": {func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			w.WriteHeader(500)
		}, 200, 200},
		"copy":                {func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, strings.NewReader("hello")) }, 200, 200},
		"panic before header": {func(http.ResponseWriter, *http.Request) { panic("boom") }, 500, 0},
		"panic after header": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_ = http.NewResponseController(w).Flush()
			panic("boom")
		}, 500, 202},
		"abort before header": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 499, 0},
		"abort after header": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 202, 202},
		"illegal header": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(42) }, 500, 0},
	}
	for name, test := range tests {
		for _, v := range versions() {
			t.Run(name+", "+v.name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t)
				server := serve(t, m, v, test.handler)
				response, err := get(t, server)
				if err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				switch {
				case test.received == 0 && err == nil:
					t.Errorf("got status %d, want a broken connection", response.StatusCode)
				case test.received > 0 && (err != nil || response.StatusCode != test.received):
					t.Errorf("got %v, error %v, want status %d", response, err, test.received)
				case err == nil && response.Proto[:len(v.name)] != v.name:
					t.Errorf("got %s, want %s", response.Proto, v.name)
				}
				wantLatency(t, m, "/route", http.MethodGet, test.want)
			})
		}
	}
}

// TestPanicIsRaisedAgain takes the middleware without a server.
func TestPanicIsRaisedAgain(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"boom", errors.New("boom"), http.ErrAbortHandler} {
		m := newRecorder(t)
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("got panic %v, want %v", got, value)
				}
			}()
			handler := m.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }))
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}()
	}
}

// TestInformationalReachesClient sends early hints through the middleware.
func TestInformationalReachesClient(t *testing.T) {
	t.Parallel()
	for _, v := range versions() {
		m := newRecorder(t)
		server := serve(t, m, v, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		})
		var got []int
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { got = append(got, code); return nil },
		})
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/route", nil)
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if len(got) != 1 || got[0] != http.StatusEarlyHints {
			t.Errorf("%s: got informational %v, want [103]", v.name, got)
		}
		wantLatency(t, m, "/route", http.MethodGet, 200)
	}
}

// TestWriterKeepsInterfaces compares what the handler gets with what it would
// get without the middleware.
func TestWriterKeepsInterfaces(t *testing.T) {
	t.Parallel()
	interfaces := func(w http.ResponseWriter) string {
		_, flusher := w.(http.Flusher)
		_, hijacker := w.(http.Hijacker)
		_, readerFrom := w.(io.ReaderFrom)
		_, pusher := w.(http.Pusher)
		_, stringWriter := w.(io.StringWriter)
		controller := http.NewResponseController(w)
		deadline := controller.SetWriteDeadline(time.Now().Add(time.Minute)) == nil
		readDeadline := controller.SetReadDeadline(time.Now().Add(time.Minute)) == nil
		duplex := controller.EnableFullDuplex() == nil
		flush := controller.Flush() == nil
		return fmt.Sprintln("Flusher", flusher, "Hijacker", hijacker, "ReaderFrom", readerFrom, "Pusher", pusher, "StringWriter", stringWriter,
			"SetWriteDeadline", deadline, "SetReadDeadline", readDeadline, "EnableFullDuplex", duplex, "Flush", flush)
	}
	for _, v := range versions() {
		for name, options := range map[string][]otelmetrics.Option{
			"plain": nil, "with spans": {otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider())},
		} {
			t.Run(v.name+", "+name, func(t *testing.T) {
				t.Parallel()
				got := make(chan string, 1)
				server := serve(t, newRecorder(t, options...), v, func(w http.ResponseWriter, _ *http.Request) { got <- interfaces(w) })
				bare := serve(t, nil, v, func(w http.ResponseWriter, _ *http.Request) { got <- interfaces(w) })
				var found []string
				for _, one := range []*httptest.Server{bare, server} {
					response, err := get(t, one)
					if err != nil {
						t.Fatal(err)
					}
					_ = response.Body.Close()
					found = append(found, <-got)
				}
				if found[0] != found[1] {
					t.Errorf("got  %swant %s", found[1], found[0])
				}
			})
		}
	}
}

// TestHijack takes the connection over and keeps it: the latency is recorded
// when it is taken.
func TestHijack(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	release := make(chan struct{})
	server := serve(t, m, version{}, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("got %v, want the connection", err)
			return
		}
		defer conn.Close()
		_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = buffer.Flush()
		<-release
	})
	dialer := tls.Dialer{Config: server.Client().Transport.(*http.Transport).TLSClientConfig}
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprint(conn, "GET /route HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, error %v, want status 101", response, err)
	}
	_ = response.Body.Close()
	wantLatency(t, m, "/route", http.MethodGet, 101)
	close(release)
	server.Close()
	wantLatency(t, m, "/route", http.MethodGet, 101)
}

// TestReadFromIsUsed holds that a copy reaches the connection's own ReadFrom,
// which uses sendfile.
func TestReadFromIsUsed(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	inner := &readerFrom{ResponseWriter: httptest.NewRecorder()}
	m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, io.LimitReader(rand.NewChaCha8([32]byte{}), 100))
	})).ServeHTTP(inner, httptest.NewRequest(http.MethodGet, "/", nil))
	if inner.read != 100 {
		t.Errorf("got %d bytes by ReadFrom, want 100", inner.read)
	}
}

type readerFrom struct {
	http.ResponseWriter
	read int64
}

func (r *readerFrom) ReadFrom(src io.Reader) (n int64, err error) {
	n, err = io.Copy(r.ResponseWriter, src)
	r.read += n
	return n, err
}

// TestFullDuplex reads the request while it writes the response.
func TestFullDuplex(t *testing.T) {
	t.Parallel()
	for _, v := range versions() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			server := serve(t, m, v, func(w http.ResponseWriter, r *http.Request) {
				controller := http.NewResponseController(w)
				if err := errors.Join(controller.EnableFullDuplex(), controller.SetWriteDeadline(time.Now().Add(testio.Patience))); err != nil {
					t.Errorf("got %v, want no error", err)
				}
				w.WriteHeader(http.StatusOK)
				_ = controller.Flush()
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(bytes.ToUpper(body))
			})
			body, input := io.Pipe()
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/route", body)
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			_, _ = io.WriteString(input, "hello")
			_ = input.Close()
			if got, err := io.ReadAll(response.Body); err != nil || string(got) != "HELLO" {
				t.Errorf("got %q, error %v, want HELLO", got, err)
			}
			wantLatency(t, m, "/route", http.MethodPost, 200)
		})
	}
}

// TestClientGone cancels before the header and in the middle of the body.
func TestClientGone(t *testing.T) {
	t.Parallel()
	for _, v := range versions() {
		for _, midStream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, mid-stream %t", v.name, midStream), func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t)
				entered := make(chan struct{})
				server := serve(t, m, v, func(w http.ResponseWriter, r *http.Request) {
					if midStream {
						_, _ = io.WriteString(w, "data: 1\n\n")
						_ = http.NewResponseController(w).Flush()
					}
					close(entered)
					<-r.Context().Done()
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					<-entered
					if !midStream {
						cancel()
					}
				}()
				request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/route", nil)
				response, err := server.Client().Do(request)
				if (err == nil) != midStream {
					t.Fatalf("got %v, error %v, want a response: %t", response, err, midStream)
				}
				if midStream {
					_, _ = response.Body.Read(make([]byte, 9))
					cancel()
					_ = response.Body.Close()
				}
				wantLatency(t, m, "/route", http.MethodGet, 499)
			})
		}
	}
}

// TestCompleteBeforeClientGone has sent all that it announced.
func TestCompleteBeforeClientGone(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		_, _ = io.WriteString(w, "hello")
		cancel()
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	wantLatency(t, m, "unmatched", http.MethodGet, 200)
}

// TestMarkComplete has clients that go away where the handler says that they have
// everything, and where it has not said so.
func TestMarkComplete(t *testing.T) {
	t.Parallel()
	type wrapped struct{ http.ResponseWriter } // it has no Unwrap method
	tests := map[string]struct {
		mark  func(http.ResponseWriter)
		abort bool
		want  int
	}{
		"no mark":                   {func(http.ResponseWriter) {}, false, 499},
		"mark":                      {otelmetrics.MarkComplete, false, 200},
		"mark, then abort":          {otelmetrics.MarkComplete, true, 200},
		"twice":                     {func(w http.ResponseWriter) { otelmetrics.MarkComplete(w); otelmetrics.MarkComplete(w) }, false, 200},
		"writer that unwraps":       {func(w http.ResponseWriter) { otelmetrics.MarkComplete(unwrapping{w}) }, false, 200},
		"writer that does not":      {func(w http.ResponseWriter) { otelmetrics.MarkComplete(wrapped{w}) }, false, 499},
		"writer of somebody else's": {func(http.ResponseWriter) { otelmetrics.MarkComplete(httptest.NewRecorder()) }, false, 499},
		"no writer":                 {func(http.ResponseWriter) { otelmetrics.MarkComplete(nil) }, false, 499},
	}
	for name, test := range tests {
		for _, v := range versions() {
			t.Run(name+", "+v.name, func(t *testing.T) {
				t.Parallel()
				m := newRecorder(t)
				server := serve(t, m, v, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "data: [DONE]\n\n")
					_ = http.NewResponseController(w).Flush()
					test.mark(w)
					<-r.Context().Done()
					if test.abort {
						panic(http.ErrAbortHandler)
					}
				})
				response, err := get(t, server)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = response.Body.Read(make([]byte, 14))
				_ = response.Body.Close()
				wantLatency(t, m, "/route", http.MethodGet, test.want)
			})
		}
	}
}

// unwrapping is a writer of another middleware.
type unwrapping struct{ http.ResponseWriter }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestDeadline(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		want    int
	}{
		"silent":   {func(http.ResponseWriter, *http.Request) {}, 504},
		"answered": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 503},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newRecorder(t)
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			m.Middleware(test.handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			wantLatency(t, m, "unmatched", http.MethodGet, test.want)
		})
	}
}

// TestScanLeavesSeriesAlone asks for 10,000 paths by as many methods and hosts.
func TestScanLeavesSeriesAlone(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /predict", func(http.ResponseWriter, *http.Request) {})
	handler := m.Middleware(mux)
	ask := func(i int) {
		for _, method := range []string{http.MethodGet, "", fmt.Sprintf("X%d", i)} {
			request := httptest.NewRequest(http.MethodGet, fmt.Sprintf("http://host%d:%d/%d/%x", i, 1+i, i, rand.Uint64()), nil)
			request.Method = method
			request.Header.Set("User-Agent", fmt.Sprint("agent", i))
			handler.ServeHTTP(httptest.NewRecorder(), request)
		}
	}
	ask(0)
	before := len(samples(t, scrape(t, m, text)))
	for i := range 10_000 {
		ask(i)
	}
	if after := len(samples(t, scrape(t, m, text))); after != before {
		t.Errorf("got %d series, want %d as after the first", after, before)
	}
}

func TestProbesAreNotMeasured(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options []otelmetrics.MiddlewareOption
		path    string
		want    float64
	}{
		"metrics":      {nil, "/metrics", 0},
		"health":       {nil, "/health", 0},
		"ready":        {nil, "/ready", 0},
		"others":       {nil, "/metrics/x", 1},
		"nil filter":   {[]otelmetrics.MiddlewareOption{otelmetrics.WithRequestFilter(nil)}, "/livez", 0},
		"filter":       {[]otelmetrics.MiddlewareOption{otelmetrics.WithRequestFilter(func(r *http.Request) bool { return r.URL.Path != "/mine" })}, "/mine", 0},
		"filter turns": {[]otelmetrics.MiddlewareOption{otelmetrics.WithRequestFilter(func(*http.Request) bool { return true })}, "/health", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exporter := tracetest.NewInMemoryExporter()
			tracing := otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)))
			m := newRecorder(t, tracing)
			called := false
			m.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }), test.options...).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, test.path, nil))
			if _, all := latency(t, m, "unmatched", http.MethodGet, 200); all != test.want || !called {
				t.Errorf("got %v latencies, handler called %t, want %v, true", all, called, test.want)
			}
			if got := len(exporter.GetSpans()); got != int(test.want) {
				t.Errorf("got %d spans, want %v", got, test.want)
			}
		})
	}
}

// TestEndpoint puts the mux outside and inside, with and without spans.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux := func(pattern string, handler http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, handler)
		return mux
	}
	fixed := otelmetrics.WithRoute(func(r *http.Request) string {
		if strings.HasPrefix(r.URL.Path, "/items/") {
			return "/items/:id"
		}
		return ""
	})
	tests := map[string]struct {
		handler func(*otelmetrics.Metrics) http.Handler
		path    string
		want    string
		status  int
	}{
		"mux inside":        {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(mux("/items/{id}", ok)) }, "/items/7", "/items/{id}", 200},
		"mux outside":       {func(m *otelmetrics.Metrics) http.Handler { return mux("/items/{id}", m.Middleware(ok)) }, "/items/7", "/items/{id}", 200},
		"method and host":   {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(mux("GET example.com/items/{id}", ok)) }, "/items/7", "/items/{id}", 200},
		"not found":         {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(mux("/items/{id}", ok)) }, "/x", "unmatched", 404},
		"no mux":            {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(ok) }, "/items/7", "unmatched", 200},
		"route":             {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(ok, fixed) }, "/items/7", "/items/:id", 200},
		"route has nothing": {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(mux("/x/", ok), fixed) }, "/x/y", "/x/", 200},
		"twice":             {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(m.Middleware(mux("/items/{id}", ok))) }, "/items/7", "/items/{id}", 200},
		"mux between":       {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(mux("/items/{id}", m.Middleware(ok))) }, "/items/7", "/items/{id}", 200},
		"inner one knows": {func(m *otelmetrics.Metrics) http.Handler {
			return m.Middleware(http.StripPrefix("/v1", m.Middleware(mux("/items/{id}", ok))))
		}, "/v1/items/7", "/items/{id}", 200},
		"outer one knows": {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(m.Middleware(ok), fixed) }, "/items/7", "/items/:id", 200},
		"nil route":       {func(m *otelmetrics.Metrics) http.Handler { return m.Middleware(ok, otelmetrics.WithRoute(nil)) }, "/", "unmatched", 200},
	}
	for name, test := range tests {
		for _, spans := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, spans %t", name, spans), func(t *testing.T) {
				t.Parallel()
				var options []otelmetrics.Option
				if spans {
					options = append(options, otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider()))
				}
				m := newRecorder(t, options...)
				test.handler(m).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://example.com"+test.path, nil))
				wantLatency(t, m, test.want, http.MethodGet, test.status)
			})
		}
	}
}

// brokenWriter is a writer whose Unwrap panics, or leads nowhere.
type brokenWriter struct {
	http.ResponseWriter
	unwrap func(http.ResponseWriter) http.ResponseWriter
}

func (w brokenWriter) Unwrap() http.ResponseWriter { return w.unwrap(w) }

// Two middlewares of the same metrics record a request once, with the recorder of the inner one. Those of other metrics each
// record it, and a writer that cannot be looked into harms no request.
func TestMiddlewareWithinAnother(t *testing.T) {
	t.Parallel()
	var complete http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) { otelmetrics.MarkComplete(w) }
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	request := func() *http.Request { return httptest.NewRequestWithContext(canceled, http.MethodGet, "/", nil) }

	m, other := newRecorder(t), newRecorder(t)
	tenant, err := m.ForService("tenant")
	if err != nil {
		t.Fatal(err)
	}
	inner := m.Middleware(complete, otelmetrics.WithRecorder(func(*http.Request) *otelmetrics.Recorder { return tenant }))
	m.Middleware(other.Middleware(inner)).ServeHTTP(httptest.NewRecorder(), request())
	for of, line := range map[*otelmetrics.Metrics]string{
		m:     `dspy_api_latency_seconds_count{endpoint="unmatched",method="GET",service="tenant",status_code="499"} 1`,
		other: `dspy_api_latency_seconds_count{endpoint="unmatched",method="GET",service="qa",status_code="499"} 1`,
	} {
		page := scrape(t, of, text)
		wantLines(t, page, line)
		if all := total(samples(t, page), "dspy_api_latency_seconds_count"); all != 1 {
			t.Errorf("got %v latencies, want 1:\n%s", all, page)
		}
	}

	for name, unwrap := range map[string]func(http.ResponseWriter) http.ResponseWriter{
		"panics": func(http.ResponseWriter) http.ResponseWriter { panic("unwrap") },
		"itself": func(w http.ResponseWriter) http.ResponseWriter { return w },
		"nil":    func(http.ResponseWriter) http.ResponseWriter { return nil },
	} {
		m := newRecorder(t)
		served := false
		var serve http.HandlerFunc = func(http.ResponseWriter, *http.Request) { served = true }
		m.Middleware(serve).ServeHTTP(brokenWriter{httptest.NewRecorder(), unwrap}, httptest.NewRequest(http.MethodGet, "/", nil))
		if !served {
			t.Errorf("unwrap %s: the request did not reach the handler", name)
		}
		wantLatency(t, m, "unmatched", http.MethodGet, http.StatusOK)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		http.MethodPatch: "PATCH", "QUERY": "other", "get": "other", "": "unknown", "X\xff": "other",
	} {
		m := newRecorder(t)
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Method = method
		m.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), request)
		wantLatency(t, m, "unmatched", want, 404)
	}
}

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceParent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

// TestSpans continues the trace of the request through both spans to the
// exemplars.
func TestSpans(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	m := newRecorder(t, otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /predict", func(_ http.ResponseWriter, r *http.Request) {
		ctx, p := m.StartPrediction(r.Context(), otelmetrics.ReAct)
		if !trace.SpanContextFromContext(ctx).IsValid() {
			t.Error("got no span in the context, want one")
		}
		err := errors.New("no")
		p.End(&err)
	})
	request := httptest.NewRequest(http.MethodPost, "/predict", nil)
	request.Header.Set("Traceparent", traceParent)
	m.Middleware(mux).ServeHTTP(httptest.NewRecorder(), request)

	spans := exporter.GetSpans()
	if len(spans) != 2 {
		t.Fatalf("got %d spans, want 2", len(spans))
	}
	prediction, server := spans[0], spans[1]
	for _, span := range spans {
		if got := span.SpanContext.TraceID().String(); got != traceID {
			t.Errorf("span %s: got trace %s, want %s", span.Name, got, traceID)
		}
	}
	if got := server.Parent.SpanID().String(); got != "00f067aa0ba902b7" {
		t.Errorf("server span: got parent %s, want that of the header", got)
	}
	if prediction.Parent.SpanID() != server.SpanContext.SpanID() {
		t.Error("prediction span: got another parent, want the server span")
	}
	if prediction.Status.Code != codes.Error || prediction.Status.Description != "prediction_failed" {
		t.Errorf("prediction span: got status %v, want an error prediction_failed", prediction.Status)
	}
	page := scrape(t, m, openMetrics)
	wantOpenMetrics(t, page)
	for _, metric := range []string{"dspy_api_latency_seconds_bucket", "dspy_prediction_duration_seconds_bucket", "dspy_errors_total"} {
		if !hasExemplar(page, metric) {
			t.Errorf("%s: got no exemplar with the trace, want one:\n%s", metric, page)
		}
	}
	if got := scrape(t, m, text); strings.Contains(got, traceID) {
		t.Error("got the trace in the text format, want it in OpenMetrics alone")
	}
}

func hasExemplar(page, metric string) bool {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, metric) && strings.Contains(line, " # {") && strings.Contains(line, `trace_id="`+traceID+`"`) {
			return true
		}
	}
	return false
}

// TestUnsampled has a span that nobody will find: no exemplar points to it.
func TestUnsampled(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))))
	m.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if page := scrape(t, m, openMetrics); strings.Contains(page, " # {") {
		t.Errorf("got an exemplar, want none:\n%s", page)
	}
}
