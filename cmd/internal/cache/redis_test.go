package cache_test

import (
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

const stored = "dspy-metrics:cache:v2:"

// host is a Redis server whose troubles the test makes.
type host struct {
	*miniredis.Miniredis
	used, evicted atomic.Int64
	refuse        sync.Map // error replies by command, or by command and key
	infos         atomic.Int64

	mu   sync.Mutex
	hung chan struct{} // commands wait for it to be closed
}

// newHost returns a server that runs until the test ends.
func newHost(t *testing.T, start func(*miniredis.Miniredis) error) *host {
	t.Helper()
	h := &host{Miniredis: miniredis.NewMiniRedis()}
	if err := start(h.Miniredis); err != nil {
		t.Fatal(err)
	}
	h.Server().SetPreHook(h.before)
	t.Cleanup(func() {
		h.resume()
		h.Close()
	})
	return h
}

func (h *host) restart(t *testing.T) {
	t.Helper()
	if err := h.Restart(); err != nil {
		t.Fatal(err)
	}
	h.Server().SetPreHook(h.before)
}

// before is called before each command, and returns whether it has answered.
func (h *host) before(peer *server.Peer, command string, args ...string) bool {
	h.mu.Lock()
	hung := h.hung
	h.mu.Unlock()
	if hung != nil {
		<-hung
	}
	command = strings.ToUpper(command)
	for _, refused := range []string{command, strings.Join(append([]string{command}, args[:min(1, len(args))]...), " ")} {
		if reply, ok := h.refuse.Load(refused); ok {
			peer.WriteError(reply.(string))
			return true
		}
	}
	if command != "INFO" {
		return false
	}
	h.infos.Add(1)
	peer.WriteBulk(fmt.Sprintf("# Memory\r\nused_memory:%d\r\nused_memory_human:1M\r\n\r\n# Stats\r\nevicted_keys:%d\r\n",
		h.used.Load(), h.evicted.Load()))
	return true
}

func (h *host) hang() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hung = make(chan struct{})
}

func (h *host) resume() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hung != nil {
		close(h.hung)
		h.hung = nil
	}
}

// onHost returns the configuration of a cache on a server, patient enough for a
// loaded machine.
func onHost(h *host) cache.Config {
	return cache.Config{URL: "redis://" + h.Addr(), Timeout: 5 * time.Second}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	config := onHost(h)
	config.TTL, config.MaxEntryBytes = time.Minute, 100
	f := open(t, config)
	f.wantGet("key", "")
	f.set("key", "answer")
	f.wantGet("key", "answer")
	f.set("key", "another answer")
	f.wantGet("key", "another answer")
	f.set("large", strings.Repeat("x", 96))
	f.wantGet("large", "")
	if got := h.Keys(); len(got) != 1 || got[0] != stored+"key" || h.TTL(got[0]) != time.Minute {
		t.Errorf("got keys %q, want one that lives a minute", got)
	}

	other := open(t, config) // Another process with the same Redis.
	other.wantGet("key", "another answer")

	h.FastForward(time.Minute)
	f.wantGet("key", "")
	if got := f.counts(); got.hits != 2 || got.misses != 3 || got.errors != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestRedisURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		start func(*miniredis.Miniredis) error
		setUp func(*host)
		url   string // %s is the address
	}{
		"password":          {(*miniredis.Miniredis).Start, func(h *host) { h.RequireAuth("hunter2") }, "redis://:hunter2@%s"},
		"user and password": {(*miniredis.Miniredis).Start, func(h *host) { h.RequireUserAuth("me", "hun/ter2") }, "redis://me:hun%%2Fter2@%s"},
		"database":          {(*miniredis.Miniredis).Start, func(h *host) { h.Select(3) }, "redis://%s/3"},
		"TLS":               {startTLS, func(*host) {}, "rediss://%s?skip_verify=true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, test.start)
			test.setUp(h)
			config := onHost(h)
			config.URL = fmt.Sprintf(test.url, h.Addr())
			f := open(t, config)
			f.set("key", "answer")
			f.wantGet("key", "answer")
			if !h.Exists(stored + "key") {
				t.Error("the answer is not in the database of the URL")
			}
			if got := f.logs.String(); got != "" {
				t.Errorf("got logged %s", got)
			}
		})
	}
}

