package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/dspy-metrics/dspy-metrics/internal/testca"
)

// encrypted starts a service with TLS, whose metrics are on a listener without, and
// returns the address of the first one.
func encrypted(t *testing.T, servers *testca.Authority, flags ...string) (s *service, address string) {
	t.Helper()
	servers.Issue(t, "server", time.Now().Add(time.Hour))
	config := filepath.Join(filepath.Dir(servers.File), "web.yml")
	if err := os.WriteFile(config, []byte("tls_server_config: {cert_file: server.crt, key_file: server.key}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = serve(t, append(flags, "--web-config-file", config, "--metrics-listen", "127.0.0.1:0")...)
	find := func(expression string) (found string) {
		until(t, s.process, func() error {
			match := regexp.MustCompile(expression).FindStringSubmatch(s.output.String())
			if match == nil {
				return fmt.Errorf("no %s in the log", expression)
			}
			found = match[1]
			return nil
		})
		return found
	}
	address = find(`msg=listening addr=(\S+)`)
	s.address = find(`msg="listening for scrapes" addr=(\S+)`)
	return s, address
}

// secretly makes the clients of a crowd speak TLS, on a connection for each request.
func (c *crowd) secretly(servers *testca.Authority, address string) {
	c.url = "https://" + address + "/predict"
	c.client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: servers.Pool, MinVersion: tls.VersionTLS12}}
}

// TestCertificatesRotate replaces certificate and key under load, again and again:
// no handshake fails, and each new certificate is soon in use.
func TestCertificatesRotate(t *testing.T) {
	t.Parallel()
	const rotations = 20
	servers := testca.New(t, t.TempDir(), "servers")
	s, address := encrypted(t, servers, "--upstream", program(t, taking(0)))
	c := newCrowd(s, 8)
	c.secretly(servers, address)
	stop := c.press(t, 8)
	for range rotations {
		next := servers.Issue(t, "server", time.Now().Add(time.Hour))
		until(t, s.process, func() error {
			dialer := tls.Dialer{Config: &tls.Config{RootCAs: servers.Pool, MinVersion: tls.VersionTLS12}}
			conn, err := dialer.DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Errorf("a handshake failed: %v", err)
				return err
			}
			defer conn.Close()
			if got := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]; got.SerialNumber.Cmp(next.Certificate.Leaf.SerialNumber) != 0 {
				return fmt.Errorf("the certificate %v is still in use", got.SerialNumber)
			}
			return nil
		})
	}
	c.answered(t, s.process, 10*rotations)
	stop()
	if len(c.broken) > 0 || len(c.answers) != 1 {
		t.Errorf("%d statuses, and requests without an answer: %v", len(c.answers), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success":     c.count(http.StatusOK),
		"dspy_predictions_total status failure":     0,
		"dspy_errors_total error_type unauthorized": 0,
		"dspy_active_predictions":                   0,
	})
	t.Logf("%d rotations, %d handshakes and predictions; p50 %v, p99 %v", rotations, c.count(200), c.quantile(200, 0.5), c.quantile(200, 0.99))
}

// TestFloodsOfHTTP2 has connections that misuse HTTP/2 as fast as they can, one
// after another, while another client asks: it is answered, and memory is bounded.
func TestFloodsOfHTTP2(t *testing.T) {
	t.Parallel()
	header := func(path string) []byte {
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for _, field := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "x"}, {":path", path}} {
			_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
		}
		return block.Bytes()
	}
	predict := header("/predict")
	var filler bytes.Buffer
	_ = hpack.NewEncoder(&filler).WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("x", 8000), Sensitive: true})
	open := func(f *http2.Framer, i uint32) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: predict, EndStream: true, EndHeaders: true})
	}
	attacks := map[string]func(f *http2.Framer, i uint32) error{
		"rapid reset": func(f *http2.Framer, i uint32) error {
			if err := open(f, i); err != nil {
				return err
			}
			return f.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		},
		"streams without end": open,
		"headers without end": func(f *http2.Framer, i uint32) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: predict})
			}
			return f.WriteContinuation(1, false, filler.Bytes())
		},
		"empty headers without end": func(f *http2.Framer, i uint32) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: predict})
			}
			return f.WriteContinuation(1, false, nil)
		},
		"settings": func(f *http2.Framer, _ uint32) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 4096})
		},
		"pings": func(f *http2.Framer, _ uint32) error { return f.WritePing(false, [8]byte{}) },
		"priorities": func(f *http2.Framer, i uint32) error {
			return f.WritePriority(2*i+1, http2.PriorityParam{StreamDep: 0})
		},
		"a window of nothing": func(f *http2.Framer, i uint32) error {
			if i == 0 {
				return f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			}
			return open(f, i)
		},
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // Each takes all there is of the machine.
			servers := testca.New(t, t.TempDir(), "servers")
			s, address := encrypted(t, servers, "--upstream", program(t, taking(time.Millisecond)), "--keep-alive", "2s", "--max-client-concurrency", "0")
			done := make(chan struct{})
			var attacking sync.WaitGroup
			connections := 0
			attacking.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						flood(t, servers, address, done, attack)
						connections++
					}
				}
			})
			c := newCrowd(s, 1)
			c.secretly(servers, address)
			for c.count(http.StatusOK) < 100 && len(c.broken) == 0 {
				c.ask(t.Context())
			}
			close(done)
			attacking.Wait()
			if len(c.broken) > 0 {
				t.Errorf("another client: %v", c.broken)
			}
			s.has(t, map[string]int{"dspy_active_predictions": 0})
			memory := s.gauge(t, "process_resident_memory_bytes") / (1 << 20)
			if memory > 256 {
				t.Errorf("%.0f MiB resident", memory)
			}
			if lines := strings.Count(s.output.String(), "\n"); lines > 100+10*connections {
				t.Errorf("%d lines in the log for %d connections", lines, connections)
			}
			t.Logf("%d connections; another client: 100 predictions, p50 %v, p99 %v; %.0f MiB resident", connections, c.quantile(200, 0.5), c.quantile(200, 0.99), memory)
		})
	}
}

// flood attacks on one connection until the server or the test ends it.
func flood(t *testing.T, servers *testca.Authority, address string, done <-chan struct{}, attack func(*http2.Framer, uint32) error) {
	dialer := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: patience},
		Config:    &tls.Config{RootCAs: servers.Pool, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12},
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Errorf("a handshake failed: %v", err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	if framer.WriteSettings() != nil {
		return
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }() // it takes what it is sent
	for i := range uint32(1 << 30) {
		select {
		case <-done:
			return
		default:
		}
		if attack(framer, i) != nil {
			return
		}
	}
}
