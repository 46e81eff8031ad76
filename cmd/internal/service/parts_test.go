package service_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// An answer that comes in parts leaves in the same parts at the same time: the
// program sends each when the client has the one before.
func TestPartsLeaveAsTheyCome(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct {
		contentType string
		parts       []string
	}{
		"JSON array":              {"application/json", []string{`[`, `{"text":"a"}`, `,`, `{"text":"b"}`, `]`}},
		"blank lines before JSON": {"application/json", []string{"\n", "\r\n", " ", `{"answer":"a"}`}},
		"JSON, a byte at a time":  {"application/json; charset=utf-8", strings.Split(`{"a":1}`, "")},
		"problem":                 {"application/problem+json", []string{`{`, `}`}},
		"events":                  {"text/event-stream", []string{": ping\n\n", "da", "ta: {}\n", "\n", "data: [DONE]\n\n"}},
		"lines of JSON":           {"application/x-ndjson", []string{"{}\n", "{", "}\n"}},
		"text":                    {"text/plain", []string{"a", "b", "c"}},
		"audio":                   {"audio/mpeg", []string{"\x00", "\xff", "\x80"}},
		"AWS events":              {"application/vnd.amazon.eventstream", []string{"\x00\x00", "\x00", "\x10"}},
		"an unknown type":         {"application/x-something", []string{"a", "b"}},
		"no type":                 {"", []string{"a", "b"}},
		"compressed JSON":         {"application/json", []string{"\x1f", "\x8b", "\x08"}},
	}
	for name, kind := range kinds {
		for _, length := range []bool{false, true} {
			for _, path := range []string{"/predict", "/passed"} {
				t.Run(fmt.Sprintf("%s, length %t, %s", name, length, path), func(t *testing.T) {
					t.Parallel()
					taken := make(chan struct{})
					url := behind(t, func(w http.ResponseWriter, r *http.Request) {
						w.Header()["Content-Type"] = nil
						if kind.contentType != "" {
							w.Header().Set("Content-Type", kind.contentType)
						}
						if strings.HasPrefix(name, "compressed") {
							w.Header().Set("Content-Encoding", "gzip")
						}
						if length {
							w.Header().Set("Content-Length", strconv.Itoa(len(strings.Join(kind.parts, ""))))
						}
						for _, part := range kind.parts {
							_, _ = io.WriteString(w, part)
							_ = http.NewResponseController(w).Flush()
							select {
							case <-taken:
							case <-r.Context().Done():
								return
							}
						}
					}, func(c *service.Config) { c.Pass = []string{"/passed"} })
					conn := dial(t, url)
					_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", path)
					response, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					defer response.Body.Close()
					for _, part := range kind.parts {
						got := make([]byte, len(part))
						if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != part {
							t.Fatalf("got %q, %v, want %q before the program sends more", got, err, part)
						}
						taken <- struct{}{}
					}
					if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
						t.Errorf("got %q, %v after the end", rest, err)
					}
				})
			}
		}
	}
}

// What is around an answer passes as well.
func TestTrailersPass(t *testing.T) {
	t.Parallel()
	for name, announced := range map[string]bool{"announced": true, "not announced": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				prefix := http.TrailerPrefix
				if announced {
					w.Header().Set("Trailer", "X-Sum")
					prefix = ""
				}
				_, _ = io.WriteString(w, "text")
				_ = http.NewResponseController(w).Flush()
				w.Header().Set(prefix+"X-Sum", "4")
			}, nil)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != "text" || response.Trailer.Get("X-Sum") != "4" {
				t.Errorf("got %q, %v, trailer %v", body, err, response.Trailer)
			}
			poll(t, url, predictions("predict", "success", 1), idle)
		})
	}
}

// A client that waits to be told to send its body is told so.
func TestClientsWaitToSend(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/predict", "/passed"} {
		url := behind(t, echo, func(c *service.Config) { c.Pass = []string{"/passed"} })
		conn := dial(t, url)
		_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", path)
		in := bufio.NewReader(conn)
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("got %q, %v, want 100", line, err)
		}
		_, _ = in.ReadString('\n')
		_, _ = io.WriteString(conn, "{}")
		for {
			response, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode == http.StatusContinue { // that of the program
				continue
			}
			if asked := response.Header.Get("X-Asked"); asked != "POST "+path+" [{}]" {
				t.Errorf("got %s, asked %q", response.Status, asked)
			}
			break
		}
	}
}
