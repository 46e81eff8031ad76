package service_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

// answered is what a program answers.
type answered struct {
	status  int
	header  http.Header
	body    string
	flushed bool // without a length
	trailer bool
}

func (a answered) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.trailer {
		w.Header().Set("Trailer", "X-Late")
	}
	w.WriteHeader(max(a.status, http.StatusOK))
	half := len(a.body) / 2
	_, _ = io.WriteString(w, a.body[:half])
	if a.flushed {
		_ = http.NewResponseController(w).Flush()
	}
	_, _ = io.WriteString(w, a.body[half:])
	if a.trailer {
		w.Header().Set("X-Late", "yes")
	}
}

func compressed(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}

// What may be kept is kept, and nothing else: by what an answer says, by its status
// and by whether it is whole.
func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	jsonType := http.Header{"Content-Type": {"application/json"}}
	with := func(header http.Header, name string, values ...string) http.Header {
		header = header.Clone()
		header[name] = values
		return header
	}
	events := http.Header{"Content-Type": {"text/event-stream"}}
	const chunk = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\n\n"
	date := func(after time.Duration) string { return time.Now().Add(after).UTC().Format(http.TimeFormat) }
	for name, test := range map[string]struct {
		answer answered
		kept   bool
	}{
		"text":                     {answered{body: "text"}, true},
		"JSON":                     {answered{header: jsonType, body: `{"a":1}`}, true},
		"nothing":                  {answered{}, true},
		"no-store":                 {answered{header: http.Header{"Cache-Control": {"no-store"}}}, false},
		"private":                  {answered{header: http.Header{"Cache-Control": {"private, max-age=60"}}}, false},
		"no-cache":                 {answered{header: http.Header{"Cache-Control": {"no-cache"}}}, false},
		"max-age":                  {answered{header: http.Header{"Cache-Control": {"max-age=60"}}}, true},
		"max-age=0":                {answered{header: http.Header{"Cache-Control": {"max-age=0, must-revalidate"}}}, false},
		"s-maxage=0":               {answered{header: http.Header{"Cache-Control": {"max-age=60, s-maxage=0"}}}, false},
		"stale already":            {answered{header: http.Header{"Cache-Control": {"max-age=60"}, "Age": {"60"}}}, false},
		"expired":                  {answered{header: http.Header{"Expires": {date(-time.Minute)}}}, false},
		"Expires: 0":               {answered{header: http.Header{"Expires": {"0"}}}, false},
		"Expires":                  {answered{header: http.Header{"Expires": {date(time.Minute)}}}, true},
		"Vary: *":                  {answered{header: http.Header{"Vary": {"Accept, *"}}}, false},
		"Vary, what is ignored":    {answered{header: http.Header{"Vary": {"Accept", "user-agent"}}}, false},
		"Vary, the address":        {answered{header: http.Header{"Vary": {"X-Forwarded-For"}}}, false},
		"Vary, what is in the key": {answered{header: http.Header{"Vary": {"Cookie, X-Nobody-Sent"}}}, true},
		"Set-Cookie":               {answered{header: http.Header{"Set-Cookie": {"a=b"}}}, false},
		"Set-Cookie, empty":        {answered{header: http.Header{"Set-Cookie": {""}}}, false},
		"Set-Cookie, second":       {answered{header: http.Header{"Set-Cookie": {"", "a=b"}}}, false},
		"206":                      {answered{status: 206, header: http.Header{"Content-Range": {"bytes 0-3/9"}}, body: "part"}, false},
		"304":                      {answered{status: 304}, false},
		"203":                      {answered{status: 203, body: "text"}, false},
		"404":                      {answered{status: 404, body: "text"}, false},
		"500":                      {answered{status: 500, body: "text"}, false},
		"trailers":                 {answered{body: "text", trailer: true}, false},
		"failure in a 200":         {answered{header: jsonType, body: `{"error":{"message":"no"}}`}, false},
		"text without a length":    {answered{body: "text", flushed: true}, false},
		"JSON without a length":    {answered{header: jsonType, body: `{"a":1}`, flushed: true}, true},
		"half of it":               {answered{header: jsonType, body: `{"a":1`, flushed: true}, false},
		"blank lines before it":    {answered{header: jsonType, body: "\n\n\n\n\n\n\n\n" + `{"a":1}`, flushed: true}, true},
		"blank lines only":         {answered{header: jsonType, body: "\n\n\n\n", flushed: true}, false},
		"two values":               {answered{header: jsonType, body: `{"a":1}{"a":1}`, flushed: true}, false},
		"compressed":               {answered{header: with(jsonType, "Content-Encoding", "gzip"), body: compressed(`{"a":1}`), flushed: true}, true},
		"half of it, compressed":   {answered{header: with(jsonType, "Content-Encoding", "gzip"), body: compressed(`{"a":1`), flushed: true}, false},
		"not compressed at all":    {answered{header: with(jsonType, "Content-Encoding", "gzip"), body: `{"a":1}`, flushed: true}, false},
		"stream":                   {answered{header: events, body: chunk + "data: [DONE]\n\n", flushed: true}, true},
		"stream with a length":     {answered{header: events, body: chunk + "data: [DONE]\n\n"}, true},
		"stream without its end":   {answered{header: events, body: chunk, flushed: true}, false},
		"stream, unknown":          {answered{header: events, body: "data: x\n\n", flushed: true}, false},
		"stream, a length, no end": {answered{header: events, body: "data: x\n\n"}, false},
		"stream that fails":        {answered{header: events, body: "data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n", flushed: true}, false},
		"too large":                {answered{header: with(jsonType, "Content-Length", strconv.Itoa(1<<20+2)), body: `"` + strings.Repeat("x", 1<<20) + `"`}, false},
		"too large, no length":     {answered{header: jsonType, body: `"` + strings.Repeat("x", 1<<20) + `"`, flushed: true}, false},
		"large":                    {answered{header: jsonType, body: `"` + strings.Repeat("x", 1<<19) + `"`, flushed: true}, true},
		"something after it":       {answered{header: jsonType, body: `{"a":1}x`, flushed: true}, false},
		"an error after it":        {answered{header: jsonType, body: `{"a":1}` + "\n" + `{"error":"no"}`, flushed: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Made", strconv.FormatInt(made.Add(1), 10))
				test.answer.write(w)
			}, cached)
			for range 2 {
				got := asked{"/predict", "{}", "Accept-Encoding", "identity"}.send(t, url)
				if got.status != max(test.answer.status, 200) || test.answer.status != 304 && got.body != test.answer.body {
					t.Errorf("got %d with %.100q, want %d with %.100q", got.status, got.body, test.answer.status, test.answer.body)
				}
			}
			if kept := made.Load() == 1; kept != test.kept {
				t.Errorf("kept %t, want %t", kept, test.kept)
			}
		})
	}
}

