package cache

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// checkIn checks a text in pieces.
func checkIn(text string, maxBytes int64, piece func(left int) int) error {
	r := replies{maxBytes: maxBytes}
	for text != "" {
		n := piece(len(text))
		if err := r.check([]byte(text[:n])); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

func TestReplies(t *testing.T) {
	t.Parallel()
	const most = 100
	hundred := strings.Repeat("x", most)
	tests := map[string]struct {
		text string
		want error
	}{
		"status":             {"+OK\r\n", nil},
		"empty status":       {"+\r\n", nil},
		"error":              {"-ERR no\r\n", nil},
		"integer":            {":-5\r\n", nil},
		"string":             {"$5\r\nhello\r\n", nil},
		"string of line end": {"$2\r\n\r\n\r\n", nil},
		"empty string":       {"$0\r\n\r\n", nil},
		"no string":          {"$-1\r\n", nil},
		"array":              {"*2\r\n$1\r\na\r\n:1\r\n", nil},
		"nested":             {"*2\r\n*1\r\n+a\r\n*0\r\n+next\r\n", nil},
		"no array":           {"*-1\r\n+next\r\n", nil},
		"many":               {strings.Repeat("+OK\r\n$100\r\n"+hundred+"\r\n", 50), nil},
		"as much as allowed": {"*2\r\n$99\r\n" + hundred[1:] + "\r\n$1\r\na\r\n", nil},
		"too much":           {"$101\r\n", errReplyTooLarge},
		"too much together":  {"*2\r\n$99\r\n" + hundred[1:] + "\r\n$2\r\n", errReplyTooLarge},
		"more than Redis":    {"$536870913\r\n", errProtocol},
		"too many":           {"*1025\r\n", errProtocol},
		"too many together":  {"*1000\r\n*25\r\n", errProtocol},
		"too deep":           {strings.Repeat("*1\r\n", 1025), errProtocol},
		"long line":          {"+" + strings.Repeat("x", maxReplyLine), errProtocol},
		"not an end":         {"$1\r\nab\r\n", errProtocol},
		"half an end":        {"$1\r\na\r\r", errProtocol},
		"not an integer":     {":1.5\r\n", errProtocol},
		"null of RESP3":      {"_\r\n", errProtocol},
		"push":               {">1\r\n+a\r\n", errProtocol},
		"text":               {"HTTP/1.1 200 OK\r\n", errProtocol},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []func(int) int{func(left int) int { return left }, func(int) int { return 1 }, func(left int) int { return min(left, 3) }} {
				if err := checkIn(test.text, most, piece); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
		})
	}
}

// However the bytes of a server arrive, they are judged in the same way.
func FuzzReplies(f *testing.F) {
	f.Add("*2\r\n$1\r\na\r\n:1\r\n+OK\r\n", uint64(1))
	f.Add("$9223372036854775807\r\n", uint64(2))
	f.Add("$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n-ERR\r\n", uint64(3))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		whole := checkIn(text, 1000, func(left int) int { return left })
		pieces := checkIn(text, 1000, func(left int) int { return 1 + random.IntN(left) })
		if fmt.Sprint(whole) != fmt.Sprint(pieces) {
			t.Errorf("got %v as a whole and %v in pieces", whole, pieces)
		}
	})
}

func TestGuard(t *testing.T) {
	t.Parallel()
	err := func() (err error) {
		defer guard(&err)
		var nothing []int
		_ = nothing[3]
		return nil
	}()
	if err == nil || !strings.Contains(err.Error(), "the Redis client panicked: runtime error") {
		t.Errorf("got %v, want the panic", err)
	}
}
