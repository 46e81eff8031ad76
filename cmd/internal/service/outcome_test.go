package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// endMarks are streams with their last event apart. Once a client has that, the
// stream is complete.
func endMarks() map[string][2]string {
	return map[string][2]string{
		"OpenAI": {"data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n", "data: [DONE]\n\n"},
		"DSPy":   {"data: {\"chunk\":\"a\"}\n\n", "data: {\"prediction\":{\"answer\":\"a\"}}\n\n"},
	}
}

// What happens to the connections of an answer that is complete changes nothing;
// what happens before that does.
func TestOutcomeAfterTheEnd(t *testing.T) {
	t.Parallel()
	type ending struct {
		program any  // what it does after its last words
		client  bool // whether the client closes its connection
		limit   time.Duration
	}
	endings := map[string]ending{
		"the program ends":            {program: time.Duration(0)},
		"the program ends late":       {program: 2 * time.Millisecond},
		"the program breaks":          {program: errors.New("connection reset")},
		"the program breaks late":     {program: fmt.Errorf("read: %w", io.ErrUnexpectedEOF)},
		"the client closes":           {program: time.Hour, client: true},
		"the client closes, no limit": {program: time.Hour, client: true, limit: -1},
		"the time is over":            {program: time.Hour, limit: time.Minute},
	}
	for dialect, parts := range endMarks() {
		for name, ending := range endings {
			for _, complete := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, complete %t", dialect, name, complete), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						said := parts[0]
						if complete {
							said += parts[1]
						}
						backend := acting{stream(), -1, 0, script(said, ending.program)}
						handler, page := without(t, backend, func(c *service.Config) {
							c.Timeout, c.SilenceTimeout = max(0, ending.limit), 0
						})
						ctx, leave := context.WithCancel(context.WithValue(t.Context(), http.ServerContextKey, new(http.Server)))
						defer leave()
						if ending.client {
							time.AfterFunc(time.Minute, leave)
						}
						got, broken := httptest.NewRecorder(), false
						func() {
							defer func() { broken = recover() != nil }()
							handler.ServeHTTP(got, httptest.NewRequestWithContext(ctx, http.MethodPost, "/predict", strings.NewReader("{}")))
						}()
						if got.Body.String() != said {
							t.Errorf("got %q, want %q", got.Body, said)
						}
						_, early := ending.program.(error)
						if wantBroken := early || ending.client || ending.limit > 0; broken != wantBroken {
							t.Errorf("the client's connection is broken: %t, want %t", broken, wantBroken)
						}
						status, failure := "200", ""
						switch {
						case complete:
						case ending.client:
							status, failure = "499", "canceled"
						case ending.limit > 0:
							failure = "timeout"
						case early || dialect == "OpenAI": // which says when it ends
							failure = "upstream_unavailable"
						}
						text := page()
						wantLines(t, text, latency("/predict", "POST", status), idle)
						if failure == "" {
							wantLines(t, text, predictions("predict", "success", 1), predictions("predict", "failure", 0), attempted("success", 1))
						} else {
							wantLines(t, text, predictions("predict", "failure", 1), errorsOf(failure, 1), attempted(failure, 1))
						}
					})
				})
			}
		}
	}
}

// Clients that close their connection at the end mark, as OpenAI's does, where the
// program takes its time to end: none of them is one that went away.
func TestClientsCloseAtTheEnd(t *testing.T) {
	t.Parallel()
	const streams = 200
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n")
		_ = http.NewResponseController(w).Flush()
		if r.Header.Get("X-Late") != "" {
			<-r.Context().Done() // until the service closes the connection
		}
	}, nil)
	for i := range streams {
		conn := dial(t, url)
		late := ""
		if i%2 == 0 {
			late = "X-Late: yes\r\n"
		}
		_, _ = io.WriteString(conn, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"+late+"\r\n{}")
		lines := bufio.NewScanner(conn)
		for lines.Scan() && lines.Text() != "data: [DONE]" {
		}
		if i%3 == 0 { // reset it, as a process does that ends
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		_ = conn.Close()
	}
	poll(t, url, predictions("predict", "success", streams), predictions("predict", "failure", 0), errorsOf("canceled", 0),
		strings.Replace(latency("/predict", "POST", "200"), "} 1", fmt.Sprintf("} %d", streams), 1), idle)
}

// Clients that leave before the end mark went away, however that is noticed.
func TestClientsLeaveBeforeTheEnd(t *testing.T) {
	t.Parallel()
	const streams = 50
	url := behind(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil { // with and without a write in the moment of leaving
			_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n")
			_ = http.NewResponseController(w).Flush()
			if r.Header.Get("X-Waits") != "" {
				<-r.Context().Done()
			}
		}
	}, nil)
	for i := range streams {
		conn := dial(t, url)
		waits := ""
		if i%2 == 0 {
			waits = "X-Waits: yes\r\n"
		}
		_, _ = io.WriteString(conn, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"+waits+"\r\n{}")
		lines := bufio.NewScanner(conn)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
		}
		if i%3 == 0 {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		_ = conn.Close()
	}
	poll(t, url, predictions("predict", "failure", streams), predictions("predict", "success", 0), errorsOf("canceled", streams),
		strings.Replace(latency("/predict", "POST", "499"), "} 1", fmt.Sprintf("} %d", streams), 1), idle)
}

// An answer whose length was stated is complete with its last byte, whatever the
// program does then.
func TestWholeByItsLength(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*net.TCPConn){
		"closed": answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
		"reset": func(conn *net.TCPConn) {
			answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")(conn)
			_ = conn.SetLinger(0)
		},
		"hanging": hanging("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
		"more":    answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 No\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := front(t, raw(t, serve), nil)
			conn := open(t, url, head(2)+"{}")
			if got := status(t, conn); got != http.StatusOK {
				t.Errorf("got status %d", got)
			}
			_ = conn.Close()
			poll(t, url, predictions("predict", "success", 1), latency("/predict", "POST", "200"), idle)
		})
	}
}
