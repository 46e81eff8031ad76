package service_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// bodies is a backend whose answers have a body that the test makes.
type bodies struct {
	passing
	body func() io.ReadCloser
}

func (b bodies) Predict(_ *service.Call, r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: -1,
		Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: b.body(),
	}, nil
}

// RoundTrip is asked for what passes, when the whole body has been read.
func (b bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return b.Predict(nil, r)
}

// network is a network in memory, whose time is that of the test.
type network struct {
	accepted chan net.Conn
	closed   chan struct{}
}

// line is a connection from an address.
type line struct {
	net.Conn
	from string
}

func (w line) RemoteAddr() net.Addr { return remote(w.from) }

type remote string

func (remote) Network() string  { return "tcp" }
func (r remote) String() string { return string(r) }

func (w *network) Addr() net.Addr { return remote("192.0.2.1:80") }
func (w *network) Close() error   { close(w.closed); return nil }
func (w *network) Accept() (net.Conn, error) {
	select {
	case conn := <-w.accepted:
		return conn, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// dial opens a connection from an address.
func (w *network) dial(from string) net.Conn {
	client, server := net.Pipe()
	w.accepted <- line{server, from + ":1234"}
	return client
}

// networked serves on network within a bubble of testing/synctest.
func networked(t *testing.T, body func() io.ReadCloser, change func(*service.Config)) (*network, http.Handler) {
	t.Helper()
	recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	c := config(recorder, bodies{func(*http.Request) {}, body})
	c.Timeout, c.ClientTimeout, c.MinRequestRate, c.MinResponseRate = 10*time.Minute, 30*time.Second, 1024, 1024
	c.MaxBodyBytes = 1 << 20
	if change != nil {
		change(&c)
	}
	s, err := service.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w := &network{make(chan net.Conn), make(chan struct{})}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: &protocols, Handler: s.Handler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	ended := make(chan error)
	go func() { ended <- server.Serve(w) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		time.Sleep(time.Second) //nolint:forbidigo // The time of the bubble: requests that are underway end.
		_ = recorder.Shutdown(context.Background())
	})
	return w, recorder.Handler()
}

// unending is an answer that goes on. It begins after a moment, in which the proxy
// sends the header: a bubble stands still while its goroutines wait for a mutex.
type unending struct {
	begun time.Time
	held  *time.Duration // how long it was until the client had lost its place
}

func (u *unending) Read(p []byte) (int, error) {
	if u.begun.IsZero() {
		u.begun = time.Now()
		time.Sleep(time.Millisecond) //nolint:forbidigo // The time of the bubble.
	}
	return copy(p, strings.Repeat("data: x\n\n", 4000)), nil
}

func (u *unending) Close() error {
	if u.held != nil {
		*u.held = time.Since(u.begun)
	}
	return nil
}

// takes reads n bytes at a time with a pause between, until the other side ends
// the connection.
func takes(from io.Reader, n int, pause time.Duration) {
	buffer := make([]byte, n)
	for {
		if _, err := io.ReadFull(from, buffer); err != nil {
			return
		}
		time.Sleep(pause) //nolint:forbidigo // The time of the bubble.
	}
}

func predictOn(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, head(2)+"{}"); err != nil {
		t.Fatal(err)
	}
}

// A client that takes less than the rate of what is there loses its place; one
// that takes more keeps it as long as a prediction may take.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes       int
		pause       time.Duration
		least, most time.Duration // that it holds its place
	}{
		"nothing":            {1 << 20, time.Hour, 0, time.Minute},
		"a byte a second":    {1, time.Second, 0, time.Minute},
		"half of the rate":   {512, time.Second, 0, 2 * time.Minute},
		"twice the rate":     {2048, time.Second, 10 * time.Minute, 11 * time.Minute},
		"half, in lumps":     {32 << 10, time.Minute, 0, 2 * time.Minute},
		"stalls for 9 s":     {64 << 10, 9 * time.Second, 10 * time.Minute, 11 * time.Minute},
		"fast, then nothing": {4 << 20, time.Hour, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var held time.Duration
				w, metrics := networked(t, func() io.ReadCloser { return &unending{held: &held} }, nil)
				conn := w.dial("192.0.2.7")
				defer conn.Close()
				predictOn(t, conn)
				answer := bufio.NewReader(conn)
				if response, err := http.ReadResponse(answer, nil); err != nil || response.StatusCode != http.StatusOK {
					t.Fatalf("got %v, %v", response, err)
				}
				takes(answer, test.bytes, test.pause)
				synctest.Wait()
				if held < test.least || held > test.most {
					t.Errorf("held its place for %v, want %v to %v", held, test.least, test.most)
				}
				gathered(t, metrics, predictions("predict", "failure", 1), idle)
			})
		})
	}
}

