package service_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// Whatever a DSPy service answers, its client gets one whole answer or none, the
// next client gets its own, and the prediction has ended.
func TestSplitting(t *testing.T) {
	t.Parallel()
	const second = "HTTP/1.1 200 OK\r\nX-Smuggled: yes\r\nContent-Length: 4\r\n\r\nevil"
	for name, test := range map[string]struct {
		answer string
		status int // 0 if the answer breaks off
		body   string
	}{
		"plain":                {ok, 200, "ok"},
		"two answers":          {ok + second, 200, "ok"},
		"length too short":     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + second, 200, "H"},
		"length twice":         {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok" + second, 502, ""},
		"length negative":      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok", 502, ""},
		"CL and TE":            {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + second, 200, "ok"},
		"broken chunk":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n", 0, ""},
		"broken JSON chunk":    {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n", 0, ""},
		"trailers":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: a\r\nContent-Length: 9\r\n\r\n", 200, "ok"},
		"bare CR in a value":   {"HTTP/1.1 200 OK\r\nX: a\rX-Smuggled: yes\r\nContent-Length: 2\r\n\r\nok", 502, ""},
		"NUL in a value":       {"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok", 502, ""},
		"fold":                 {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
		"CR in the reason":     {"HTTP/1.1 200 OK\rX-Smuggled: yes\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
		"status 0":             {"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", 502, ""},
		"status 99":            {"HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n", 502, ""},
		"status 999":           {"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", 999, ""},
		"status of four":       {"HTTP/1.1 2000 No\r\nContent-Length: 0\r\n\r\n", 502, ""},
		"not asked to upgrade": {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 502, ""},
		"a thousand times 103": {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 1000) + ok, 200, "ok"},
		"100 for ever":         {strings.Repeat("HTTP/1.1 100 Continue\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 20_000), 0, ""},
		"huge header":          {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20<<20), 502, ""},
		"not HTTP":             {"SSH-2.0-OpenSSH_9.0\r\n\r\n", 502, ""},
		"304 with a body":      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + second, 304, ""},
		"204 with a body":      {"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n" + second, 204, ""},
	} {
		for cache, change := range map[string]func(*service.Config){"": nil, ", cached": cached} {
			if name == "100 for ever" && cache != "" {
				continue // The second request may join the first one, and then waits for its whole time.
			}
			t.Run(name+cache, func(t *testing.T) {
				t.Parallel()
				upstream := newWire(t, test.answer)
				url := front(t, upstream.url(), change)
				for range 2 {
					got, err := send(t.Context(), t, http.MethodPost, url+"/predict", "{}")
					status := got.status
					if err != nil {
						status = 0
					}
					if status != test.status && (test.status != 0 || status != 502) || test.status == 200 && got.body != test.body {
						t.Errorf("got %+v, %v, want status %d with %q", got, err, test.status, test.body)
					}
					if got.header.Get("X-Smuggled") != "" {
						t.Errorf("got the header of another answer: %v", got.header)
					}
				}
				if test.status == 200 || test.status == 204 {
					poll(t, url, predictions("predict", "success", 2), idle)
				} else {
					poll(t, url, predictions("predict", "failure", 2), idle)
				}
				eventually(t, func() error {
					if got := upstream.connections(); got > 1 {
						return fmt.Errorf("%d connections to the DSPy service are open, want at most one", got)
					}
					return nil
				})
			})
		}
	}
}
