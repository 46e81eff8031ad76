package answer

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// dialect is a way in which answers are written, with samples of how providers
// write it.
type dialect struct {
	name, file string
	samples    []sample
}

// sample is an answer as it comes over the wire, and what it says.
type sample struct {
	name   string
	header http.Header
	parts  []string
	first  int // the part with the first content, or -1
	want   Report
}

// dialects are those that are read, in the order of docs/providers.md.
func dialects() []dialect {
	return []dialect{
		{"OpenAI: chat completions", "openai_test.go", openAIChat()},
		{"OpenAI: completions", "openai_test.go", openAICompletions()},
		{"OpenAI: embeddings", "openai_test.go", openAIEmbeddings()},
		{"OpenAI: responses", "responses_test.go", responses()},
		{"OpenAI: audio and images", "media_test.go", openAIMedia()},
		{"OpenAI: assistants", "media_test.go", assistants()},
		{"Azure OpenAI", "openai_like_test.go", azure()},
		{"DeepSeek", "openai_like_test.go", deepSeek()},
		{"Groq", "openai_like_test.go", groq()},
		{"Mistral", "openai_like_test.go", mistral()},
		{"OpenRouter", "openai_like_test.go", openRouter()},
		{"LiteLLM", "openai_like_test.go", liteLLM()},
		{"vLLM", "openai_like_test.go", vLLM()},
		{"Moonshot, xAI, Perplexity, DeepInfra, Snowflake", "openai_like_test.go", others()},
		{"SGLang", "servers_test.go", sgLang()},
		{"llama.cpp", "servers_test.go", llamaCPP()},
		{"Ollama", "servers_test.go", ollama()},
		{"Anthropic", "anthropic_test.go", anthropic()},
		{"Gemini, Vertex AI", "gemini_test.go", gemini()},
		{"Gemini: interactions", "interactions_test.go", interactions()},
		{"Bedrock", "bedrock_test.go", bedrock()},
		{"Bedrock: Titan, Llama, Mistral", "watsonx_test.go", invoked()},
		{"Cohere v1", "cohere_test.go", cohere1()},
		{"Cohere v2", "cohere_test.go", cohere2()},
		{"Text Generation Inference", "tgi_test.go", tgi()},
		{"DashScope", "dashscope_test.go", dashScope()},
		{"watsonx", "watsonx_test.go", watsonx()},
		{"Yandex", "yandex_test.go", yandex()},
		{"Aleph Alpha", "alephalpha_test.go", alephAlpha()},
		{"AI SDK 4: data streams", "datastream_test.go", dataStream()},
		{"DSPy", "dspy_test.go", dspyProgram()},
		{"Gateways and frameworks", "envelope_test.go", envelopes()},
		{"Programs of no known dialect", "dspy_test.go", unknown()},
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for _, d := range dialects() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range d.samples {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					testSample(t, s)
					if s.first >= 0 && len(s.parts) > 2 && s.want.Ended && !s.want.Failed {
						testCut(t, s, d.name != "DSPy" && d.name != "Gateways and frameworks" && d.name != "Programs of no known dialect")
					}
				})
			}
		})
	}
}

func testSample(t *testing.T, s sample) {
	t.Helper()
	want := fed{s.want, s.first}
	if diff := cmp.Diff(want, feed(s.header, megabyte, s.parts...)); diff != "" {
		t.Errorf("as it comes (-want +got):\n%s", diff)
	}
	text := strings.Join(s.parts, "")
	same(t, "in one part", s.want, feed(s.header, megabyte, text).Report)
	same(t, "byte by byte", s.want, feed(s.header, megabyte, strings.Split(text, "")...).Report)
}

// testCut ends a stream after its first content. That is a failure in a dialect
// that says when it ends, however the connection ends, and its usage is known only
// if it was stated by then.
func testCut(t *testing.T, s sample, marked bool) {
	t.Helper()
	begun := s.parts[:s.first+1]
	if got := feed(s.header, megabyte, begun...); marked && got.Cut == got.Ended {
		t.Errorf("ends cleanly after its first content: cut %t, ended %t", got.Cut, got.Ended)
	}
	r := NewReader(http.StatusOK, s.header, Options{MaxBytes: megabyte})
	for _, part := range begun {
		write(r, part)
	}
	if got := r.Finish(false); got.Cut || !got.Tokens.Stated() && !got.Ended && got.Missing != otelmetrics.UsageCutOff {
		t.Errorf("breaks off after its first content: got %+v", got)
	}
}

// sse are server-sent events with the data.
func sse(all ...string) []string {
	parts := make([]string, len(all))
	for i, data := range all {
		parts[i] = "data: " + data + "\n\n"
	}
	return parts
}

// typed are server-sent events that are named as their data is typed.
func typed(all ...string) []string {
	parts := make([]string, len(all))
	for i, data := range all {
		v, _ := only([]byte(data))
		parts[i] = "event: " + v.at("type").String() + "\ndata: " + data + "\n\n"
	}
	return parts
}

// ndjson are lines.
func ndjson(all ...string) []string {
	parts := make([]string, len(all))
	for i, data := range all {
		parts[i] = data + "\n"
	}
	return parts
}

// whole is a sample of a whole answer in JSON.
func whole(name, body string, want Report) sample {
	want.Whole = true
	want.Ended = want.Failed || want.Ended
	return sample{name, jsonBody(), []string{body}, -1, want}
}

// stream is a sample of an answer in events, which says that it ends.
func stream(name string, parts []string, first int, want Report) sample {
	want.Ended, want.Whole, want.Content = true, true, first >= 0
	return sample{name, eventStream(), parts, first, want}
}

// failed is a report of an answer that contains an error.
func failed(errorType otelmetrics.ErrorType) Report {
	return Report{Failed: true, ErrorType: errorType}
}

const megabyte = 1 << 20