// Time that the program takes is not the client's.
func TestSlowProgram(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const events = 9
		w, metrics := networked(t, func() io.ReadCloser {
			reader, writer := io.Pipe()
			go func() {
				for range events {
					time.Sleep(time.Minute) //nolint:forbidigo // The time of the bubble.
					_, _ = io.WriteString(writer, "data: x\n\n")
				}
				_ = writer.Close()
			}()
			return reader
		}, nil)
		conn := w.dial("192.0.2.7")
		defer conn.Close()
		predictOn(t, conn)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil || strings.Count(string(text), "data:") != events {
			t.Errorf("got %q, %v", text, err)
		}
		synctest.Wait()
		gathered(t, metrics, predictions("predict", "success", 1), idle)
	})
}

// What passes has to keep to the rates too, and is not cut off for its program.
func TestPaceOfWhatPasses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sends    string
		answered bool
		within   time.Duration
	}{
		"whole":  {head(3) + "{ }", true, 61 * time.Second},
		"stalls": {head(3) + "{ ", false, 11 * time.Second}, // and is hung up on
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, _ := networked(t, func() io.ReadCloser {
					time.Sleep(time.Minute) //nolint:forbidigo // The time of the bubble.
					return http.NoBody
				}, func(c *service.Config) { c.Pass = []string{"/pass"} })
				conn := w.dial("192.0.2.7")
				defer conn.Close()
				start := time.Now()
				if _, err := io.WriteString(conn, strings.Replace(test.sends, "/predict", "/pass", 1)); err != nil {
					t.Fatal(err)
				}
				_, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if took := time.Since(start); (err == nil) != test.answered || took > test.within {
					t.Errorf("ended with %v after %v, want an answer: %t, within %v", err, took, test.answered, test.within)
				}
			})
		})
	}
}

// A body has to come at the rate too, and within the time of the client.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		length, bytes int
		pause         time.Duration
		status        int
		within        time.Duration
	}{
		"byte by byte":     {1000, 1, 100 * time.Millisecond, http.StatusRequestTimeout, 12 * time.Second},
		"nothing":          {1000, 1, time.Minute, http.StatusRequestTimeout, 12 * time.Second},
		"twice the rate":   {40_000, 2048, time.Second, http.StatusOK, 21 * time.Second},
		"within its time":  {1 << 20, 1 << 15, time.Second, http.StatusRequestTimeout, 31 * time.Second},
		"stalls for a bit": {3000, 1000, 4 * time.Second, http.StatusOK, 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, metrics := networked(t, func() io.ReadCloser { return http.NoBody }, nil)
				conn := w.dial("192.0.2.7")
				start := time.Now()
				go func() {
					if _, err := io.WriteString(conn, head(test.length)); err != nil {
						return
					}
					for left := test.length; left > 0; left -= test.bytes {
						if _, err := io.WriteString(conn, strings.Repeat(" ", min(left, test.bytes))); err != nil {
							return
						}
						time.Sleep(test.pause) //nolint:forbidigo // The time of the bubble.
					}
				}()
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); response.StatusCode != test.status || took > test.within {
					t.Errorf("got %s after %v, want %d within %v", response.Status, took, test.status, test.within)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = conn.Close()
				time.Sleep(2 * test.pause) //nolint:forbidigo // The time of the bubble: the sender ends.
				synctest.Wait()
				if test.status != http.StatusOK {
					gathered(t, metrics, errorsOf("timeout", 1), predictions("predict", "success", 0), idle)
				}
			})
		})
	}
}

