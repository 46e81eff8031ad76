package service_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// benchmarkOpenStreams holds 1,000 streams at once, and reports what the process
// keeps on the heap and the stacks for each: client, service and program.
func benchmarkOpenStreams(b *testing.B) {
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
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{{"reverse_proxy", bare(b, program.URL)}, {"dspy", benchmarked(b, program.URL, "off")}} {
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

func post(ctx context.Context, client *http.Client, url, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/predict", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return client.Do(request)
}

// buffers is a pool for a ReverseProxy.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
}

func (b *buffers) Get() []byte {
	buffer, _ := b.pool.Get().(*[32 << 10]byte)
	return buffer[:]
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
