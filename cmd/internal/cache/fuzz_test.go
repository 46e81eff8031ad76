package cache

import (
	"bytes"
	"fmt"
	"testing"
)

// What is unframed is what was framed, and nothing else is taken for it.
func FuzzUnframe(f *testing.F) {
	f.Add("key", []byte("answer"), 0)
	f.Add("", []byte{}, 3)
	f.Add("key", []byte("dspy\x01"), 9)
	f.Fuzz(func(t *testing.T, key string, answer []byte, at int) {
		framed := frame(key, answer)
		if got, err := unframe(key, framed); err != nil || !bytes.Equal(got, answer) {
			t.Fatalf("got %q, %v, want %q", got, err, answer)
		}
		if _, err := unframe(key+"x", framed); err == nil {
			t.Error("got the answer of another key")
		}
		if _, err := unframe(key, framed[:len(framed)-1]); err == nil {
			t.Error("got a truncated answer")
		}
		framed[uint(at)%uint(len(framed))] ^= 1
		if got, err := unframe(key, framed); err == nil {
			t.Errorf("got %q of a damaged frame", got)
		}
		// What is not a frame is refused, or is one byte for byte.
		if got, err := unframe(key, answer); err == nil && !bytes.Equal(frame(key, got), answer) {
			t.Errorf("got %q of %q", got, answer)
		}
	})
}

func FuzzParseUsage(f *testing.F) {
	f.Add("# Memory\r\nused_memory:1024\r\n\r\n# Stats\r\nevicted_keys:3\r\n")
	f.Add("used_memory:-1\nevicted_keys:x")
	f.Add("used_memory:9223372036854775808\nevicted_keys:0")
	f.Add("used_memory\r\nevicted_keys:")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseUsage(text)
		if err != nil {
			return
		}
		if got.bytes < 0 || got.evictions < 0 {
			t.Errorf("got %+v of %q", got, text)
		}
		again, err := parseUsage(fmt.Sprintf("used_memory:%d\r\nevicted_keys:%d\r\n", got.bytes, got.evictions))
		if err != nil || again != got {
			t.Errorf("got %+v, %v, want %+v", again, err, got)
		}
	})
}
