package answer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// A program asks its models several times, and says why each of them stopped.
func TestFinishes(t *testing.T) {
	t.Parallel()
	type finishes map[otelmetrics.FinishReason]int64
	for name, test := range map[string]struct {
		header, body string
		want         finishes
		ignored      int
	}{
		"none":                 {"", `{}`, nil, 0},
		"a member":             {"", `{"finishes":{"stop":2,"length":1}}`, finishes{"stop": 2, "length": 1}, 0},
		"words of providers":   {"", `{"finishes":{"end_turn":1,"MAX_TOKENS":2,"tool_use":3,"SAFETY":4,"paused":5}}`, finishes{"stop": 1, "length": 2, "tool_calls": 3, "content_filter": 4, "other": 5}, 0},
		"words of one meaning": {"", `{"finishes":{"stop":1,"eos":2}}`, finishes{"stop": 3}, 0},
		"the header":           {"stop=2, length=1", `{}`, finishes{"stop": 2, "length": 1}, 0},
		"the member first":     {"stop=2", `{"finishes":{"length":1}}`, finishes{"length": 1}, 0},
		"an error is counted":  {"", `{"finishes":{"error":1}}`, finishes{"error": 1}, 0},
		"no counts":            {"", `{"finishes":{"stop":-1,"length":1.5,"eos":"1"}}`, nil, 1},
		"no counts, header":    {"stop=-1,length=,eos,stop=1", `{}`, finishes{"stop": 1}, 1},
		"absurd counts":        {"stop=99999999999999999999", `{}`, finishes{}, 1},
		"a part of the answer": {"", `{"finishes":["a","b"]}`, nil, 0},
		"an event":             {"", "event: usage\ndata: {\"finishes\":{\"length\":1}}\n\ndata: [DONE]\n\n", finishes{"length": 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := headerOf(test.body)
			if test.header != "" {
				header.Set(headerFinishes, test.header)
			}
			got := feed(header, 0, test.body).Report
			if diff := cmp.Diff(test.want, finishes(got.Finishes)); diff != "" {
				t.Error(diff)
			}
			if got.Failed {
				t.Error("the answer failed")
			}
			if len(got.Ignored) != test.ignored {
				t.Errorf("ignored %q", got.Ignored)
			}
		})
	}
}
