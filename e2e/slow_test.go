package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// dialed opens a connection to a service and sends a part of a request.
func dialed(t *testing.T, s *service, part string) net.Conn {
	t.Helper()
	conn := connected(t, s)
	if _, err := io.WriteString(conn, part); err != nil {
		t.Fatal(err)
	}
	return conn
}

// connected opens a connection to a service.
func connected(t *testing.T, s *service) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// drip sends a byte now and then until the other side has closed the connection,
// and returns how long that took.
func drip(conn net.Conn) time.Duration {
	start := time.Now()
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for {
		<-pace.C
		if _, err := io.WriteString(conn, "x"); err != nil {
			return time.Since(start)
		}
	}
}

// TestSlowClients has clients who send their headers or bodies byte by byte, and
// some who take nothing of a stream, while another one is answered as always.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const slow, readers = 200, 2
	stream := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/predict" {
			taking(0)(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		event := "data: " + strings.Repeat("x", 1<<16) + "\n\n"
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, event); err != nil {
				return
			}
		}
	}
	s := serve(t, "--upstream", program(t, stream), "--route", "/predict", "--route", "/stream", "--cache", "off",
		"--max-concurrency", "4", "--timeout", "6s", "--client-timeout", "6s")
	before := s.gauge(t, "process_open_fds")

	const post = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
	for range readers {
		dialed(t, s, fmt.Sprintf(post, "/stream")+"\r\n"+strings.Repeat("x", 1000))
	}
	var dripping sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	for i := range 2 * slow {
		part := fmt.Sprintf(post, "/predict") + "X-Slow: "
		if i%2 == 0 {
			part = fmt.Sprintf(post, "/predict") + "\r\n{"
		}
		conn := dialed(t, s, part)
		dripping.Go(func() {
			took := drip(conn)
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, took)
		})
	}
	c := newCrowd(s, 1)
	ended := make(chan struct{})
	go func() { dripping.Wait(); close(ended) }()
	for asking := true; asking; {
		select {
		case <-ended:
			asking = false
		default:
			c.ask(t.Context())
		}
	}
	c.client.CloseIdleConnections()
	if len(c.answers) != 1 || c.count(200) == 0 || len(c.broken) > 0 {
		t.Errorf("the other client got %d statuses, %d answers, and broken ones: %v", len(c.answers), c.count(200), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success":          c.count(200),
		"dspy_predictions_total status failure":          readers,
		"dspy_errors_total error_type timeout":           slow + readers,
		"dspy_errors_total error_type overloaded":        0,
		"dspy_active_predictions":                        0,
		"dspy_api_latency_seconds_count status_code 408": slow,
	})
	until(t, s.process, func() error {
		if got := s.gauge(t, "process_open_fds"); got > before+2 { // of the scrape
			return fmt.Errorf("%v descriptors, %v before", got, before)
		}
		return nil
	})
	t.Logf("%d slow clients ended after %v at the latest; meanwhile %d predictions, p99 %v",
		2*slow, longest.Round(time.Millisecond), c.count(200), c.quantile(200, 0.99))
}

// TestHugeRequests has headers and bodies beyond the limits.
func TestHugeRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, "--max-body-bytes", "1000")
	exercise(t, s)
	for name, test := range map[string]struct {
		request string
		status  int
	}{
		"one header":   {"GET /health HTTP/1.1\r\nHost: x\r\nX-Huge: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"many headers": {"GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Many: x\r\n", 10<<10) + "\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"body":         {"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n" + strings.Repeat("x", 2000), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			conn := connected(t, s)
			// It is answered before it is read, and need not be taken as a whole.
			go func() { _, _ = io.WriteString(conn, test.request) }()
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.status {
				t.Errorf("got status %d, want %d", response.StatusCode, test.status)
			}
		})
	}
}

// TestIdleConnections holds as many connections as a process may have files, up
// to 10,000, each of which has asked once.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	count := int(min(10_000, files.Cur-500)) // what the test and the service need beside
	s := serve(t, "--keep-alive", "1h")
	exercise(t, s)
	memory, before := s.gauge(t, "process_resident_memory_bytes"), s.gauge(t, "process_open_fds")
	idle(t, s, count)
	open := s.gauge(t, "process_open_fds") - before
	each := (s.gauge(t, "process_resident_memory_bytes") - memory) / open
	exercise(t, s) // others are not harmed
	t.Logf("%v connections held, %.1f KiB each", open, each/1024)
	if open < float64(count)*0.9 {
		t.Errorf("got %v connections, want %d", open, count)
	}
	if each > 64<<10 {
		t.Errorf("got %v bytes a connection, want less than 64 KiB", each)
	}
}

// TestIdleConnectionsEnd has the service end connections that are idle for --keep-alive.
func TestIdleConnectionsEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, "--keep-alive", "1s")
	before := s.gauge(t, "process_open_fds")
	idle(t, s, 500)
	until(t, s.process, func() error {
		if got := s.gauge(t, "process_open_fds"); got > before+2 {
			return fmt.Errorf("%v descriptors, %v before", got, before)
		}
		return nil
	})
}

// idle opens connections that ask once, and stay until the test ends.
func idle(t *testing.T, s *service, count int) {
	t.Helper()
	var opening sync.WaitGroup
	conns := make(chan net.Conn, count)
	for range 50 {
		opening.Go(func() {
			for range count / 50 {
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.address)
				if err != nil {
					t.Error(err)
					return
				}
				conns <- conn
				_ = conn.SetDeadline(time.Now().Add(patience))
				if _, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					t.Error(err)
					return
				}
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
			}
		})
	}
	opening.Wait()
	close(conns)
	t.Cleanup(func() {
		for conn := range conns {
			_ = conn.Close()
		}
	})
}