// A request says whether it takes a stored answer.
func TestWhatRequestsTake(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header, value string
		hit           bool
		after         bool // whether the same request without the header has a hit
	}{
		"no-store":             {"Cache-Control", "no-store", false, true},
		"no-cache":             {"Cache-Control", "no-cache", false, true},
		"Pragma":               {"Pragma", "no-cache", false, true},
		"max-age":              {"Cache-Control", "max-age=3600", true, true},
		"max-age, too old":     {"Cache-Control", "max-age=599", false, true}, // it is 10 minutes old
		"min-fresh":            {"Cache-Control", "min-fresh=600", true, true},
		"min-fresh, too much":  {"Cache-Control", "min-fresh=3600", false, true},
		"only-if-cached":       {"Cache-Control", "only-if-cached", true, true},
		"not to be understood": {"Cache-Control", "max-age = 3600", false, true},
		"Range":                {"Range", "bytes=0-1", false, true},
		"If-None-Match":        {"If-None-Match", `"x"`, false, true},
		"If-Modified-Since":    {"If-Modified-Since", "Sat, 01 Nov 2025 00:00:00 GMT", false, true},
		"If-Range":             {"If-Range", `"x"`, false, true},
		"If-Match":             {"If-Match", "*", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Age", "600")
				_, _ = fmt.Fprint(w, made.Add(1))
			}, cached)
			plain := asked{path: "/predict", body: "{}"}
			first := plain.send(t, url)
			got := asked{"/predict", "{}", test.header, test.value}.send(t, url)
			if hit := got.body == first.body; hit != test.hit || got.status != 200 {
				t.Errorf("got %d with %q after %q, want a hit %t", got.status, got.body, first.body, test.hit)
			}
			before := made.Load()
			if plain.send(t, url); (made.Load() == before) != test.after {
				t.Errorf("the plain request was answered from the cache: %t, want %t", made.Load() == before, test.after)
			}
		})
	}
}

