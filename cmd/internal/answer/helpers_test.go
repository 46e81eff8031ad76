package answer

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// counts are what a test wants of the tokens of an answer.
type counts = map[otelmetrics.TokenType]int64

// stated returns the tokens that state these counts and no others.
func stated(all counts) (tokens Tokens) {
	for i, what := range tokenTypes() {
		tokens[i].N, tokens[i].Stated = all[what]
	}
	return tokens
}

// fed is what a Reader reported of an answer, and in which part its first content
// was, or -1.
type fed struct {
	Report
	First int
}

// feed writes an answer in parts. The answer is complete.
func feed(header http.Header, limit int64, parts ...string) fed {
	got := fed{First: -1}
	part := 0
	r := NewReader(http.StatusOK, header, Options{MaxBytes: limit, OnContent: func() {
		if got.First >= 0 {
			panic("OnContent called twice")
		}
		got.First = part
	}})
	for ; part < len(parts); part++ {
		write(r, parts[part])
	}
	got.Report = r.Finish(true)
	return got
}

// write writes a part and then makes it unreadable, so that what the Reader keeps
// of it shows.
func write(r *Reader, part string) {
	buffer := []byte(part)
	if n, err := r.Write(buffer); n != len(buffer) || err != nil {
		panic(fmt.Sprintf("Write: %d, %v", n, err))
	}
	for i := range buffer {
		buffer[i] = '!'
	}
}

func header(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }

func eventStream() http.Header { return header("text/event-stream; charset=utf-8") }

func jsonBody() http.Header { return header("application/json") }

// headerOf returns the header of a body that is an object, or else a stream of events.
func headerOf(body string) http.Header {
	if strings.HasPrefix(body, "{") {
		return jsonBody()
	}
	return eventStream()
}

// coarse leaves out what a table does not state.
var coarse = cmpopts.IgnoreFields(Report{}, "Finish", "Missing", "Calls", "Whole")

// same fails the test if a report is not the one that is wanted.
func same(t *testing.T, what string, want, got Report, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
