package service_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

// raw is a DSPy service that does to its connections what is told, and returns
// its URL. A connection is closed after that.
func raw(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	return "http://" + testio.Listen(t, serve)
}

// answering reads a request and sends an answer as it is.
func answering(answer string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		_, _ = io.WriteString(conn, answer)
	}
}

// hanging sends an answer, and nothing more until the other side has gone.
func hanging(answer string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		answering(answer)(conn)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// endless sends again and again, once it is asked: what comes before would have
// the connection closed unused.
func endless(part string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		answering("")(conn)
		for {
			if _, err := io.WriteString(conn, part); err != nil {
				return
			}
		}
	}
}

// resetting reads a little of a request.
func resetting(conn *net.TCPConn) {
	_, _ = io.ReadFull(conn, make([]byte, 10))
	_ = conn.SetLinger(0)
}

// However a DSPy service fails, the prediction fails with it, once and in time,
// and the client never takes half an answer for a whole one.
func TestDSPyServiceFaults(t *testing.T) {
	t.Parallel()
	const (
		ok     = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n10\r\ndata: {\"a\": 1}\n\n\r\n"
		large  = 900_000 // a body that no buffer holds
	)
	unavailable, timeout := errorsOf("upstream_unavailable", 1), errorsOf("timeout", 1)
	for name, test := range map[string]struct {
		serve  func(*net.TCPConn)
		body   int
		status int // 0 for an answer that breaks off
		want   string
	}{
		"closed at once":               {func(*net.TCPConn) {}, 2, 502, unavailable},
		"reset while sending":          {resetting, large, 502, unavailable},
		"hanging before the headers":   {hanging(""), 2, 504, timeout},
		"hanging in the headers":       {hanging("HTTP/1.1 200 OK\r\nContent-"), 2, 504, timeout},
		"not reading":                  {func(conn *net.TCPConn) { _, _ = conn.Read(make([]byte, 1)); hanging("")(conn) }, large, 504, timeout},
		"hanging in the body":          {hanging(ok + "Content-Length: 100\r\n\r\n{"), 2, 504, timeout},
		"hanging in the stream":        {hanging(stream), 2, 0, timeout},
		"garbage":                      {answering("\x16\x03\x01 no HTTP\r\n\r\n"), 2, 502, unavailable},
		"closed in the headers":        {answering("HTTP/1.1 200 OK\r\nContent-"), 2, 502, unavailable},
		"closed in the body":           {answering(ok + "Content-Length: 100\r\n\r\n{"), 2, 502, unavailable},
		"closed in a chunk":            {answering(ok + "Transfer-Encoding: chunked\r\n\r\n10\r\n{"), 2, 502, unavailable},
		"chunks of nonsense":           {answering(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"), 2, 502, unavailable},
		"closed in the stream":         {answering(stream), 2, 0, unavailable},
		"no end of informational ones": {endless("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), 2, 504, timeout},
	} {
		for _, withCache := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cached %t", name, withCache), func(t *testing.T) {
				t.Parallel()
				url := front(t, raw(t, test.serve), func(c *service.Config) {
					c.MaxBodyBytes = 1 << 20
					if test.want == timeout {
						c.Timeout = 200 * time.Millisecond
					}
					if withCache {
						cached(c)
					}
				})
				body := `"` + strings.Repeat("x", test.body-2) + `"`
				want := test.status
				if strings.HasSuffix(name, "body") || strings.Contains(name, "chunk") {
					want = 0 // The client has the begin of the answer, cache or not.
				}
				got, err := send(t.Context(), t, http.MethodPost, url+"/predict", body)
				if want == 0 && (err == nil || got.status != 0 && got.status != http.StatusOK) || want != 0 && (err != nil || got.status != want) {
					t.Errorf("got status %d, %v, want %d", got.status, err, want)
				}
				poll(t, url, predictions("predict", "failure", 1), predictions("predict", "success", 0), test.want, idle)
				if strings.Contains(got.body, "127.0.0.1") {
					t.Errorf("the client is told where the service is: %s", got.body)
				}
			})
		}
	}
}

// A name that cannot be resolved is one more way to be away. It has an empty
// label, so that nobody is asked for it.
func TestDSPyServiceOfNoName(t *testing.T) {
	t.Parallel()
	url := front(t, "http://dspy..invalid:8000", nil)
	if got := must(t, http.MethodPost, url+"/predict", "{}"); got.status != http.StatusBadGateway {
		t.Errorf("got %+v", got)
	}
	poll(t, url, predictions("predict", "failure", 1), errorsOf("upstream_unavailable", 1), idle)
}

// Informational answers pass, and are not the answer.
func TestInformationalAnswersPass(t *testing.T) {
	t.Parallel()
	url := front(t, raw(t, answering("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"+
		"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")), nil)
	var codes []int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { codes = append(codes, code); return nil },
	})
	got, err := send(ctx, t, http.MethodPost, url+"/predict", "{}")
	if err != nil || got.status != http.StatusOK || got.body != "{}" || got.header.Get("Link") != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if fmt.Sprint(codes) != "[103 102]" {
		t.Errorf("got informational answers %v, want 103 and 102", codes)
	}
	poll(t, url, predictions("predict", "success", 1), latency("/predict", "POST", "200"), idle)
}

// A DSPy service that is back is found at once.
func TestDSPyServiceComesBack(t *testing.T) {
	t.Parallel()
	var back atomic.Bool
	url := front(t, raw(t, func(conn *net.TCPConn) {
		if back.Load() {
			answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")(conn)
		}
	}), func(c *service.Config) { c.MaxConcurrency = 2 })
	for range 10 {
		if got := must(t, http.MethodPost, url+"/predict", "{}"); got.status != http.StatusBadGateway {
			t.Errorf("got %+v", got)
		}
	}
	back.Store(true)
	for range 10 {
		if got := must(t, http.MethodPost, url+"/predict", "{}"); got.status != http.StatusOK {
			t.Errorf("got %+v", got)
		}
	}
	poll(t, url, predictions("predict", "failure", 10), predictions("predict", "success", 10), errorsOf("upstream_unavailable", 10), idle)
}
