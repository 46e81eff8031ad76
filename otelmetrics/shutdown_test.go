package otelmetrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// goroutines returns the stacks of goroutines of a pipeline.
func goroutines() []string {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var out []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, ours := range []string{"otelmetrics.(", "/sdk/metric.", "otlpmetric", "google.golang.org/grpc", "net/http.(*persistConn)"} {
			if strings.Contains(stack, ours) && !strings.Contains(stack, "testing.tRunner") {
				out = append(out, stack)
				break
			}
		}
	}
	return out
}

// TestShutdownLeavesNothing is serial: goroutines of other tests would count.
func TestShutdownLeavesNothing(t *testing.T) {
	for _, transport := range transports() {
		for name, answer := range map[string]otlptest.Answer{
			"collector accepts": otlptest.Accept(), "collector hangs": otlptest.Hang(), "collector refuses": otlptest.Refuse(),
		} {
			t.Run(transport.protocol+", "+name, func(t *testing.T) {
				t.Run("use", func(t *testing.T) {
					collector := transport.receiver(t)
					collector.Respond(answer)
					m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol), otelmetrics.WithRuntimeMetrics())
					m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
					scrape(t, m, text)
					_ = shutdownWithin(m, 30*time.Millisecond)
				}) // the collector is gone as well
				var left []string
				testio.Eventually(t, "no goroutine of a pipeline", func() bool {
					http.DefaultTransport.(*http.Transport).CloseIdleConnections()
					left = goroutines()
					return len(left) == 0
				})
			})
		}
	}
}

func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			t.Parallel()
			collector := transport.receiver(t)
			collector.Respond(otlptest.Hang())
			m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol))
			start := time.Now()
			first := shutdownWithin(m, 50*time.Millisecond)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("got a shutdown of %s, want about 50ms", took)
			}
			if first == nil {
				t.Error("got no error of a push that was cut off, want one")
			}
			if second := m.Shutdown(t.Context()); !errors.Is(second, first) {
				t.Errorf("second shutdown: got %v, want %v again", second, first)
			}
		})
	}
}

func TestShutdownEndsWithContext(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	collector.Respond(otlptest.Hang())
	m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Shutdown(ctx) }()
	collector.WaitRequests(t, func(requests []otlptest.Request) bool { return len(requests) > 0 })
	cancel()
	if err := <-done; err == nil {
		t.Error("got no error of a push that was cut off, want one")
	}
}

func TestShutdownPushesTheLast(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			t.Parallel()
			collector := transport.receiver(t)
			m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol))
			m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := m.Shutdown(t.Context()); err != nil {
						t.Errorf("got %v, want no error", err)
					}
				})
			}
			wg.Wait()
			if got := len(collector.Requests()); got != 1 {
				t.Errorf("got %d pushes, want 1", got)
			}
			if got := pushedSamples(last(t, collector))[`dspy_cache_hits_total{cache_type="memory",service="qa"}`]; got != 1 {
				t.Errorf("got %v cache hits, want 1", got)
			}
		})
	}
}

func TestAfterShutdown(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	handler := m.Handler()
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	if err := m.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.FirstToken()
	p.AddTokens(otelmetrics.TokensInput, 1)
	p.AddUsage(otelmetrics.Usage{CostUSD: 1})
	p.End(nil)
	useAll(t, m)
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if response.Code != http.StatusServiceUnavailable {
		t.Errorf("got status %d, want %d", response.Code, http.StatusServiceUnavailable)
	}
}

// TestFlushAfterShutdown has nothing left to push.
func TestFlushAfterShutdown(t *testing.T) {
	t.Parallel()
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()))
	if err := m.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = m.ForceFlush(t.Context())
	if got := len(collector.Requests()); got != 1 {
		t.Errorf("got %d pushes, want that of the shutdown alone", got)
	}
}
