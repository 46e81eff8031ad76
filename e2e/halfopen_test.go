package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// wire is between two sides, and can be cut: then neither hears of the other any
// more, and both of their connections stay open.
type wire struct {
	address string
	cut     atomic.Bool
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &wire{address: listener.Addr().String()}
	carry := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if w.cut.Load() {
				<-t.Context().Done() // nothing is told of the end either
			}
			if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
				_ = to.Close()
				return
			}
		}
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := new(net.Dialer).DialContext(t.Context(), "tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			go carry(near, far)
			go carry(far, near)
		}
	}()
	return w
}

// TestHalfOpenProgram loses the way to the program without being told: what is
// asked on the connections that were kept fails by the time limit, and nothing stays
// behind when the way is there again.
func TestHalfOpenProgram(t *testing.T) {
	t.Parallel()
	w := newWire(t, strings.TrimPrefix(program(t, taking(0)), "http://"))
	s := serve(t, "--upstream", "http://"+w.address, "--timeout", "2s")
	c := newCrowd(s, 8)
	stop := c.press(t, 8)
	c.answered(t, s.process, 100)
	w.cut.Store(true)
	until(t, s.process, func() error {
		if got := c.count(http.StatusGatewayTimeout); got < 8 {
			return fmt.Errorf("%d predictions ended by the time limit", got)
		}
		return nil
	})
	w.cut.Store(false)
	c.answered(t, s.process, c.count(http.StatusOK)+100)
	stop()
	if len(c.broken) > 0 || len(c.answers) != 2 {
		t.Errorf("%d statuses, and requests without an answer: %v", len(c.answers), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success": c.count(http.StatusOK),
		"dspy_errors_total error_type timeout":  c.count(http.StatusGatewayTimeout),
		"dspy_errors_total":                     c.count(http.StatusGatewayTimeout),
		"dspy_active_predictions":               0,
	})
}

// TestHalfOpenClients has clients that are gone without a word: before they asked,
// in their headers or bodies, while their prediction is made, and between requests.
// All of their connections end, and what they asked for is counted once.
func TestHalfOpenClients(t *testing.T) {
	t.Parallel()
	const each = 20
	stream := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/predict" {
			taking(0)(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil { // more than what the two kernels hold
			if _, err := fmt.Fprintf(w, "data: %s\n\n", strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	}
	s := serve(t, "--upstream", program(t, stream), "--route", "/predict", "--route", "/stream", "--timeout", "3s", "--client-timeout", "3s", "--keep-alive", "3s")
	before := s.gauge(t, "process_open_fds")
	const question = "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
	var asking sync.WaitGroup
	for range each {
		for _, part := range []string{
			"", "POST /predict HTTP/1.1\r\nHo", "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
			fmt.Sprintf(question, "stream"),
		} {
			dialed(t, s, part)
		}
		asking.Go(func() {
			conn := dialed(t, s, fmt.Sprintf(question, "predict"))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		})
	}
	asking.Wait()
	s.has(t, map[string]int{
		"dspy_predictions_total status success": each,
		"dspy_predictions_total status failure": each,
		"dspy_active_predictions":               0,
	})
	until(t, s.process, func() error {
		if got := s.gauge(t, "process_open_fds"); got > before+2 {
			return fmt.Errorf("%v descriptors, %v before", got, before)
		}
		return nil
	})
}

// TestMuteCollector pushes to a collector that takes connections and says nothing,
// over each protocol: predictions go on, each failed push is counted, the outage is
// one warning, and neither goroutines nor connections pile up.
func TestMuteCollector(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			var taken atomic.Int64
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					taken.Add(1)
					go func() { _, _ = io.Copy(io.Discard, conn) }()
				}
			}()
			s := serveWith(t, []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + listener.Addr().String(), "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
				"OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_EXPORTER_OTLP_TIMEOUT=200", "OTEL_METRIC_EXPORT_TIMEOUT=200",
			}, "--upstream", program(t, taking(0)))
			c := newCrowd(s, 4)
			stop := c.press(t, 4)
			failed := func(count float64) {
				until(t, s.process, func() error {
					if got := total(s.samples(t), "dspy_metrics_export_errors_total", nil); got < count {
						return fmt.Errorf("%v pushes failed", got)
					}
					return nil
				})
			}
			failed(2)
			goroutines := s.gauge(t, "go_goroutines")
			failed(15)
			stop()
			if len(c.broken) > 0 || len(c.answers) != 1 {
				t.Errorf("%d statuses, and requests without an answer: %v", len(c.answers), c.broken)
			}
			s.has(t, map[string]int{"dspy_predictions_total status success": c.count(http.StatusOK), "dspy_active_predictions": 0})
			if got := s.gauge(t, "go_goroutines"); got > goroutines+20 {
				t.Errorf("%v goroutines, %v before", got, goroutines)
			}
			if got := s.warnings(); got != 1 {
				t.Errorf("%d warnings, want one", got)
			}
			t.Logf("%d predictions, p50 %v, p99 %v; the collector took %d connections", c.count(200), c.quantile(200, 0.5), c.quantile(200, 0.99), taken.Load())
			s.signal(t, syscall.SIGTERM)
			if err := s.wait(t); err != nil {
				t.Errorf("after SIGTERM: %v", err)
			}
		})
	}
}
