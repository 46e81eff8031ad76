package service_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire is a DSPy service made of bytes: it keeps each request as it came over the
// connection, and answers what it is told to.
type wire struct {
	listener net.Listener
	answer   string

	mu   sync.Mutex
	seen []passed
	open map[net.Conn]bool
}

// passed is a request that reached the DSPy service.
type passed struct{ head, body string }

func newWire(t *testing.T, answer string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, answer: answer, open: make(map[net.Conn]bool)}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.track(conn, true)
			serving.Go(func() {
				defer w.track(conn, false)
				defer conn.Close()
				w.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		for conn := range w.open {
			_ = conn.Close()
		}
		w.mu.Unlock()
		serving.Wait()
	})
	return w
}

func (w *wire) url() string { return "http://" + w.listener.Addr().String() }

func (w *wire) track(conn net.Conn, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if open {
		w.open[conn] = true
	} else {
		delete(w.open, conn)
	}
}

func (w *wire) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}

// requests returns what has come, and forgets it.
func (w *wire) requests() []passed {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return seen
}

// serve reads requests with no more than the length that they state. It looks
// for what is left over where a request ought to begin.
func (w *wire) serve(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for {
		var head bytes.Buffer
		for !bytes.HasSuffix(head.Bytes(), []byte("\r\n\r\n")) {
			b, err := reader.ReadByte()
			if err != nil {
				if head.Len() > 0 {
					w.keep(passed{head: head.String()})
				}
				return
			}
			head.WriteByte(b)
		}
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head.Bytes())))
		if err != nil || len(request.TransferEncoding) > 0 {
			w.keep(passed{head: head.String()})
			return
		}
		body := make([]byte, request.ContentLength)
		if _, err := io.ReadFull(reader, body); err != nil {
			w.keep(passed{head: head.String(), body: "is missing"})
			return
		}
		w.keep(passed{head.String(), string(body)})
		if _, err := io.WriteString(conn, w.answer); err != nil {
			return
		}
	}
}

func (w *wire) keep(p passed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, p)
}

// header returns the values of a field of the request, as they stand there.
func (p passed) header(name string) []string {
	var values []string
	for line := range strings.SplitSeq(p.head, "\r\n") {
		if key, value, ok := strings.Cut(line, ": "); ok && strings.EqualFold(key, name) {
			values = append(values, value)
		}
	}
	return values
}

// malformed tells what RFC 9112 does not allow in the head of a request, or what
// two servers could read in two ways.
func (p passed) malformed() error {
	const line = `(?:[!#$%&'*+.^_|~0-9A-Za-z\x60-]+: (?:[\t\x20-\x7e\x80-\xff]*)\r\n)`
	if !regexp.MustCompile(`^[A-Z]+ /[\x21-\x7e]* HTTP/1\.1\r\n` + line + `+\r\n$`).MatchString(latin1(p.head)) {
		return fmt.Errorf("the head is not of HTTP/1.1: %q", p.head)
	}
	for name, most := range map[string]int{"Host": 1, "Content-Length": 1, "Transfer-Encoding": 0, "Connection": 0, "Upgrade": 0, "Trailer": 0} {
		if got := len(p.header(name)); got > most {
			return fmt.Errorf("%d fields %s: %q", got, name, p.head)
		}
	}
	return nil
}

// latin1 makes each byte a character, for a pattern of bytes.
func latin1(text string) string {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}

// dial connects to the host of a URL.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchange sends bytes and returns all that comes back until the service hangs up.
func exchange(t *testing.T, url, request string) string {
	t.Helper()
	conn := dial(t, url)
	go func() { _, _ = io.WriteString(conn, request) }() // a refusal may come before it is read
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 {
		t.Fatalf("%q is answered with nothing: %v", clip(request), err)
	}
	return string(answer)
}

// eventually fails the test if check does not become nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline, tick := time.NewTimer(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for err := check(); err != nil; err = check() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal(err)
		}
	}
}

func clip(text string) string {
	const most = 300
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
