package answer

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// long are streams of many chunks, each of which comes in a write of its own, as a
// proxy reads them.
func long(chunks int) map[string][][]byte {
	// A number in a part is that of the chunk.
	repeat := func(head []string, part string, tail []string) [][]byte {
		var all [][]byte
		for _, event := range head {
			all = append(all, []byte(event))
		}
		for i := range chunks {
			all = append(all, []byte(strings.ReplaceAll(part, "1234", strconv.Itoa(1000+i))))
		}
		for _, event := range tail {
			all = append(all, []byte(event))
		}
		return all
	}
	claude := typed(
		`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude","usage":{"input_tokens":10,"output_tokens":1}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Paris is "}}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}`, `{"type":"message_stop"}`)
	items := typed(`{"type":"response.created","response":{"id":"resp_1","object":"response","status":"in_progress","output":[],"usage":null}}`,
		`{"type":"response.output_text.delta","sequence_number":1234,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Paris is ","logprobs":[],"obfuscation":"x9dkQ1"}`,
		`{"type":"response.completed","response":`+response("completed", responseUsage)+`}`)
	frames := []string{awsEvent("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"Paris is "},"p":"abc"}`), awsEvent("metadata", `{"usage":{"inputTokens":10,"outputTokens":15}}`)}
	return map[string][][]byte{
		"openai":            repeat(sse(chatRole), sse(chatText)[0], sse(chatStop, chatUsage, "[DONE]")),
		"openai_continuous": repeat(sse(chatRole), strings.Replace(sse(chatText)[0], `"usage":null`, `"usage":{"prompt_tokens":19,"completion_tokens":1234,"total_tokens":1234}`, 1), sse(chatStop, chatUsage, "[DONE]")),
		"responses":         repeat(items[:1], items[1], items[2:]),
		"anthropic":         repeat(claude[:1], claude[1], claude[2:]),
		"dspy":              repeat(nil, sse(quoted(part(`"a"`, "Paris is ", "null", "")))[0], sse(quoted(part(`"a"`, "", "stop", `{"prompt_tokens":1,"completion_tokens":2}`)), `{"prediction":{"answer":"Paris"}}`, "[DONE]")),
		"bedrock":           repeat(nil, frames[0], frames[1:]),
	}
}

func readAll(header http.Header, parts [][]byte) Report {
	r := NewReader(http.StatusOK, header, Options{MaxBytes: megabyte, OnContent: func() {}})
	for _, part := range parts {
		_, _ = r.Write(part)
	}
	return r.Finish(true)
}

// BenchmarkStream reads a stream of so many chunks.
func BenchmarkStream(b *testing.B) {
	for _, chunks := range []int{50, 1000} {
		all := long(chunks)
		names := make([]string, 0, len(all))
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			header := eventStream()
			if name == "bedrock" {
				header.Set("Content-Type", "application/vnd.amazon.eventstream")
			}
			b.Run(name+"/"+strconv.Itoa(chunks), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got := readAll(header, all[name]); !got.Tokens.Stated() {
						b.Fatalf("got %+v", got)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*chunks), "ns/chunk")
			})
		}
	}
}

// BenchmarkWhole reads a whole answer.
func BenchmarkWhole(b *testing.B) {
	for name, body := range map[string]string{
		"dspy":       `{"prediction_type":"predict","outputs":{"answer":"x"},"usage":{"m":{"prompt_tokens":12,"completion_tokens":5}},"cost_usd":0.001,"cached":false}`,
		"openai":     openAIChat()[0].parts[0],
		"embeddings": `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + strings.Repeat("0.0023064255,", 1535) + `0.1]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			header, parts := jsonBody(), [][]byte{[]byte(body)}
			for b.Loop() {
				readAll(header, parts)
			}
		})
	}
}

// A chunk of a stream costs no allocation: those of a stream are as many as those
// of a longer one.
//
//nolint:paralleltest // it counts allocations.
func TestAllocations(t *testing.T) {
	short, more := long(50), long(1000)
	for name := range short {
		header := eventStream()
		if name == "bedrock" {
			header.Set("Content-Type", "application/vnd.amazon.eventstream")
		}
		few := testing.AllocsPerRun(10, func() { readAll(header, short[name]) })
		many := testing.AllocsPerRun(10, func() { readAll(header, more[name]) })
		if few > 16 || many > few+2 {
			t.Errorf("%s: %.0f allocations for 50 chunks, %.0f for 1,000", name, few, many)
		}
	}
	body := [][]byte{[]byte(openAIChat()[0].parts[0])}
	header := jsonBody()
	if got := testing.AllocsPerRun(10, func() { readAll(header, body) }); got > 10 {
		t.Errorf("%.0f allocations for a whole answer", got)
	}
}