// startTLS serves with the certificate of httptest.
func startTLS(m *miniredis.Miniredis) error {
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	return m.StartTLS(&tls.Config{Certificates: certified.TLS.Certificates})
}

// Whatever lies where an answer should is a miss and an error, no outage, and the
// next answer takes its place.
func TestRedisRubbish(t *testing.T) {
	t.Parallel()
	valid := func(h *host, key string) string {
		value, err := h.Get(stored + key)
		if err != nil {
			panic(err)
		}
		return value
	}
	tests := map[string]func(h *host) error{
		"empty":           func(h *host) error { return h.Set(stored+"key", "") },
		"text":            func(h *host) error { return h.Set(stored+"key", "hello, I am not a framed answer") },
		"truncated":       func(h *host) error { v := valid(h, "other"); return h.Set(stored+"key", v[:len(v)-1]) },
		"header only":     func(h *host) error { return h.Set(stored+"key", valid(h, "other")[:5]) },
		"of another key":  func(h *host) error { return h.Set(stored+"key", valid(h, "other")) },
		"another version": func(h *host) error { return h.Set(stored+"key", "dspy\x03"+valid(h, "key")[5:]) },
		"a list":          func(h *host) error { h.Del(stored + "key"); _, err := h.Push(stored+"key", "x"); return err },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, (*miniredis.Miniredis).Start)
			f := open(t, onHost(h))
			f.set("key", "answer")
			f.set("other", "other answer")
			if err := spoil(h); err != nil {
				t.Fatal(err)
			}
			f.wantGet("key", "")
			f.wantGet("other", "other answer")
			if got := f.counts(); got.misses != 1 || got.hits != 1 || got.errors != 1 {
				t.Errorf("got %+v, want one miss with an error", got)
			}
			f.set("key", "answer again")
			f.wantGet("key", "answer again")
			if got := f.logs.String(); got != "" {
				t.Errorf("got logged %s", got)
			}
		})
	}
}

func TestRedisUsage(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	h.used.Store(1000)
	h.evicted.Store(500) // Before our time.
	config := onHost(h)
	config.PollInterval = 5 * time.Millisecond
	f := open(t, config)
	for _, step := range []struct{ used, evicted, want int64 }{
		{1000, 500, 0},
		{2000, 507, 7},
		{1500, 507, 7},
		{100, 3, 10}, // Redis started over, and evicted 3 since.
		{100, 4, 11},
	} {
		h.used.Store(step.used)
		h.evicted.Store(step.evicted)
		testio.Eventually(t, fmt.Sprintf("%+v", step), func() bool {
			got := f.counts()
			return got.size == float64(step.used) && got.evictions == float64(step.want)
		})
	}
	if got := f.counts(); got.errors != 0 || f.logs.String() != "" {
		t.Errorf("got %+v and logged %s", got, f.logs)
	}
}

// A server that does not permit INFO serves all the same.
func TestRedisUsageUnknown(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	h.refuse.Store("INFO", "NOPERM this user has no permissions to run the 'info' command")
	h.used.Store(7)
	config := onHost(h)
	config.PollInterval = 5 * time.Millisecond
	f := open(t, config)
	testio.Eventually(t, "a log line", func() bool { return f.logs.count("does not report its size") == 1 })
	f.set("key", "answer")
	f.wantGet("key", "answer")
	h.refuse.Delete("INFO")
	testio.Eventually(t, "the size", func() bool { return f.counts().size == 7 && f.logs.count("size and evictions again") == 1 })
	if got := f.counts(); got.errors != 0 || f.logs.count("") != 2 {
		t.Errorf("got %+v and logged %s, want no error and two lines", got, f.logs)
	}
}
