package service_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
)

const megabyte = 1 << 20

// bomb is a gzip stream of so many megabytes of blanks, about a thousandth as
// long. It has a member for each, so that it is made quickly.
func bomb(t *testing.T, begin string, megabytes int) string {
	t.Helper()
	pack := func(text string) string {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = io.WriteString(writer, text)
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		return packed.String()
	}
	return pack(begin) + strings.Repeat(pack(strings.Repeat(" ", megabyte)), megabytes)
}

// allocated returns how much was allocated meanwhile, garbage included.
func allocated(t *testing.T, during func()) int64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	during()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// answerOf is a DSPy service's answer of any length, which costs no memory.
type answerOf struct {
	header http.Header
	begin  string
	part   []byte
	length int64
}

func (a answerOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	maps.Copy(w.Header(), a.header)
	_, _ = io.WriteString(w, a.begin)
	for written := int64(0); written < a.length; written += int64(len(a.part)) {
		if _, err := w.Write(a.part); err != nil {
			return
		}
	}
}

// What a DSPy service answers passes as it is, however large or packed it is; to
// read what it says of itself takes memory that is bounded.
//
//nolint:paralleltest // it measures what the process allocates.
func TestHostileAnswers(t *testing.T) {
	// Client, service and DSPy service together, garbage included: 17 MiB, and 29
	// with the race detector.
	const most = 48 * megabyte
	kind := func(mediaType, encoding string) http.Header {
		header := http.Header{"Content-Type": {mediaType}}
		if encoding != "" {
			header["Content-Encoding"] = []string{encoding}
		}
		return header
	}
	const json, stream = "application/json", "text/event-stream"
	spaces := bytes.Repeat([]byte(" "), megabyte/16)
	x := bytes.Repeat([]byte("x"), megabyte/16)
	packed := bomb(t, `{"usage":{"prompt_tokens":7},"x":"`, 900)
	for name, test := range map[string]struct {
		answer answerOf
		tokens int
	}{
		"gzip of 900 MiB":            {answerOf{header: kind(json, "gzip"), begin: packed}, 0},
		"gzip that goes on":          {answerOf{header: kind(json, "gzip"), begin: packed, part: x, length: 100 * megabyte}, 0},
		"deflate":                    {answerOf{header: kind(json, "deflate"), begin: packed}, 0},
		"br":                         {answerOf{header: kind(json, "br"), begin: packed}, 0},
		"JSON of 100 MiB":            {answerOf{header: kind(json, ""), begin: `{"usage":{"prompt_tokens":7},"x":"`, part: x, length: 100 * megabyte}, 0},
		"blanks for 100 MiB":         {answerOf{header: kind(json, ""), begin: `{"usage":{"prompt_tokens":7}}`, part: spaces, length: 100 * megabyte}, 0},
		"an event of 100 MB, no end": {answerOf{header: kind(stream, ""), begin: "data: ", part: x, length: 100e6}, 0},
		"a comment of 100 MB":        {answerOf{header: kind(stream, ""), begin: "data: {\"usage\":{\"prompt_tokens\":7}}\n\n:", part: x, length: 100e6}, 7},
		"a stream of 100 MB, packed": {answerOf{header: kind(stream, "gzip"), begin: packed, part: x, length: 100e6}, 0},
		"nested":                     {answerOf{header: kind(json, ""), begin: `{"usage":` + strings.Repeat("[", megabyte-100)}, 0},
		"nested objects":             {answerOf{header: kind(json, ""), begin: `{"usage":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) + "}"}, 0},
		"a huge number":              {answerOf{header: kind(json, ""), begin: `{"usage":{"prompt_tokens":` + strings.Repeat("9", megabyte-100) + "}}"}, 0},
		"a huge exponent":            {answerOf{header: kind(json, ""), begin: `{"usage":{"prompt_tokens":1e999999999},"cost_usd":1e999999999}`}, 0},
		"a key twice":                {answerOf{header: kind(json, ""), begin: `{"usage":{"prompt_tokens":7,"prompt_tokens":8},"usage":{"prompt_tokens":9}}`}, 7},
		"keys, 175,000":              {answerOf{header: kind(json, ""), begin: `{` + strings.Repeat(`"":1,`, megabyte/6) + `"usage":{"prompt_tokens":7}}`}, 7},
		"models, 35,000":             {answerOf{header: kind(json, ""), begin: `{"usage":{` + strings.Repeat(`"":{"prompt_tokens":-1},`, megabyte/30) + `"a":{"prompt_tokens":7}}}`}, 7},
		"lone surrogates":            {answerOf{header: kind(json, ""), begin: `{"usage":{"\ud800":{"prompt_tokens":7}},"error":{"type":"\udfff\u0000"}}`}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			url := behind(t, test.answer.ServeHTTP, cached)
			var size int64
			got := allocated(t, func() { size = pass(t, url+"/predict", "{}", nil) })
			if want := int64(len(test.answer.begin)) + test.answer.length; size < want {
				t.Errorf("%d bytes reached the client, want %d", size, want)
			}
			t.Logf("%d bytes passed, %d KiB were allocated", size, got/1024)
			if got > most {
				t.Errorf("allocated %d MiB, want at most %d", got/megabyte, most/megabyte)
			}
			poll(t, url, tokens("input", test.tokens), idle)
		})
	}
}

// pass sends a body and reads the answer away. It returns its length.
func pass(t *testing.T, url, body string, header http.Header) int64 {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Accept-Encoding": {"gzip"}} // so that the client leaves it packed
	maps.Copy(request.Header, header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	size, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, response.Body, make([]byte, 32<<10))
	if err != nil {
		t.Error(err)
	}
	return size
}

// A request is never unpacked. What is too large is refused and counted, whatever
// is inside; a type is read from it in memory that is bounded.
//
//nolint:paralleltest // it measures what the process allocates.
func TestHostileRequests(t *testing.T) {
	const most = 32 * megabyte
	packed := bomb(t, `{"prediction_type":"cot"}`, 200)
	for name, test := range map[string]struct {
		body, encoding, want string
	}{
		"gzip of 200 MiB": {packed, "gzip", predictions("predict", "success", 1)},
		"too large":       {strings.Repeat("{", 2*megabyte), "", errorsOf("invalid_input", 1)},
		"nested":          {`{"prediction_type":` + strings.Repeat("[", megabyte/2), "", predictions("predict", "success", 1)},
		"keys, 175,000":   {`{` + strings.Repeat(`"":1,`, megabyte/6) + `"prediction_type":"cot"}`, "", predictions("cot", "success", 1)},
		"a key twice":     {`{"prediction_type":"cot","prediction_type":"react"}`, "", predictions("cot", "success", 1)},
		"lone surrogate":  {`{"prediction_type":"\ud800"}`, "", predictions("\ufffd", "success", 1)},
		"NUL":             {`{"prediction_type":"\u0000"}`, "", predictions("\ufffd", "success", 1)},
		"huge type":       {`{"prediction_type":"` + strings.Repeat("x", megabyte/2) + `"}`, "", predictions(strings.Repeat("x", 128), "success", 1)},
		"huge number":     {`{"prediction_type":` + strings.Repeat("9", megabyte/2) + `}`, "", predictions("predict", "success", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			url := behind(t, func(w http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				_, _ = fmt.Fprint(w, n)
			}, func(c *service.Config) { c.MaxBodyBytes = megabyte })
			header := http.Header{}
			if test.encoding != "" {
				header.Set("Content-Encoding", test.encoding)
			}
			if got := allocated(t, func() { pass(t, url+"/predict", test.body, header) }); got > most {
				t.Errorf("allocated %d MiB, want at most %d", got/megabyte, most/megabyte)
			}
			poll(t, url, test.want, idle)
		})
	}
}

// The built-in predictor refuses what it cannot read, at once.
func TestHostileQuestions(t *testing.T) {
	t.Parallel()
	_, url := start(t, answers, func(c *service.Config) { c.MaxBodyBytes = 8 * megabyte })
	for name, body := range map[string]string{
		"nested":         `{"inputs":` + strings.Repeat("[", megabyte/2),
		"nested objects": strings.Repeat(`{"inputs":`, 20_000) + strings.Repeat("}", 20_000),
		"gzip":           bomb(t, "", 1),
		"huge type":      `{"prediction_type":"` + strings.Repeat("x", megabyte) + `","inputs":{"question":"Which labels?"}}`,
		"huge number":    `{"inputs":{"question":` + strings.Repeat("9", megabyte/2) + `}}`,
		"a million keys": `{` + strings.Repeat(`"":1,`, 1_000_000) + `"inputs":{}}`,
	} {
		if got := must(t, http.MethodPost, url+"/predict", body); got.status != http.StatusBadRequest || len(got.body) > 1000 {
			t.Errorf("%s: got status %d and %d bytes", name, got.status, len(got.body))
		}
	}
	poll(t, url, errorsOf("invalid_input", 6), idle)
}
