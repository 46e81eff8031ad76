package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/upstream"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// BenchmarkProxy is one prediction over loopback, through the service and
// through a ReverseProxy that does nothing else, by a program that answers at
// once and by one that takes as long as the fastest of programs.
func BenchmarkProxy(b *testing.B) {
	b.Run("instant", func(b *testing.B) { benchmarkProxy(b, 0) })
	b.Run("1ms", func(b *testing.B) { benchmarkProxy(b, time.Millisecond) })
}

func benchmarkProxy(b *testing.B, work time.Duration) {
	const answer = `{"prediction_type":"predict","outputs":{"answer":"x"},"usage":{"m":{"prompt_tokens":12,"completion_tokens":5}},"cost_usd":0.001,"cached":false}`
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-time.After(work)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	b.Cleanup(program.Close)
	target, err := url.Parse(program.URL)
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	bare := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
	}}
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{
		{"reverse_proxy", bare},
		{"dspy", benchmarked(b, program.URL, "off")},
		{"dspy_cache_miss", benchmarked(b, program.URL, "memory")},
	} {
		server := httptest.NewServer(one.handler)
		b.Cleanup(server.Close)
		client := &http.Client{Transport: &http.Transport{}}
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				// No two questions are equal, so that nothing comes from the cache.
				response, err := post(b.Context(), client, server.URL,
					`{"prediction_type":"cot","inputs":{"question":"`+strconv.Itoa(i)+`"}}`)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
					b.Fatal(response.Status, err)
				}
				_ = response.Body.Close()
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
		})
	}
}

func post(ctx context.Context, client *http.Client, url, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/predict", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return client.Do(request)
}

func benchmarked(b *testing.B, target, cached string) http.Handler {
	b.Helper()
	recorder, err := otelmetrics.New(b.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	backend, err := upstream.New(upstream.Config{URL: target, Connections: 2000, ConnectTimeout: 5 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	c := config(recorder, backend)
	c.MaxConcurrency = 2000
	if cached != "off" {
		answers, err := cache.Open(b.Context(), cache.Config{URL: cached, Recorder: recorder})
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

// BenchmarkStreams holds 1,000 streams at once, and reports what the process
// keeps on the heap and the stacks for each: client, service and program.
func BenchmarkStreams(b *testing.B) {
	const streams = 1000
	var release atomic.Pointer[chan struct{}]
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: {\"chunk\":\"a\"}\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-*release.Load():
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	}))
	b.Cleanup(program.Close)
	target, err := url.Parse(program.URL)
	if err != nil {
		b.Fatal(err)
	}
	bare := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{{"reverse_proxy", bare}, {"dspy", benchmarked(b, program.URL, "memory")}} {
		server := httptest.NewServer(one.handler)
		b.Cleanup(server.Close)
		b.Run(one.name, func(b *testing.B) {
			for b.Loop() {
				before, held := memoryInUse(), make(chan struct{})
				release.Store(&held)
				var reading sync.WaitGroup
				open := make(chan struct{}, streams)
				for range streams {
					reading.Go(func() {
						response, err := post(b.Context(), http.DefaultClient, server.URL, "{}")
						if err != nil {
							b.Error(err)
							open <- struct{}{}
							return
						}
						defer response.Body.Close()
						_, err = io.ReadFull(response.Body, make([]byte, 10))
						open <- struct{}{}
						rest, err2 := io.ReadAll(response.Body)
						if err != nil || err2 != nil || !strings.HasSuffix(string(rest), "[DONE]\n\n") {
							b.Errorf("got %q, %v, %v", rest, err, err2)
						}
					})
				}
				for range streams {
					<-open
				}
				b.ReportMetric(float64(memoryInUse()-before)/streams, "B/stream")
				close(held)
				reading.Wait()
			}
		})
	}
}

func memoryInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
