package answer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// The body of a stream states its tool calls and parse failures, because the header was
// sent before them.
func TestToolCallsAndParseFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header, body string // the header states both
		tools, fails *int64
		ignored      int
	}{
		"none":                      {"", `{}`, nil, nil, 0},
		"members":                   {"", `{"tool_calls":2,"parse_failures":1}`, new(int64(2)), new(int64(1)), 0},
		"zero is stated":            {"", `{"tool_calls":0,"parse_failures":0}`, new(int64(0)), new(int64(0)), 0},
		"as Python adds up":         {"", `{"tool_calls":2.0}`, new(int64(2)), nil, 0},
		"the header":                {"3", `{}`, new(int64(3)), new(int64(3)), 0},
		"members go first":          {"3", `{"tool_calls":2}`, new(int64(2)), new(int64(3)), 0},
		"the calls themselves":      {"", `{"tool_calls":[{"id":"1","function":{"name":"f"}}]}`, nil, nil, 0},
		"words, null":               {"", `{"tool_calls":"2","parse_failures":null}`, nil, nil, 0},
		"not counts":                {"", `{"tool_calls":-1,"parse_failures":1.5}`, nil, nil, 2},
		"too large":                 {"", `{"tool_calls":99999999999999999999}`, nil, nil, 1},
		"deep in the answer":        {"", `{"outputs":{"tool_calls":7,"parse_failures":7}}`, nil, nil, 0},
		"the event of the usage":    {"", "event: usage\ndata: {\"usage\":null,\"tool_calls\":2,\"parse_failures\":1}\n\ndata: [DONE]\n\n", new(int64(2)), new(int64(1)), 0},
		"the event of the answer":   {"", "event: prediction\ndata: {\"outputs\":{},\"tool_calls\":1,\"parse_failures\":0}\n\n", new(int64(1)), new(int64(0)), 0},
		"an event that has repeats": {"", strings.Repeat("data: {\"tool_calls\":1}\n\n", 2) + "data: [DONE]\n\n", new(int64(1)), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := headerOf(test.body)
			if test.header != "" {
				header.Set(headerToolCalls, test.header)
				header.Set(headerParseFailures, test.header)
			}
			got := feed(header, 0, test.body).Report
			if diff := cmp.Diff([]*int64{test.tools, test.fails}, []*int64{got.ToolCalls, got.ParseFailures}); diff != "" {
				t.Error(diff)
			}
			if len(got.Ignored) != test.ignored {
				t.Errorf("ignored %q", got.Ignored)
			}
		})
	}
}

// The model of what was spent is the one that was called, if there was one alone and the
// answer names none.
func TestModelOfTheCalls(t *testing.T) {
	t.Parallel()
	spent := stated(counts{otelmetrics.TokensInput: 7})
	for name, test := range map[string]struct {
		calls, byModel, body string
		want                 []Spending
	}{
		"one model":             {"2", "openai/gpt-4o=2", `{}`, []Spending{{Model: "openai/gpt-4o", Tokens: spent, Cost: new(0.5)}}},
		"no sum of the calls":   {"", "openai/gpt-4o=2", `{}`, []Spending{{Model: "openai/gpt-4o", Tokens: spent, Cost: new(0.5)}}},
		"two models":            {"2", "a=1,b=1", `{}`, nil},
		"calls of none besides": {"2", "a=1", `{}`, nil},
		"no call":               {"0", "a=0", `{}`, nil},
		"the usage names one":   {"1", "a=1", `{"usage":{"b":{"prompt_tokens":7}}}`, []Spending{{Model: "b", Tokens: spent}}},
		"the answer names one":  {"1", "a=1", `{"model":"b","object":"chat.completion","choices":[],"usage":{"prompt_tokens":7}}`, nil},
		"cached":                {"1", "a=1", `{"cached":true}`, nil},
		"none named":            {"1", "", `{}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := jsonBody()
			header.Set("Dspy-Input-Tokens", "7")
			header.Set(headerCost, "0.5")
			if test.calls != "" {
				header.Set(headerCalls, test.calls)
			}
			if test.byModel != "" {
				header.Set(headerModelCalls, test.byModel)
			}
			if diff := cmp.Diff(test.want, feed(header, 0, test.body).Models); diff != "" {
				t.Error(diff)
			}
		})
	}
}