// A request that asks for a new answer has it put in place of the stored one.
func TestNoCacheRenews(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, made.Add(1)) }, cached)
	plain, renewing := asked{path: "/predict", body: "{}"}, asked{"/predict", "{}", "Cache-Control", "no-cache"}
	for _, step := range []struct {
		asked asked
		want  string
	}{{plain, "1"}, {renewing, "2"}, {plain, "2"}, {renewing, "3"}, {plain, "3"}} {
		if got := step.asked.send(t, url); got.body != step.want {
			t.Errorf("got %q, want %q", got.body, step.want)
		}
	}
}

func TestOnlyIfCached(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	url := behind(t, func(http.ResponseWriter, *http.Request) { made.Add(1) }, cached)
	got := asked{"/predict", "{}", "Cache-Control", "only-if-cached"}.send(t, url)
	if got.status != http.StatusGatewayTimeout || made.Load() != 0 || !strings.Contains(got.body, "only-if-cached") ||
		got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %+v, and the program was asked %d times", got, made.Load())
	}
	poll(t, url, predictions("predict", "failure", 1), errorsOf("invalid_input", 1), idle)
}

// A stored answer says how old it is, has no field of a connection, and what the caches
// before this one say stays.
func TestStoredAnswer(t *testing.T) {
	t.Parallel()
	url := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Connection"] = []string{"X-Hop"}
		w.Header().Set("X-Hop", "a")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header().Set("Age", "600")
		w.Header().Set("Cache-Status", "inner; hit")
		w.Header()["X-Twice"] = []string{"a", "", "a"}
		w.Header().Set("Content-Type", "text/plain; charset=latin-1")
		_, _ = io.WriteString(w, "\xe4\x00\r\n\r\n")
	}, cached)
	asked{path: "/predict", body: "{}"}.send(t, url)
	got := asked{path: "/predict", body: "{}"}.send(t, url)
	if got.body != "\xe4\x00\r\n\r\n" || got.header.Get("X-Hop") != "" || got.header.Get("Keep-Alive") != "" || got.header.Get("Age") < "600" ||
		fmt.Sprint(got.header["Cache-Status"]) != "[inner; hit dspy-metrics; hit]" || len(got.header["X-Twice"]) != 3 ||
		got.header.Get("Content-Length") != "6" || got.header.Get("Content-Type") != "text/plain; charset=latin-1" || got.header.Get("Date") == "" {
		t.Errorf("got %+v", got)
	}
}

// Methods that change something are neither answered from the cache nor joined.
func TestMethodsOfTheCache(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	url := behind(t, func(http.ResponseWriter, *http.Request) { made.Add(1) }, func(c *service.Config) {
		cached(c)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "QUERY"} {
			c.Routes = append(c.Routes, service.Route{Pattern: method + " /predict"})
		}
	})
	for method, want := range map[string]int64{"GET": 1, "POST": 1, "QUERY": 1, "PUT": 2, "PATCH": 2, "DELETE": 2} {
		before := made.Load()
		for range 2 {
			must(t, method, url+"/predict", "{}")
		}
		if got := made.Load() - before; got != want {
			t.Errorf("%s: the program was asked %d times, want %d", method, got, want)
		}
	}
}
