package answer

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func TestLongEvents(t *testing.T) {
	t.Parallel()
	const limit = 64
	long := strings.Repeat("x", limit)
	ignored := []string{"an event is longer than 64 bytes"}
	tests := map[string]struct {
		stream string
		want   Report
	}{
		"is skipped, and the next one read": {
			stream: `data: {"usage":{"prompt_tokens":5},"x":"` + long + "\"}\n\n" + `data: {"usage":{"prompt_tokens":6}}` + "\n\n",
			want:   Report{Tokens: stated(counts{otelmetrics.TokensInput: 6}), Ignored: ignored, Content: true},
		},
		"in many lines": {
			stream: strings.Repeat("data: 0123456789\n", 10) + "\nevent: end\n\n",
			want:   Report{Ignored: ignored, Ended: true, Content: true},
		},
		"may have been the last one": {
			stream: `data: {"chunk":{"choices":[]}}` + "\n\ndata: " + long + "\n\n",
			want:   Report{Ignored: ignored, Content: true},
		},
		"an error fails": {
			stream: "event: error\ndata: " + long + "\n\n",
			want:   Report{Failed: true, ErrorType: otelmetrics.ErrorPredictionFailed, Ignored: ignored, Ended: true},
		},
		"a comment is no event": {stream: ":" + long + "\nevent: end\n\n", want: Report{Ended: true}},
		"of the very limit":     {stream: "data: " + long[:limit-6] + "\n\n", want: Report{Content: true}},
		"without an end":        {stream: "data: " + long, want: Report{Ignored: ignored, Content: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, parts := range [][]string{{tt.stream}, strings.Split(tt.stream, "")} {
				same(t, fmt.Sprintf("in %d parts", len(parts)), tt.want, feed(eventStream(), limit, parts...).Report, coarse)
			}
		})
	}
}

//nolint:paralleltest // it measures what the process allocates.
func TestStreamIsBounded(t *testing.T) {
	const part = 32 << 10
	tests := map[string]struct {
		text string
		// most is what may be allocated in all, and zero if it may grow with
		// the number of events.
		most uint64
	}{
		"one line":     {text: "x", most: 1 << 20},
		"one data":     {text: "data: " + strings.Repeat("x", 1<<10) + "\n", most: 1 << 20},
		"line ends":    {text: "\r\n", most: 1 << 20},
		"completions":  {text: "id"},
		"names":        {text: "event: " + strings.Repeat("x", 1<<10) + "\n"},
		"data, no end": {text: "data: {\"usage\":{\"x\":"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewReader(http.StatusOK, eventStream(), Options{})
			if name == "one line" {
				if _, err := s.Write([]byte("data: ")); err != nil {
					t.Fatal(err)
				}
			}
			buffer := bytes.Repeat([]byte(tt.text), part/len(tt.text))
			written := 8 << 20
			if name == "one line" {
				written = 100 << 20
			}
			if name == "completions" {
				var events strings.Builder
				for i := range 5000 {
					fmt.Fprintf(&events, `data: {"chunk":{"id":"%[1]d%[2]s","choices":[]}}`+"\n\n"+`data: {"chunk":{"id":"%[1]d%[2]s","choices":[],"usage":{"prompt_tokens":1}}}`+"\n\n", i, strings.Repeat("x", 1<<10))
				}
				buffer = []byte(events.String())
				written = len(buffer)
			}
			before := memory(t)
			for range written / len(buffer) {
				if _, err := s.Write(buffer); err != nil {
					t.Fatal(err)
				}
			}
			after := memory(t)
			if allocated := after.TotalAlloc - before.TotalAlloc; tt.most > 0 && allocated > tt.most {
				t.Errorf("allocated %d bytes, want at most %d", allocated, tt.most)
			}
			if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 2<<20 {
				t.Errorf("holds %d bytes", held)
			}
			report := s.Finish(true)
			if n := report.Tokens.Of(otelmetrics.TokensInput); name == "completions" && n != 1024 {
				t.Errorf("got %d input tokens, want those of 1024 completions", n)
			}
		})
	}
}

func memory(t *testing.T) (stats runtime.MemStats) {
	t.Helper()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats
}
