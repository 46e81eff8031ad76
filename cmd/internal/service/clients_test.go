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
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// open sends a part of a request, and leaves the connection open until the test
// ends.
func open(t *testing.T, url, part string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, part); err != nil {
		t.Fatal(err)
	}
	return conn
}

// status returns the status that a connection is answered with.
func status(t *testing.T, conn net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func head(length int) string {
	return fmt.Sprintf("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", length)
}

// Whoever does not send its body takes no place from those who do.
func TestSlowBodiesTakeNoPlace(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, func(c *service.Config) { c.ClientTimeout = 300 * time.Millisecond })
	var slow []net.Conn
	for range 10 {
		slow = append(slow, open(t, url, head(100)+"{"))
	}
	if got := must(t, http.MethodPost, url+"/predict", question); got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
	for _, conn := range slow {
		if got := status(t, conn); got != http.StatusRequestTimeout {
			t.Errorf("got status %d of a body that did not come, want 408", got)
		}
	}
	poll(t, url, strings.Replace(latency("/predict", "POST", "408"), "} 1", "} 10", 1), errorsOf("timeout", 10), predictions("predict", "success", 1), predictions("predict", "failure", 0), idle)
}

// What has come of all bodies together is bounded.
func TestBodiesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, nil) // 2 predictions of 1000 bytes
	part := strings.Repeat(" ", 900)
	first, second := open(t, url, head(999)+part), open(t, url, head(999)+part)
	refused := func() bool {
		conn := open(t, url, head(950)+part)
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		return err == nil
	}
	deadline := time.Now().Add(10 * time.Second)
	for !refused() { // until both parts have been read
		if time.Now().After(deadline) {
			t.Fatal("bodies are not bounded")
		}
	}
	_, _ = first.Close(), second.Close()
	for must(t, http.MethodPost, url+"/predict", question).status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("the room of bodies that ended is not given back")
		}
	}
}

// Where the service shuts down, a refusal does not wait for the body.
func TestDrainingDoesNotWaitForBodies(t *testing.T) {
	t.Parallel()
	s, url := start(t, answers, nil)
	s.Drain()
	if got := status(t, open(t, url, head(100)+"{")); got != http.StatusServiceUnavailable {
		t.Errorf("got status %d, want 503", got)
	}
}

// An answer to what is in flight when the service begins to shut down is the
// last on its connection: a request after it could meet its end.
func TestDrainingEndsConnections(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	s, url := start(t, func(context.Context) error {
		entered <- struct{}{}
		<-release
		return nil
	}, nil)
	conn := open(t, url, head(len(question))+question)
	<-entered
	s.Drain()
	close(release)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("got %s, close %t, want 200 and the end of the connection", response.Status, response.Close)
	}
}

// Connections of refused requests go on, also those whose body was not read.
func TestRefusedConnectionsGoOn(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	_, url := start(t, func(context.Context) error {
		entered <- struct{}{}
		<-release
		return nil
	}, func(c *service.Config) { c.MaxConcurrency = 1 })
	admitted := open(t, url, head(len(question))+question)
	<-entered
	conn := open(t, url, "")
	answers := bufio.NewReader(conn)
	for i := range 100 {
		// The body comes with the head, or when the request is being refused.
		if _, err := io.WriteString(conn, head(len(question))+question[:i%2]); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, question[i%2:]); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusTooManyRequests || response.Close {
			t.Fatalf("request %d: got %s, %v, close %t, want 429 on a connection that goes on", i, response.Status, err, response.Close)
		}
	}
	close(release)
	if got := status(t, admitted); got != http.StatusOK {
		t.Errorf("got status %d of what was admitted, want 200", got)
	}
}

// A client that goes away in mid-body is one, not one that sends nonsense.
func TestClientGoneInItsBody(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, nil)
	_ = open(t, url, head(100)+"{").Close()
	poll(t, url, latency("/predict", "POST", "499"), errorsOf("canceled", 1), errorsOf("invalid_input", 0), idle)
}

// The time that a client has for its request is not that of the prediction.
func TestPredictionOutlastsTheReadTimeout(t *testing.T) {
	t.Parallel()
	const readTimeout = 50 * time.Millisecond
	s, _ := start(t, func(ctx context.Context) error {
		select {
		case <-time.After(4 * readTimeout):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil)
	server := httptest.NewUnstartedServer(s.Handler())
	server.Config.ReadTimeout = readTimeout
	server.Start()
	t.Cleanup(server.Close)
	got := must(t, http.MethodPost, server.URL+"/predict", question)
	if got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
}

// A client that does not take its answer frees its place when the time of the
// prediction is over.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	program := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		event := "data: " + strings.Repeat("x", 1<<16) + "\n\n"
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, event); err != nil {
				return
			}
		}
	}
	url := behind(t, program, func(c *service.Config) { c.Timeout, c.MaxConcurrency = 100*time.Millisecond, 1 })
	open(t, url, head(2)+"{}")
	poll(t, url, predictions("predict", "failure", 1), idle)
}

// One that does not take what is no prediction loses its connection.
func TestSlowReaderOfAPage(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, func(c *service.Config) { c.ClientTimeout = 100 * time.Millisecond })
	conn := open(t, url, "")
	for {
		// Until what is not taken fills all buffers.
		if _, err := io.WriteString(conn, "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the connection is held")
		} else if err != nil {
			return
		}
	}
}