// One client address has its share of the places and no more, and what it says
// of where it comes from changes nothing.
func TestShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, metrics := networked(t, func() io.ReadCloser { return new(unending) }, func(c *service.Config) {
			c.MaxConcurrency, c.MaxClientConcurrency, c.MinResponseRate = 4, 3, 0
		})
		asks := func(from, forwarded string) (net.Conn, *http.Response) {
			conn := w.dial(from)
			request := strings.Replace(head(2), "\r\n\r\n", fmt.Sprintf("\r\nX-Forwarded-For: %s\r\nForwarded: for=%s\r\n\r\n{}", forwarded, forwarded), 1)
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			return conn, response
		}
		for i := range 6 {
			conn, response := asks("[2001:db8::"+strconv.Itoa(i)+"]", fmt.Sprint("198.51.100.", i))
			defer conn.Close()
			want := http.StatusOK
			if i >= 3 {
				want = http.StatusTooManyRequests
			}
			if response.StatusCode != want {
				t.Errorf("request %d of one address: got %s, want %d", i, response.Status, want)
			}
			if i == 3 {
				if text, _ := io.ReadAll(response.Body); !strings.Contains(string(text), "--max-client-concurrency") {
					t.Errorf("got %s", text)
				}
			}
		}
		conn, response := asks("[2001:db8:0:1::1]", "2001:db8::1")
		if response.StatusCode != http.StatusOK {
			t.Errorf("another client: got %s, want 200", response.Status)
		}
		_, full := asks("192.0.2.9", "192.0.2.9")
		if text, _ := io.ReadAll(full.Body); full.StatusCode != http.StatusTooManyRequests || strings.Contains(string(text), "address") {
			t.Errorf("got %s, want 429 because of all: %s", full.Status, text)
		}
		_ = conn.Close()
		time.Sleep(time.Second) //nolint:forbidigo // The time of the bubble.
		if _, again := asks("192.0.2.9", "192.0.2.9"); again.StatusCode != http.StatusOK {
			t.Errorf("a place that was given back: got %s, want 200", again.Status)
		}
		gathered(t, metrics, `dspy_active_predictions{service="qa"} 4`)
	})
}

// What one client address sends at a time leaves room for the bodies of others.
func TestSharesOfBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := networked(t, func() io.ReadCloser { return http.NoBody }, func(c *service.Config) {
			c.MaxConcurrency, c.MaxClientConcurrency, c.MaxBodyBytes = 4, 3, 1000
		})
		sends := func(from string) int {
			conn := w.dial(from)
			go func() { _, _ = io.WriteString(conn, head(1000)+strings.Repeat(" ", 900)) }()
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return 0 // it waits for the rest of the body
			}
			return response.StatusCode
		}
		for i, want := range []int{0, 0, 0, http.StatusTooManyRequests, http.StatusTooManyRequests} {
			if got := sends("192.0.2.7"); got != want {
				t.Errorf("body %d of one client: got status %d, want %d", i, got, want)
			}
		}
		if got := sends("192.0.2.8"); got != 0 {
			t.Errorf("the body of another client: got status %d", got)
		}
	})
}

// gathered wants lines on the page of a service.
func gathered(t *testing.T, metrics http.Handler, lines ...string) {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page := answer.Body.String()
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("the page has no line %q:\n%s", line, page)
		}
	}
}

// A client of HTTP/2 that opens no window takes nothing either.
func TestWindowOfZero(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var held time.Duration
		w, metrics := networked(t, func() io.ReadCloser { return &unending{held: &held} }, nil)
		conn := w.dial("192.0.2.7")
		defer conn.Close()
		framer := http2.NewFramer(conn, conn)
		go func() { // whatever comes is taken
			for {
				if _, err := framer.ReadFrame(); err != nil {
					return
				}
			}
		}()
		if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
			t.Fatal(err)
		}
		if err := framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}); err != nil {
			t.Fatal(err)
		}
		var headers bytes.Buffer
		encoder := hpack.NewEncoder(&headers)
		for name, value := range map[string]string{":method": "POST", ":scheme": "http", ":authority": "x", ":path": "/predict"} {
			_ = encoder.WriteField(hpack.HeaderField{Name: name, Value: value})
		}
		if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers.Bytes(), EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
		if err := framer.WriteData(1, true, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // The time of the bubble.
		synctest.Wait()
		if held == 0 || held > time.Minute {
			t.Errorf("held its place for %v, want less than a minute", held)
		}
		gathered(t, metrics, predictions("predict", "failure", 1), errorsOf("canceled", 1), idle)
	})
}
