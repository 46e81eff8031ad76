package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// questions numbers all questions of all benchmarks, so that no two are equal and
// none is answered from a cache.
var questions atomic.Int64

// BenchmarkProxy is one prediction over loopback, through the service and through
// a ReverseProxy that does nothing else, by a program that answers at once and by
// one that takes as long as the fastest of programs.
func BenchmarkProxy(b *testing.B) {
	b.Run("instant", func(b *testing.B) { benchmarkProxy(b, 0) })
	b.Run("1ms", func(b *testing.B) { benchmarkProxy(b, time.Millisecond) })
}

func benchmarkProxy(b *testing.B, work time.Duration) {
	const body = `{"prediction_type":"predict","outputs":{"answer":"x"},"usage":{"m":{"prompt_tokens":12,"completion_tokens":5}},"cost_usd":0.001,"cached":false}`
	// The date is of now: an answer that is older than a cache keeps one would not be stored.
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n" +
		"Server: uvicorn\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	program := serveRaw(b, func(w io.Writer) error {
		if work > 0 {
			<-time.After(work)
		}
		_, err := w.Write(answer)
		return err
	})
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{
		{"reverse_proxy", bare(b, program)},
		{"dspy", benchmarked(b, program, "off")},
		{"dspy_cache_miss", benchmarked(b, program, "memory")},
	} {
		server := httptest.NewServer(one.handler)
		b.Cleanup(server.Close)
		client := dialRaw(b.Context(), b, server.URL)
		b.Run(one.name, func(b *testing.B) {
			took := make([]time.Duration, 0, 1<<20)
			b.ReportAllocs()
			cpu := cpuTime(b)
			for b.Loop() {
				start := time.Now()
				got, err := client.ask(questions.Add(1))
				if err != nil || got.status != http.StatusOK || got.hit {
					b.Fatalf("got %+v, %v, want a 200 that is not of the cache", got, err)
				}
				if len(took) < cap(took) {
					took = append(took, time.Since(start))
				}
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N), "cpu-ns/op")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
			if one.name == "dspy_cache_miss" {
				missed(b, one.handler)
			}
		})
	}
}

// missed fails unless the service has answered nothing from its cache, by its metrics.
func missed(b *testing.B, handler http.Handler) {
	b.Helper()
	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if strings.HasPrefix(line, `dspy_cache_hits_total{cache_type="memory"`) {
			if !strings.HasSuffix(line, " 0\n") {
				b.Errorf("got %q, want no hits", line)
			}
			return
		}
	}
	b.Errorf("the metrics do not count the hits of the cache:\n%s", page.Body)
}

// bare is a ReverseProxy that does nothing else.
func bare(b *testing.B, target string) http.Handler {
	b.Helper()
	parsed, err := url.Parse(target)
	if err != nil {
		b.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 2000, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(parsed)
			r.SetXForwarded()
			r.Out.Body = &untilEOF{ReadCloser: r.Out.Body}
		},
		BufferPool: newBuffers(),
	}
}

// untilEOF is read no more after its end. The transport asks once more for what a
// request may have beyond its length, which fails if the server has closed the
// body by then, and breaks the answer: a ReverseProxy loses one stream in some
// hundreds to that where the program answers at once.
type untilEOF struct {
	io.ReadCloser
	ended bool
}

func (u *untilEOF) Read(p []byte) (int, error) {
	if u.ended {
		return 0, io.EOF
	}
	n, err := u.ReadCloser.Read(p)
	u.ended = err == io.EOF
	return n, err
}

func benchmarked(b *testing.B, target, cached string) http.Handler {
	b.Helper()
	recorder, err := otelmetrics.New(b.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	backend, err := upstream.New(upstream.Config{URL: target, Connections: 2000, ConnectTimeout: 5 * time.Second, Retries: 2})
	if err != nil {
		b.Fatal(err)
	}
	c := config(recorder, backend)
	c.Timeout, c.SilenceTimeout, c.ClientTimeout = 10*time.Minute, 2*time.Minute, 30*time.Second
	c.MaxConcurrency, c.MaxClientConcurrency = 2000, 1750
	c.MinRequestRate, c.MinResponseRate = 1024, 1024 // as of the command by default
	if cached != "off" {
		answers, err := cache.Open(b.Context(), cache.Config{URL: cached, MaxBytes: 64 << 20, MaxEntryBytes: 1 << 20, TTL: time.Hour, Recorder: recorder.Recorder})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = answers.Close() })
		c.Cache, c.Caching.TTL = answers, time.Hour
	}
	s, err := service.New(c)
	if err != nil {
		b.Fatal(err)
	}
	return s.Handler()
}

// chunk is one of a language model's, in the shape of OpenAI's.
const chunk = `data: {"id":"chatcmpl-ABCdefGHIjklMNOpqrsTUVwxyz012","object":"chat.completion.chunk","created":1793520000,"model":"gpt-4o-mini-2024-07-18",` +
	`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n"

// BenchmarkStreams is one stream, whose next chunk is sent when the client has the
// last one, as with a language model, which is slower than all that is between.
func BenchmarkStreams(b *testing.B) {
	for _, chunks := range []int{50, 1000} {
		b.Run("chunks="+strconv.Itoa(chunks), func(b *testing.B) { benchmarkStream(b, chunks) })
	}
	b.Run("open=1000", benchmarkOpenStreams)
}

func benchmarkStream(b *testing.B, chunks int) {
	taken := make(chan struct{}, 1)
	header := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n")
	middle := asChunk(chunk)
	last := asChunk(strings.Replace(chunk, `"usage":null`, `"usage":{"prompt_tokens":12,"completion_tokens":50,"total_tokens":62}`, 1))
	end := append(asChunk("data: [DONE]\n\n"), "0\r\n\r\n"...)
	program := serveRaw(b, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for range chunks - 2 {
			if _, err := w.Write(middle); err != nil {
				return err
			}
			<-taken
		}
		if _, err := w.Write(last); err != nil {
			return err
		}
		<-taken
		_, err := w.Write(end)
		return err
	})
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{{"reverse_proxy", bare(b, program)}, {"dspy", benchmarked(b, program, "off")}} {
		server := httptest.NewServer(one.handler)
		b.Cleanup(server.Close)
		client := dialRaw(b.Context(), b, server.URL)
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			cpu := cpuTime(b)
			for b.Loop() {
				got, err := client.ask(questions.Add(1))
				if err != nil || got.status != http.StatusOK {
					b.Fatalf("got %+v, %v", got, err)
				}
				for i := 1; ; i++ {
					size, err := readChunk(client.in)
					if err != nil {
						b.Fatal(err)
					}
					if size == 0 {
						break
					}
					if i < chunks {
						taken <- struct{}{}
					}
				}
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N), "cpu-ns/op")
		})
	}
}

// asChunk returns a text as a chunk of HTTP/1.1.
func asChunk(text string) []byte {
	return []byte(strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n")
}
