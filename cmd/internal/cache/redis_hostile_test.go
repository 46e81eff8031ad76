package cache_test

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/cache"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
)

// flood is how much an endless reply sends before it gives up: far more than the
// memory that a reply may take.
const flood = 256 << 20

// A server that breaks the protocol is away: whatever it announces, no memory is
// allocated for it, nothing panics, and the outage is one line.
func TestRedisHostileReplies(t *testing.T) {
	endless := func(begin, part string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = io.WriteString(conn, begin)
			chunk := strings.Repeat(part, 1+(64<<10)/len(part))
			for sent := 0; sent < flood; sent += len(chunk) {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return
				}
			}
		}
	}
	tests := map[string]func(net.Conn){
		"endless status":         endless("+", "x"),
		"endless error":          endless("-", "ERR "),
		"endless integer":        endless(":", "1"),
		"endless length":         endless("$", "0"),
		"endless negative":       endless("*-", "0"),
		"endless lines":          endless("", "+OK\r\n"),
		"endless nesting":        endless("", "*1\r\n"),
		"wide nesting":           endless("", "*1024\r\n"),
		"endless attributes":     endless("", "|1\r\n+a\r\n+b\r\n"),
		"endless pushes":         endless("", ">2\r\n+a\r\n+b\r\n"),
		"pushes nested":          endless("", ">1\r\n"),
		"endless line ends":      endless("", "\r\n"),
		"array of large strings": endless("*1000\r\n", "$1000000\r\n"+strings.Repeat("x", 1_000_000)+"\r\n"),
	}
	for name, reply := range map[string]string{
		"no type":              "\r\n",
		"line feed alone":      "+OK\n",
		"no length":            "$\r\n",
		"negative length":      "$-2\r\n",
		"length of 2^64":       "$18446744073709551616\r\n",
		"length with a sign":   "$+-5\r\n",
		"length with a space":  "$ 5\r\nhello\r\n",
		"streamed string":      "$?\r\n;4\r\nabcd\r\n;0\r\n",
		"streamed array":       "*?\r\n:1\r\n.\r\n",
		"longer than it says":  "$2\r\nhello\r\n",
		"map with a map key":   "%1\r\n%1\r\n+a\r\n+b\r\n+c\r\n",
		"big number":           "(" + strings.Repeat("9", 100_000) + "\r\n",
		"verbatim without one": "=1\r\nx\r\n",
		"double":               ",1.5\r\n",
		"null of RESP3":        "_\r\n",
		"push with a long one": ">2\r\n$9223372036854775807\r\nx\r\n",
	} {
		tests[name] = func(conn net.Conn) { _, _ = io.WriteString(conn, reply) }
	}
	for _, kind := range "$=!*%~>|(" {
		for name, length := range map[string]string{
			"2^63-1": "9223372036854775807", "2^63-2": "9223372036854775806", "2^62": "4611686018427387904",
			"2^46": "70368744177664", "4 GiB": "4294967296",
		} {
			tests[string(kind)+" of "+name] = func(conn net.Conn) {
				_, _ = io.WriteString(conn, string(kind)+length+"\r\nonly a few bytes")
			}
		}
	}
	for name, serve := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			// It answers every command in this way, the greeting included.
			address := impostor(t, func(conn net.Conn) {
				serve(conn)
				_, _ = io.Copy(io.Discard, conn)
			})
			f := open(t, cache.Config{URL: "redis://" + address, Timeout: testio.Patience})
			f.wantLines(1, 0)
			for range 20 {
				f.wantGet("key", "")
				f.set("key", "answer")
			}
			f.wantLines(1, 0)
			if got := f.counts(); got.misses != 20 || got.hits != 0 || got.errors == 0 {
				t.Errorf("got %+v, want 20 misses", got)
			}
			runtime.ReadMemStats(&after)
			if took := int64(after.TotalAlloc) - int64(before.TotalAlloc); took > 64<<20 {
				t.Errorf("got %d MiB allocated", took>>20)
			}
		})
	}
}

// The same after a greeting as it should be, when a look-up is answered.
func TestRedisHostileAnswer(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"2^63-1":        "$9223372036854775807\r\nx",
		"2^46":          "*70368744177664\r\n",
		"push":          ">1\r\n+x\r\n",
		"array":         "*2\r\n+a\r\n+b\r\n",
		"integer":       ":5\r\n",
		"status":        "+OK\r\n",
		"not an answer": "$5\r\nhello\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := impostorOf(t, func(command string) string {
				switch command {
				case "GET":
					return reply
				case "HELLO":
					return "-ERR unknown command\r\n"
				default:
					return "+OK\r\n"
				}
			})
			f := open(t, cache.Config{URL: "redis://" + address, Timeout: time.Second})
			for range 5 {
				f.wantGet("key", "")
			}
			if got := f.counts(); got.hits != 0 || got.misses != 5 {
				t.Errorf("got %+v, want 5 misses", got)
			}
			testio.Eventually(t, "errors", func() bool { return f.counts().errors > 0 })
			if got := f.logs.count(begun); got > 1 {
				t.Errorf("got %d lines, want at most one:\n%s", got, f.logs)
			}
		})
	}
}
