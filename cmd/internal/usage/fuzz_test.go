package usage

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzJSON(f *testing.F) {
	for _, body := range []string{
		`{"usage":{"openai/gpt-4o-mini":{"prompt_tokens":260,"completion_tokens":61,"prompt_tokens_details":{"cached_tokens":1}}}}`,
		`{"usage":{"input_tokens":10,"cache_read_input_tokens":60,"cache_creation_input_tokens":1e12}}`,
		`{"usage":{"a":{"prompt_tokens":1099511627776},"b":{"prompt_tokens":1099511627776}},"cost":1e-05,"cached":true}`,
		`{"usage":null,"cost_usd":-1,"cache_hit":"","error":{"type":["timeout"]},"error_type":{}}`,
		`[[[{"usage":1}]]]`, `{"us\u0061ge":{"\ud800":{"prompt_tokens":0.0}}}`, "\x00", ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := FromJSON(body)
		check(t, r)
		if !json.Valid(body) && (r.Failed || r.Tokens != nil || r.Cost != nil || r.Cached != nil) {
			t.Errorf("%q, which is not JSON, says %+v", body, r)
		}
	})
}

func FuzzStream(f *testing.F) {
	for _, stream := range []string{
		role + litellm + usage1 + usage2 + answered + done, engine + engineNo, openAIRole + openAIText + openAIStop + openAIUsage,
		"\ufeffevent: error\r\ndata: {\"error\":{\"code\":429}}\r\n\r\n", "event:done\rdata\rdata:\r\r: x\n\ndata: [DONE]",
		"data: {\"usage\":\ndata: {}}\n\nid: 1\nretry: 5\n\n", "\xef\xbbdata: x\n\n",
	} {
		f.Add([]byte(stream), uint16(7), uint16(0))
		f.Add([]byte(stream), uint16(60), uint16(1000))
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut, limit uint16) {
		most := 16 + int(limit)
		whole, _ := feed(most, string(stream))
		check(t, whole.Report)
		bytewise := make([]string, len(stream))
		for i, b := range stream {
			bytewise[i] = string([]byte{b})
		}
		at := min(int(cut), len(stream))
		for name, parts := range map[string][]string{
			"byte by byte": bytewise,
			"cut in two":   {string(stream[:at]), string(stream[at:])},
		} {
			got, _ := feed(most, parts...)
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("%s at %d (-whole +got):\n%s", name, at, diff)
			}
		}
		s := NewStream("text/event-stream")
		s.MaxEventBytes = most
		for _, b := range stream {
			_, _ = s.Write([]byte{b})
			if held := len(s.events.line) + len(s.events.next.data) + len(s.events.next.name); held > 3*most {
				t.Fatalf("holds %d bytes with a limit of %d", held, most)
			}
		}
	})
}

// check checks what is true of every report.
func check(t *testing.T, r Report) {
	t.Helper()
	for tokenType, n := range r.Tokens {
		if n < 0 || n > 1024*3*maxCount {
			t.Errorf("%d %s tokens", n, tokenType)
		}
	}
	for tokenType, rest := range r.Tokens {
		for _, counts := range r.Models {
			rest -= counts[tokenType]
		}
		if rest < 0 {
			t.Errorf("the models spent %d %s tokens more than there are", -rest, tokenType)
		}
	}
	if r.Cost != nil && (*r.Cost < 0 || *r.Cost > maxCost || math.IsNaN(*r.Cost)) {
		t.Errorf("a cost of %v", *r.Cost)
	}
	if r.Cached != nil && *r.Cached && (r.Tokens != nil || r.Models != nil || r.Cost != nil) {
		t.Errorf("a cached answer that spent: %+v", r)
	}
	if r.Failed != (r.ErrorType != "") {
		t.Errorf("failed %t, error type %q", r.Failed, r.ErrorType)
	}
	if len(r.Ignored) > 8 {
		t.Errorf("%d entries ignored", len(r.Ignored))
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(headerCost, "1e-05", headerCache, "hit")
	f.Add(headerCalls, "3", headerCacheHits, "4")
	f.Add("Dspy-Input-Tokens", "1099511627777", "Dspy-Output-Tokens", "+1")
	f.Add("Dspy-Reasoning-Tokens", "٣", headerToolCalls, "")
	f.Fuzz(func(t *testing.T, name, value, other, otherValue string) {
		h := http.Header{}
		h.Add(name, value)
		h.Add(other, otherValue)
		r := FromHeader(h)
		check(t, r)
		for _, n := range []*int64{r.CacheHits, r.CacheMisses, r.ToolCalls, r.ParseFailures} {
			if n != nil && (*n < 0 || *n > maxCount) {
				t.Errorf("%v: got a count of %d", h, *n)
			}
		}
		if r.Failed {
			t.Errorf("%v: a header has failed", h)
		}
		for _, ignored := range r.Ignored {
			if len(ignored) > 1000 {
				t.Errorf("%d bytes to log", len(ignored))
			}
		}
	})
}
