package access_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// framer is a client of HTTP/2 that sends whatever frames it wants.
type framer struct {
	*http2.Framer
	conn    net.Conn
	headers bytes.Buffer
	encoder *hpack.Encoder
}

func newFramer(t *testing.T, p *protected, settings ...http2.Setting) *framer {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: p.servers.Pool, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(3 * time.Minute))
	f := &framer{Framer: http2.NewFramer(conn, conn), conn: conn}
	f.encoder = hpack.NewEncoder(&f.headers)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSettings(settings...); err != nil {
		t.Fatal(err)
	}
	return f
}

// get returns the header block of a request.
func (f *framer) get(path string) []byte {
	f.headers.Reset()
	for name, value := range map[string]string{":method": "GET", ":scheme": "https", ":authority": "x", ":path": path} {
		_ = f.encoder.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return f.headers.Bytes()
}

// ended reads frames until the server has closed the connection, and returns the
// reason that it gave, if it gave one.
func (f *framer) ended(t *testing.T) (reason http2.ErrCode) {
	t.Helper()
	for {
		frame, err := f.ReadFrame()
		if away, ok := frame.(*http2.GoAwayFrame); ok && err == nil {
			reason = away.ErrCode
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the connection goes on")
		}
		if err != nil && !errors.As(err, new(http2.StreamError)) {
			return reason
		}
	}
}

func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed)
}

// A client that misuses HTTP/2 loses its connection. It makes the server do no more
// than a bounded part of what it asks for, is counted where it broke the protocol,
// and harms nobody else.
func TestHTTP2Floods(t *testing.T) {
	t.Parallel()
	const many = 10_000
	tests := map[string]struct {
		attack  func(*framer) error
		reason  http2.ErrCode // that the server gives; anything if it is 0
		counted bool
	}{
		"rapid reset": {func(f *framer) error {
			for i := range uint32(many) {
				id := 2*i + 1
				if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.get("/hold"), EndStream: true, EndHeaders: true}); err != nil {
					return err
				}
				if err := f.WriteRSTStream(id, http2.ErrCodeCancel); err != nil {
					return err
				}
			}
			return nil
		}, http2.ErrCodeEnhanceYourCalm, true},
		"continuation": {func(f *framer) error {
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.get("/")}); err != nil {
				return err
			}
			f.headers.Reset()
			_ = f.encoder.WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("x", 8000), Sensitive: true})
			for range many {
				if err := f.WriteContinuation(1, false, f.headers.Bytes()); err != nil {
					return err
				}
			}
			return nil
		}, 0, false},
		"empty continuation": {func(f *framer) error {
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.get("/")}); err != nil {
				return err
			}
			for range 2000 * many {
				if err := f.WriteContinuation(1, false, nil); err != nil {
					return err
				}
			}
			return nil
		}, 0, false},
		"settings": {func(f *framer) error {
			for range 2000 * many {
				if err := f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 15}); err != nil {
					return err
				}
			}
			return nil
		}, 0, false},
		"ping": {func(f *framer) error {
			for range 2000 * many {
				if err := f.WritePing(false, [8]byte{}); err != nil {
					return err
				}
			}
			return nil
		}, 0, false},
		"more streams than there may be": {func(f *framer) error {
			for i := range uint32(many) {
				if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: f.get("/hold"), EndStream: true, EndHeaders: true}); err != nil {
					return err
				}
			}
			return nil
		}, 0, true},
		"a stream of the server": {func(f *framer) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2, BlockFragment: f.get("/"), EndStream: true, EndHeaders: true})
		}, http2.ErrCodeProtocol, true},
		"window overflow": {func(f *framer) error {
			for range 3 {
				if err := f.WriteWindowUpdate(0, 1<<31-1); err != nil {
					return err
				}
			}
			return nil
		}, http2.ErrCodeFlowControl, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // Each takes all there is of the machine.
			// A connection on which there is no request is idle, whatever else it carries.
			p := serveFor(t, "tls_server_config: {cert_file: server.crt, key_file: server.key}", 2*time.Second)
			f := newFramer(t, p)
			defer f.conn.Close()
			failed := make(chan error, 1)
			go func() { failed <- test.attack(f) }()
			for range 20 { // while it lasts
				if got, _, err := (client{}).get(t, p); got != http.StatusOK {
					t.Fatalf("another client: got status %d, %v", got, err)
				}
			}
			err := <-failed
			if err != nil && !broken(err) {
				t.Errorf("the attack ended with %v", err)
			}
			if name == "more streams than there may be" {
				_ = f.conn.Close() // it may have as many, and those beyond are refused
			}
			if reason := f.ended(t); test.reason != 0 && reason != test.reason && err == nil {
				t.Errorf("got %s, want %s", reason, test.reason)
			}
			if most := p.most.Load(); most > 250 {
				t.Errorf("%d requests of one connection at a time", most)
			}
			if got, _, err := (client{}).get(t, p); got != http.StatusOK {
				t.Errorf("afterwards: got status %d, %v", got, err)
			}
			counted := func() bool { return p.metrics.Scrape(t).Errors(otelmetrics.ErrorInvalidInput) > 0 }
			if test.counted { // when the server has ended the connection, which it does in its own time
				testio.Eventually(t, "an error counted", counted)
			} else if counted() {
				t.Error("errors counted, want none")
			}
			if got := strings.Count(p.log.String(), "\n"); got > 25 {
				t.Errorf("%d lines in the log", got)
			}
		})
	}
}
