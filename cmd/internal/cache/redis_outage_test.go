package cache_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

const (
	begun = "redis is unavailable"
	ended = "redis is available again"
)

func (f *fixture) wantLines(begins, ends int) {
	f.t.Helper()
	testio.Eventually(f.t, fmt.Sprintf("%d outages begun and %d ended", begins, ends), func() bool {
		return f.logs.count(begun) == begins && f.logs.count(ended) == ends
	})
	if got := f.logs.count(""); got != begins+ends {
		f.t.Errorf("got %d lines, want %d:\n%s", got, begins+ends, f.logs)
	}
}

func TestRedisAwayAtStart(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	f := open(t, cache.Config{URL: "redis://:hunter2@" + address, Timeout: 5 * time.Second})
	f.wantLines(1, 0)
	f.set("key", "answer")
	f.wantGet("key", "")
	if got := f.counts(); got.misses != 1 || got.errors == 0 {
		t.Errorf("got %+v, want a miss and errors", got)
	}

	h := newHost(t, func(m *miniredis.Miniredis) error { m.RequireAuth("hunter2"); return m.StartAddr(address) })
	h.used.Store(42)
	f.wantLines(1, 1)
	f.set("key", "answer")
	f.wantGet("key", "answer")
	testio.Eventually(t, "the size", func() bool { return f.counts().size == 42 })
}

func TestRedisKilledAndRestarted(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	f := open(t, onHost(h))
	f.set("key", "answer")
	for outage := 1; outage <= 2; outage++ {
		f.wantGet("key", "answer")
		before := f.counts()
		h.Close()
		var wg sync.WaitGroup
		for range 8 { // Under use.
			wg.Go(func() {
				for range 200 {
					f.wantGet("key", "")
					f.set("key", "answer")
				}
			})
		}
		wg.Wait()
		f.wantLines(outage, outage-1)
		if got := f.counts(); got.misses-before.misses != 1600 || got.hits != before.hits || got.errors == before.errors ||
			got.errors-before.errors > 100 {
			t.Errorf("got %+v after %+v, want 1600 misses and errors only for what was tried", got, before)
		}
		h.restart(t)
		f.wantLines(outage, outage)
	}
	if got := f.logs.String(); !strings.Contains(got, "skipped=") || strings.Contains(got, "skipped=0") || !strings.Contains(got, "after=") {
		t.Errorf("got no length of the outage in %s", got)
	}
}

// An outage costs each prediction that is underway the timeout once, and those
// that follow nothing.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	config := onHost(h)
	config.Timeout = 500 * time.Millisecond
	f := open(t, config)
	testio.Eventually(t, "the first poll", func() bool { return h.infos.Load() > 0 })
	f.set("key", "answer")
	f.wantGet("key", "answer")

	h.hang()
	start := time.Now()
	f.wantGet("key", "")
	if took := time.Since(start); took < config.Timeout || took > 10*config.Timeout {
		t.Errorf("got an answer after %s, want the timeout of %s", took, config.Timeout)
	}
	start = time.Now()
	for range 1000 {
		f.wantGet("key", "")
		f.set("key", "answer")
	}
	if took := time.Since(start); took > config.Timeout {
		t.Errorf("got %s for 1000 look-ups in an outage, want less than one timeout of %s", took, config.Timeout)
	}
	h.resume()
	f.wantLines(1, 1)
	f.wantGet("key", "answer")
}

func TestRedisCallerGoneIsNoOutage(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	f := open(t, onHost(h))
	testio.Eventually(t, "the first poll", func() bool { return h.infos.Load() > 0 })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	f.Set(gone, "key", []byte("answer"), forever) // The answer is worth keeping.
	f.settle()
	f.wantGet("key", "answer")
	if got, ok := f.get(gone, "key"); ok {
		t.Errorf("got %q for a caller that has gone away", got)
	}

	h.hang()
	for range 3 {
		hasty, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if got, ok := f.get(hasty, "key"); ok {
			t.Errorf("got %q for a caller without time", got)
		}
		cancel()
	}
	h.resume()
	f.wantGet("key", "answer")
	f.wantLines(0, 0)
	if got := f.counts(); got.errors != 0 || got.misses != 4 || got.hits != 2 {
		t.Errorf("got %+v, want 4 misses without an error", got)
	}
}

