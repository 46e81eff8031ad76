package answer

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// wide are compressors that ask for the largest window that a server may ask for.
func wide(t *testing.T) map[string]func(io.Writer) compressor {
	t.Helper()
	return map[string]func(io.Writer) compressor{
		"zstd": func(w io.Writer) compressor {
			z, err := zstd.NewWriter(w, zstd.WithWindowSize(8<<20), zstd.WithSingleSegment(false), zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
		"br": func(w io.Writer) compressor {
			return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 5, LGWin: 24})
		},
	}
}

// wideCoded returns a text in a coding, in two parts, so that its length is not
// known to who decodes it.
func wideCoded(t *testing.T, name, text string) string {
	t.Helper()
	var coded strings.Builder
	w := wide(t)[name](&coded)
	for _, part := range []string{text[:5], text[5:]} {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return coded.String()
}

// A window is memory that an answer asks for with its first bytes. A hundred
// answers that are read at the same time have less than what they ask for, and all
// of them are read.
//
//nolint:paralleltest // it measures what the process allocates.
func TestWindowsAreBounded(t *testing.T) {
	const body, many = `{"usage":{"prompt_tokens":5}}`, 100
	for name := range wide(t) {
		coded := wideCoded(t, name, body)
		var windows Windows
		readers := make([]*Reader, many)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range readers {
			readers[i] = NewReader(http.StatusOK, in(jsonBody(), name), Options{MaxBytes: 1 << 16, Windows: &windows})
			write(readers[i], coded)
		}
		runtime.ReadMemStats(&after)
		for _, r := range readers {
			if got := r.Finish(true); got.Tokens.Of(otelmetrics.TokensInput) != 5 {
				t.Fatalf("%s: got %+v", name, got)
			}
		}
		if allocated, most := after.TotalAlloc-before.TotalAlloc, uint64(2*maxWindows+2*many*megabyte); allocated > most {
			t.Errorf("%s: %d bytes allocated, want %d at most", name, allocated, most)
		}
		if left := windows.taken.Load(); left != 0 {
			t.Errorf("%s: %d bytes of windows are still taken", name, left)
		}
	}
}

// A stream that refers back farther than it may while there are many others cannot
// be read any more. Alone, it can.
func TestStreamsOutgrowTheWindow(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 3 * megabyte / 512 {
		fmt.Fprintf(&text, "data: {\"text\":\"%d%0*x\"}\n\n", i, 480, i*7919)
	}
	text.WriteString(`data: {"usage":{"prompt_tokens":5}}` + "\n\ndata: [DONE]\n\n")
	coded := wideCoded(t, "zstd", text.String())
	var windows, none Windows
	none.taken.Store(maxWindows)
	for want, w := range map[otelmetrics.UsageReason]*Windows{"": &windows, otelmetrics.UsageUnreadable: &none} {
		r := NewReader(http.StatusOK, in(eventStream(), "zstd"), Options{MaxBytes: megabyte, Windows: w})
		write(r, coded)
		if got := r.Finish(true); got.Missing != want || !got.Content {
			t.Errorf("got %q, want %q: %+v", got.Missing, want, got)
		}
	}
}
