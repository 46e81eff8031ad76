package answer

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// compressor is what the libraries have in common.
type compressor interface {
	io.WriteCloser
	Flush() error
}

// compressors are those of the content codings, by a name that a server may write.
func compressors() map[string]func(io.Writer) compressor {
	return map[string]func(io.Writer) compressor{
		"gzip":    func(w io.Writer) compressor { return gzip.NewWriter(w) },
		"X-GZip":  func(w io.Writer) compressor { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) compressor { return zlib.NewWriter(w) },
		"Deflate": func(w io.Writer) compressor { // without zlib's header, as some servers write it
			writer, err := flate.NewWriter(w, flate.DefaultCompression)
			if err != nil {
				panic(err)
			}
			return writer
		},
		"BR": func(w io.Writer) compressor { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) compressor {
			writer, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
			if err != nil {
				panic(err)
			}
			return writer
		},
	}
}

// coded returns the parts of an answer in codings, flushed after each part.
func coded(t *testing.T, codings []string, parts []string) []string {
	t.Helper()
	for _, name := range codings {
		var buffer bytes.Buffer
		writer := compressors()[name](&buffer)
		var next []string
		for i, part := range parts {
			_, err := io.WriteString(writer, part)
			if err == nil && part != "" { // zstd's Flush fails where nothing was written
				err = writer.Flush()
			}
			if i == len(parts)-1 && err == nil {
				err = writer.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			next = append(next, buffer.String())
			buffer.Reset()
		}
		parts = next
	}
	return parts
}

// in returns a header with codings.
func in(header http.Header, codings ...string) http.Header {
	header = header.Clone()
	header.Set("Content-Encoding", strings.Join(codings, ", "))
	return header
}

// Each sample says the same in each coding, and its first content at the same
// time, because a server flushes.
func TestCodings(t *testing.T) {
	t.Parallel()
	lists := [][]string{{"gzip", "BR"}, {"zstd", "gzip", "deflate"}}
	for name := range compressors() {
		lists = append(lists, []string{name})
	}
	for _, list := range lists {
		t.Run(strings.Join(list, "+"), func(t *testing.T) {
			t.Parallel()
			for _, d := range dialects() {
				for _, s := range d.samples {
					parts := coded(t, list, s.parts)
					want := fed{s.want, s.first}
					if strings.Contains(s.name, "text") && d.name == "Programs of no known dialect" {
						want.First = max(want.First, 0)
					}
					if diff := cmp.Diff(want, feed(in(s.header, list...), megabyte, parts...)); diff != "" {
						t.Errorf("%s: %s (-want +got):\n%s", d.name, s.name, diff)
					}
				}
			}
		})
	}
}

// An answer that is cut into any pieces, in any coding, says the same as whole
// and plain.
func TestPieces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	names := make([]string, 0, len(compressors()))
	for name := range compressors() {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, d := range dialects() {
		for _, s := range d.samples {
			for range 4 {
				header, parts, list := s.header, s.parts, ""
				if name := names[random.IntN(len(names))]; random.IntN(3) > 0 {
					list = name
					header, parts = in(s.header, name), coded(t, []string{name}, s.parts)
				}
				var pieces []string
				for rest := strings.Join(parts, ""); rest != ""; {
					n := min(1+random.IntN(1+random.IntN(200)), len(rest))
					pieces = append(pieces, rest[:n])
					rest = rest[n:]
				}
				if diff := cmp.Diff(s.want, feed(header, megabyte, pieces...).Report); diff != "" {
					t.Errorf("%s: %s in %d pieces, coding %q (-want +got):\n%s", d.name, s.name, len(pieces), list, diff)
				}
			}
		}
	}
}

func TestCodingsThatAreNotRead(t *testing.T) {
	t.Parallel()
	const body = `{"usage":{"prompt_tokens":5}}`
	zipped := coded(t, []string{"gzip"}, []string{body})[0]
	huge := coded(t, []string{"gzip"}, []string{`{"usage":{"prompt_tokens":5},"x":"` + strings.Repeat("x", 20*megabyte) + `"}`})[0]
	stream := coded(t, []string{"gzip"}, []string{"data: {\"x\":\"" + strings.Repeat("x", 20*megabyte) + "\"}\n\ndata: " + body + "\n\n"})[0]
	tests := map[string]struct {
		header   http.Header
		body     string
		complete bool
		want     otelmetrics.UsageReason
	}{
		"unknown":              {in(jsonBody(), "dcb"), body, true, otelmetrics.UsageUnreadable},
		"unknown in a stream":  {in(eventStream(), "compress"), "data: {}\n\n", true, otelmetrics.UsageUnreadable},
		"unknown and cut":      {in(jsonBody(), "dcb"), body, false, otelmetrics.UsageUnreadable},
		"one that is not that": {in(jsonBody(), "gzip"), body, true, otelmetrics.UsageUnreadable},
		"one that ends":        {in(jsonBody(), "gzip"), zipped[:15], true, otelmetrics.UsageUnreadable},
		"one that is cut":      {in(jsonBody(), "gzip"), zipped[:15], false, otelmetrics.UsageCutOff},
		"too many":             {in(jsonBody(), "gzip", "gzip", "gzip", "gzip", "gzip"), body, true, otelmetrics.UsageUnreadable},
		"a bomb":               {in(jsonBody(), "gzip"), huge, true, otelmetrics.UsageTooLarge},
		"a bomb in a stream":   {in(eventStream(), "gzip"), stream, true, otelmetrics.UsageTooLarge},
		"identity":             {in(jsonBody(), "identity"), body, true, ""},
		"empty":                {in(jsonBody(), "gzip"), "", true, otelmetrics.UsageNotStated},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(http.StatusOK, tt.header, Options{MaxBytes: megabyte})
			write(r, tt.body)
			if got := r.Finish(tt.complete); got.Missing != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// What is decoded takes little memory, however much it is.
//
//nolint:paralleltest // it measures what the process allocates.
func TestBombsTakeNoMemory(t *testing.T) {
	for name, open := range compressors() {
		var bomb bytes.Buffer
		writer := open(&bomb)
		begin, part := `{"usage":{"prompt_tokens":5},"x":"`, strings.Repeat("x", megabyte)
		if _, err := io.WriteString(writer, begin); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := io.WriteString(writer, part); err != nil {
				t.Fatal(err)
			}
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := NewReader(http.StatusOK, in(jsonBody(), name), Options{MaxBytes: megabyte})
		_, _ = r.Write(bomb.Bytes())
		got := r.Finish(true)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 24*megabyte {
			t.Errorf("%s: allocated %d bytes", name, allocated)
		}
		if got.Missing != otelmetrics.UsageTooLarge {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A Reader of which nobody wants to know anything leaves no coroutine behind.
//
//nolint:paralleltest // it counts goroutines.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 100 {
		for name := range compressors() {
			r := NewReader(http.StatusOK, in(eventStream(), name), Options{})
			part := coded(t, []string{name}, sse(chatText, chatText))[i%2]
			write(r, part[:len(part)/2])
			r.Finish(i%3 == 0)
		}
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func TestReadersMayBeMany(t *testing.T) {
	t.Parallel()
	done := make(chan error, 20)
	for range cap(done) {
		go func() {
			got := feed(in(eventStream(), "gzip"), 0, coded(t, []string{"gzip"}, sse(chatRole, chatText, chatStop, chatUsage, "[DONE]"))...)
			var err error
			if got.Tokens.Of(otelmetrics.TokensInput) != 19 || got.First != 1 {
				err = fmt.Errorf("got %+v", got)
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
