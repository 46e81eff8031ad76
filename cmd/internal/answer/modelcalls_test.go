package answer

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModelCalls(t *testing.T) {
	t.Parallel()
	many := func(form string) string {
		var all []string
		for i := range 100 {
			all = append(all, fmt.Sprintf(form, i))
		}
		return strings.Join(all, ",")
	}
	for name, test := range map[string]struct {
		header, body string
		want         map[string]int64
		calls        int64 // the sum, or -1 if it is not stated
		ignored      int
	}{
		"none":                       {"", `{}`, nil, -1, 0},
		"a header":                   {"openai/gpt-4o=2,anthropic/claude=1", `{}`, map[string]int64{"openai/gpt-4o": 2, "anthropic/claude": 1}, 3, 0},
		"spaces, zero":               {" a=0 , b=1", `{}`, map[string]int64{"a": 0, "b": 1}, 1, 0},
		"quoted":                     {"a%2Cb%3D1%20c=2", `{}`, map[string]int64{"a,b=1 c": 2}, 2, 0},
		"the same twice":             {"a=1,a=2", `{}`, map[string]int64{"a": 3}, 3, 0},
		"no count":                   {"a,b=,c=x,d=-1,e=1.5,f=9999999999999999,g=1", `{}`, map[string]int64{"g": 1}, 1, 1},
		"not quoted well":            {"%zz=1,a=1", `{}`, map[string]int64{"a": 1}, 1, 1},
		"no name":                    {"=1,a=1", `{}`, map[string]int64{"a": 1}, 1, 0},
		"a very long name":           {strings.Repeat("x", 300) + "=1,a=1", `{}`, map[string]int64{"a": 1}, 1, 0},
		"a member":                   {"", `{"lm_calls":{"openai/gpt-4o":2}}`, map[string]int64{"openai/gpt-4o": 2}, 2, 0},
		"a member, which goes first": {"b=7", `{"lm_calls":{"a":2}}`, map[string]int64{"a": 2}, 2, 0},
		"a member of a cached one":   {"", `{"cached":true,"lm_calls":{"a":2}}`, map[string]int64{"a": 2}, 2, 0},
		"a word of the answer":       {"", `{"lm_calls":3}`, nil, -1, 0},
		"not a count":                {"", `{"lm_calls":{"a":"1","b":-1,"c":1}}`, map[string]int64{"c": 1}, 1, 1},
		"an event":                   {"", "event: usage\ndata: {\"usage\":null,\"cached\":false,\"lm_calls\":{\"a\":1}}\n\ndata: [DONE]\n\n", map[string]int64{"a": 1}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := headerOf(test.body)
			if test.header != "" {
				header.Set(headerModelCalls, test.header)
			}
			got := feed(header, 0, test.body).Report
			if diff := cmp.Diff(test.want, got.ModelCalls); diff != "" {
				t.Error(diff)
			}
			if calls := got.Calls; calls == nil && test.calls >= 0 || calls != nil && *calls != test.calls {
				t.Errorf("got %v calls, want %d", calls, test.calls)
			}
			if len(got.Ignored) < test.ignored || test.ignored == 0 && len(got.Ignored) > 0 {
				t.Errorf("ignored %q", got.Ignored)
			}
		})
	}
	t.Run("very many models", func(t *testing.T) {
		t.Parallel()
		for _, got := range []Report{
			feed(http.Header{headerModelCalls: {many("m%d=1")}}, 0, `{}`).Report,
			feed(jsonBody(), 0, `{"lm_calls":{`+many(`"m%d":1`)+`}}`).Report,
		} {
			if len(got.ModelCalls) != maxModels {
				t.Errorf("got %d models, want %d", len(got.ModelCalls), maxModels)
			}
		}
	})
	t.Run("the sum is stated", func(t *testing.T) {
		t.Parallel()
		header := http.Header{headerModelCalls: {"a=1,b=1"}, headerCalls: {"3"}}
		if got := feed(header, 0, `{}`).Calls; got == nil || *got != 3 {
			t.Errorf("got %v, want 3", got)
		}
	})
}
