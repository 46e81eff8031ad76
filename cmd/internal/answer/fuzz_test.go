package answer

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// fuzzDialect fuzzes the samples of a dialect: whatever comes, a report makes
// sense, and is the same however the answer is cut.
func fuzzDialect(f *testing.F, file string) {
	f.Helper()
	for _, d := range dialects() {
		if d.file != file {
			continue
		}
		for i, s := range d.samples {
			f.Add([]byte(strings.Join(s.parts, "")), s.header.Get("Content-Type"), uint16(7*i), uint16(1000))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, contentType string, cut, limit uint16) {
		most := 64 + int64(limit)
		whole := feed(header(contentType), most, string(text))
		checkReport(t, whole.Report)
		at := min(int(cut), len(text))
		if diff := cmp.Diff(whole.Report, feed(header(contentType), most, string(text[:at]), string(text[at:])).Report); diff != "" {
			t.Errorf("cut at %d (-whole +cut):\n%s", at, diff)
		}
		pieces := make([]string, len(text))
		for i, b := range text {
			pieces[i] = string([]byte{b})
		}
		if diff := cmp.Diff(whole.Report, feed(header(contentType), most, pieces...).Report); diff != "" {
			t.Errorf("byte by byte (-whole +cut):\n%s", diff)
		}
		r := NewReader(http.StatusOK, header(contentType), Options{MaxBytes: most})
		write(r, string(text[:at]))
		broken := r.Finish(false)
		checkReport(t, broken)
		if broken.Cut {
			t.Error("an answer that broke off is cut")
		}
	})
}

func FuzzOpenAI(f *testing.F)       { fuzzDialect(f, "openai_test.go") }
func FuzzOpenAILike(f *testing.F)   { fuzzDialect(f, "openai_like_test.go") }
func FuzzResponses(f *testing.F)    { fuzzDialect(f, "responses_test.go") }
func FuzzAnthropic(f *testing.F)    { fuzzDialect(f, "anthropic_test.go") }
func FuzzGemini(f *testing.F)       { fuzzDialect(f, "gemini_test.go") }
func FuzzBedrock(f *testing.F)      { fuzzDialect(f, "bedrock_test.go") }
func FuzzCohere(f *testing.F)       { fuzzDialect(f, "cohere_test.go") }
func FuzzServers(f *testing.F)      { fuzzDialect(f, "servers_test.go") }
func FuzzYandex(f *testing.F)       { fuzzDialect(f, "yandex_test.go") }
func FuzzAlephAlpha(f *testing.F)   { fuzzDialect(f, "alephalpha_test.go") }
func FuzzDataStream(f *testing.F)   { fuzzDialect(f, "datastream_test.go") }
func FuzzDSPy(f *testing.F)         { fuzzDialect(f, "dspy_test.go") }
func FuzzTGI(f *testing.F)          { fuzzDialect(f, "tgi_test.go") }
func FuzzDashScope(f *testing.F)    { fuzzDialect(f, "dashscope_test.go") }
func FuzzWatsonx(f *testing.F)      { fuzzDialect(f, "watsonx_test.go") }
func FuzzInteractions(f *testing.F) { fuzzDialect(f, "interactions_test.go") }
func FuzzMedia(f *testing.F)        { fuzzDialect(f, "media_test.go") }
func FuzzEnvelopes(f *testing.F)    { fuzzDialect(f, "envelope_test.go") }