func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ command, reply, logged string }{
		"wrong password": {"", "", "WRONGPASS"},
		"loading":        {"GET", "LOADING Redis is loading the dataset in memory", "LOADING"},
		"not permitted":  {"GET", "NOPERM no permissions to access a key", "NOPERM"},
		"quotes the password": {
			"GET", "ERR unknown command 'AUTH', with args beginning with: 'hunt", "unknown command 'AUTH'",
		},
		"tells the password": {"GET", "ERR I was given hunter2", "I was given …"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, (*miniredis.Miniredis).Start)
			config := onHost(h)
			config.URL = "redis://:hunter2@" + h.Addr()
			if test.command == "" {
				h.RequireAuth("correct")
				config.URL = "redis://me:hunter2@" + h.Addr()
			} else {
				h.RequireAuth("hunter2")
				h.refuse.Store(test.command, test.reply)
			}
			f := open(t, config)
			f.wantGet("key", "")
			f.set("key", "answer")
			f.wantLines(1, 0)
			if got := f.logs.String(); !strings.Contains(got, test.logged) || strings.Contains(got, "hunt") {
				t.Errorf("got logged %s, want %q and no secret", got, test.logged)
			}
			h.refuse.Clear()
			if test.command == "" { // Which miniredis takes only while it is down.
				h.Close()
				h.RequireUserAuth("me", "hunter2")
				h.restart(t)
			}
			f.wantLines(1, 1)
			f.set("key", "answer")
			f.wantGet("key", "answer")
		})
	}
}

// A Redis that is full can still be read.
func TestRedisRefusesToStore(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	f := open(t, onHost(h))
	f.set("key", "answer")
	h.refuse.Store("SET", "OOM command not allowed when used memory > 'maxmemory'.")
	for range 10 {
		f.set("new", "answer")
		f.wantGet("key", "answer")
	}
	h.refuse.Delete("SET")
	f.set("new", "answer")
	f.wantGet("new", "answer")
	if got := f.counts(); got.errors != 10 || got.hits != 11 || f.logs.count("refuses to store") != 1 || f.logs.count("") != 1 {
		t.Errorf("got %+v and logged %s, want an error each and one line", got, f.logs)
	}
}

// What speaks no Redis, breaks off or is slower than the timeout is away, and
// costs an answer no more than one timeout.
func TestRedisIsNone(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"garbage": func(conn net.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"zeros":   func(conn net.Conn) { _, _ = conn.Write(make([]byte, 1<<16)) },
		"closed":  func(net.Conn) {},
		"cut off": func(conn net.Conn) { _, _ = conn.Write([]byte("$1000\r\nhalf an answer")) },
		"endless": func(conn net.Conn) {
			_, _ = conn.Write([]byte("$9999999999\r\n"))
			for {
				if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		},
		"a byte at a time": func(conn net.Conn) {
			for tick := time.Tick(20 * time.Millisecond); ; <-tick {
				if _, err := conn.Write([]byte("0")); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, cache.Config{URL: "redis://" + impostor(t, serve), Timeout: 100 * time.Millisecond})
			f.wantLines(1, 0) // by the first poll
			start := time.Now()
			for range 100 {
				f.wantGet("key", "")
				f.set("key", "answer")
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("got %s for 100 look-ups", took)
			}
			if got := f.counts(); got.misses != 100 || got.hits != 0 || got.errors == 0 {
				t.Errorf("got %+v, want 100 misses", got)
			}
			f.wantLines(1, 0)
		})
	}
}

// impostor answers each connection in its own way, and returns its address.
func impostor(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	return testio.Listen(t, func(conn *net.TCPConn) {
		_ = conn.SetDeadline(time.Now().Add(testio.Patience))
		_, _ = conn.Read(make([]byte, 1<<10))
		serve(conn)
	})
}

// impostorOf answers each command by its name, and returns its address.
func impostorOf(t *testing.T, answer func(command string) string) string {
	t.Helper()
	return testio.Listen(t, func(conn *net.TCPConn) {
		_ = conn.SetDeadline(time.Now().Add(testio.Patience))
		reader := bufio.NewReader(conn)
		for {
			words, err := readCommand(reader)
			if err != nil {
				return
			}
			if _, err := io.WriteString(conn, answer(strings.ToUpper(words[0]))); err != nil {
				return
			}
		}
	})
}

// readCommand reads what a client sends: an array of strings.
func readCommand(reader *bufio.Reader) ([]string, error) {
	count, err := readCount(reader, '*')
	if err != nil {
		return nil, err
	}
	words := make([]string, count)
	for i := range words {
		length, err := readCount(reader, '$')
		if err != nil {
			return nil, err
		}
		word := make([]byte, length+len("\r\n"))
		if _, err := io.ReadFull(reader, word); err != nil {
			return nil, err
		}
		words[i] = string(word[:length])
	}
	return words, nil
}

func readCount(reader *bufio.Reader, kind byte) (int, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("got %q, want a line that begins with %c", line, kind)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func TestRedisAfterClose(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	c, err := cache.Open(t.Context(), onHost(h))
	if err != nil {
		t.Fatal(err)
	}
	c.Set(t.Context(), "key", []byte("answer"), forever)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.Set(t.Context(), "key", []byte("another"), forever)
	if got, ok := lookUp(t.Context(), c, "key"); ok {
		t.Errorf("got %q", got)
	}
}
