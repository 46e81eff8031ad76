package cache_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

// Who has an answer does not wait for Redis to take it, and it can be looked up at
// once; what cannot be stored then is not.
func TestRedisStoresInTheBackground(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	f := open(t, onHost(h))
	testio.Eventually(t, "the first poll", func() bool { return h.infos.Load() > 0 })
	f.set("key", "an old answer")
	h.hang()
	for i := range 1000 { // More than can be on their way.
		f.Set(t.Context(), fmt.Sprint("key ", i), []byte("answer"), forever)
	}
	f.Set(t.Context(), "late", []byte("answer"), forever)
	f.wantGet("key 0", "answer")
	h.resume()
	f.settle()
	f.wantGet("key 0", "answer")
	if got := len(h.Keys()); got < 10 || got > 200 {
		t.Errorf("got %d answers stored, want those that were on their way", got)
	}
	if got := f.counts(); got.errors != 0 || f.logs.String() != "" {
		t.Errorf("got %+v and logged %s", got, f.logs)
	}
}

// What is on its way is stored before the cache is closed.
func TestRedisStoresBeforeItCloses(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	c, err := cache.Open(t.Context(), onHost(h))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		c.Set(t.Context(), strconv.Itoa(i), []byte("answer"), forever)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(h.Keys()); got != 20 {
		t.Errorf("got %d answers stored, want 20", got)
	}
}

// A time to live that an answer states itself is kept in Redis and in memory.
func TestTimeToLiveOfAnAnswer(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	config := onHost(h)
	config.TTL = time.Minute
	f := open(t, config)
	for ttl, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: time.Minute, time.Nanosecond: 0, -time.Hour: 0, 0: 0} {
		key := ttl.String()
		f.Set(t.Context(), key, []byte("answer"), ttl)
		f.settle()
		if got := h.TTL(stored + key); got != want {
			t.Errorf("got %s to live for %s, want %s", got, ttl, want)
		}
	}
}

// A server that has some keys and not others is one outage, and not one for each key:
// the member of a cluster, or one whose rules permit some keys only.
func TestRedisHasOnlySomeKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ reply, logged string }{
		"cluster":       {"MOVED 866 127.0.0.1:7001", "a Redis Cluster is not supported"},
		"migrating":     {"ASK 866 127.0.0.1:7001", "a Redis Cluster is not supported"},
		"not permitted": {"NOPERM No permissions to access a key", "NOPERM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, (*miniredis.Miniredis).Start)
			h.refuse.Store("GET "+stored+"elsewhere", test.reply)
			f := open(t, onHost(h))
			f.set("key", "answer")
			f.wantGet("key", "answer")
			for range 100 {
				f.wantGet("elsewhere", "")
				_, _ = f.get(t.Context(), "key")
			}
			// The watch asks for what failed, and not for what works.
			testio.Eventually(t, "several probes", func() bool { return f.counts().errors > 4 })
			f.wantLines(1, 0)
			if got := f.logs.String(); !strings.Contains(got, test.logged) {
				t.Errorf("got logged %s, want %q", got, test.logged)
			}
			h.refuse.Clear()
			f.wantLines(1, 1)
			f.wantGet("key", "answer")
		})
	}
}

// A value that is too large for an answer is none, and no outage. It is not read.
func TestRedisValueTooLarge(t *testing.T) {
	t.Parallel()
	h := newHost(t, (*miniredis.Miniredis).Start)
	f := open(t, onHost(h))
	f.set("other", "answer")
	if err := h.Set(stored+"key", strings.Repeat("x", 5<<20)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.wantGet("key", "")
		f.wantGet("other", "answer")
	}
	f.set("key", "answer")
	f.wantGet("key", "answer")
	if got := f.counts(); got.errors != 3 || got.misses != 3 || got.hits != 4 || f.logs.String() != "" {
		t.Errorf("got %+v and logged %s, want three misses with an error", got, f.logs)
	}
}

// Whatever a server does with a password, and whatever characters it has, the log has
// none of it.
func TestRedisPasswordIsNotLogged(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{
		"plain": "hunter2", "quotes": `hunter2"'\`, "of a URL": "hunter2/?#@:%20 ", "lines": "hunter2\r\nx", "letters": "hünter2✓", "control": "hunter2\x00\x7f",
	} {
		for how, reply := range map[string]string{
			"in an error":      "-ERR you said %s\r\n",
			"as no reply":      "%s\r\n",
			"as an integer":    ":%s\r\n",
			"as a length":      "$%s\r\n",
			"as a status":      "+%s\r\n",
			"with the command": "-ERR unknown command 'AUTH', with args beginning with: '%s'\r\n",
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				address := impostor(t, func(conn net.Conn) {
					_, _ = fmt.Fprintf(conn, reply, password)
				})
				f := open(t, cache.Config{URL: "redis://:" + escaped(password) + "@" + address, Timeout: 5 * time.Second})
				testio.Eventually(t, "an outage", func() bool { return f.logs.count(begun) == 1 })
				if got := f.logs.String(); strings.Contains(got, "nter2") {
					t.Errorf("got the password in %s", got)
				}
			})
		}
	}
}

// escaped percent-encodes every byte.
func escaped(text string) string {
	var out strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&out, "%%%02X", text[i])
	}
	return out.String()
}