// checkReport checks what is true of every report.
func checkReport(t *testing.T, r Report) {
	t.Helper()
	for tokenType, n := range r.Tokens.All() {
		if n < 0 || n > 4*maxCount {
			t.Errorf("%d %s tokens", n, tokenType)
		}
	}
	for tokenType, rest := range r.Tokens.All() {
		for _, spending := range r.Models {
			rest -= spending.Tokens.Of(tokenType)
		}
		if rest < 0 {
			t.Errorf("the models spent %d %s tokens more than there are", -rest, tokenType)
		}
	}
	if r.Cost != nil && (*r.Cost < 0 || *r.Cost > maxCost || math.IsNaN(*r.Cost)) {
		t.Errorf("a cost of %v", *r.Cost)
	}
	if r.Cached != nil && *r.Cached && (r.Tokens.Stated() || r.Models != nil || r.Cost != nil || r.Missing != "") {
		t.Errorf("a cached answer that spent: %+v", r)
	}
	if r.Failed != (r.ErrorType != "") || r.Failed && (!r.Ended || r.Cut || r.Missing != "") {
		t.Errorf("a failure: %+v", r)
	}
	if r.Cut && r.Ended {
		t.Errorf("cut after its end: %+v", r)
	}
	size := 0
	for _, ignored := range r.Ignored {
		size += len(ignored)
	}
	if len(r.Ignored) > 8 || size > 8*500 {
		t.Errorf("ignored %q", r.Ignored)
	}
}

// FuzzJSON holds the cursor against Go's own decoder: of a valid object it finds
// the same members, and it never fails on others.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`{"a":{"b":[1,{"c":"d"}]},"e":"\"\\","f":null}`, `{"us\u0061ge":{"\ud83d\ude00":0.0}}`, `[[[{"usage":1}]]]`, `{"a":1,"a":2}`,
		`{"a":"\u00e9\n","b":"\ud800","c":[]}`, "\x00", ``, `{`, `{"a`, `{"a":}`, `{"a":[}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, ok := only(text)
		got := make(map[string]value)
		members := 0
		c := v.members()
		for ; c.next(); members++ {
			got[string(c.name)] = c.value
			search(c.value, maxDepth, func([]byte) bool { return false })
			_ = c.value.String()
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		if !ok || !c.closed {
			t.Fatalf("%q is not read", text)
		}
		if members != len(want) || !utf8.Valid(text) || bytes.Contains(text, []byte(`\u`)) {
			return // some have the same name, or Go replaces what is not UTF-8
		}
		for name, raw := range want {
			if !bytes.Equal(got[name], raw) {
				t.Errorf("%q: member %q: got %s, want %s", text, name, got[name], raw)
			}
			var words string
			if json.Unmarshal(raw, &words) == nil && got[name].isString() && got[name].String() != words {
				t.Errorf("%q: member %q: got %q, want %q", text, name, got[name].String(), words)
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(headerCost, "1e-05", headerCache, "hit")
	f.Add(headerCalls, "3", headerCacheHits, "4")
	f.Add("Dspy-Input-Tokens", "1099511627777", "Dspy-Output-Tokens", "+1")
	f.Add("Dspy-Reasoning-Tokens", "٣", headerToolCalls, "")
	f.Add(headerLiteLLM, "NaN", "X-Amzn-Bedrock-Input-Token-Count", "5")
	f.Add("Content-Encoding", "gzip, br", "Content-Type", "text/event-stream; =")
	f.Fuzz(func(t *testing.T, name, value, other, otherValue string) {
		h := http.Header{}
		h.Add(name, value)
		h.Add(other, otherValue)
		r := feed(h, 0, "{}").Report
		checkReport(t, r)
		for _, n := range []*int64{r.Calls, r.CacheHits, r.CacheMisses, r.ToolCalls, r.ParseFailures} {
			if n != nil && (*n < 0 || *n > maxCount) {
				t.Errorf("%v: got a count of %d", h, *n)
			}
		}
		if r.Failed {
			t.Errorf("%v: a header has failed", h)
		}
	})
}

// FuzzCodings decodes anything.
func FuzzCodings(f *testing.F) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "gzip, br"} {
		f.Add([]byte("\x1f\x8b\x08\x00"), coding, uint16(2))
		f.Add([]byte("\x28\xb5\x2f\xfd\x24\x02\x11\x00\x00{}"), coding, uint16(5))
		f.Add([]byte("x\x9c\xab\xae\x05\x00\x01u\x00\xf9"), coding, uint16(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, coding string, cut uint16) {
		at := min(int(cut), len(text))
		checkReport(t, feed(in(jsonBody(), coding), 1000, string(text[:at]), string(text[at:])).Report)
		checkReport(t, feed(in(eventStream(), coding), 1000, string(text)).Report)
	})
}
