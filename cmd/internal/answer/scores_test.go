package answer

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestScores(t *testing.T) {
	t.Parallel()
	many := make([]string, 40)
	for i := range many {
		many[i] = strconv.Itoa(i) + "=1"
	}
	for name, test := range map[string]struct {
		header, body string
		want         map[string]float64
		ignored      bool
		count        int
	}{
		"in the body":        {body: `{"scores":{"a":0.5,"b":1}}`, want: map[string]float64{"a": 0.5, "b": 1}},
		"in the header":      {header: "a=0.5, b = 1", body: `{}`, want: map[string]float64{"a": 0.5, "b": 1}},
		"the body wins":      {header: "a=0", body: `{"scores":{"a":1}}`, want: map[string]float64{"a": 1}},
		"out of range":       {body: `{"scores":{"a":7}}`, want: map[string]float64{"a": 7}}, // to be refused and counted
		"no numbers":         {body: `{"scores":{"a":"good","b":0.5}}`, want: map[string]float64{"b": 0.5}, ignored: true},
		"no numbers, header": {header: "a=good,b,c=1", body: `{}`, want: map[string]float64{"c": 1}, ignored: true},
		"a word":             {body: `{"scores":"12 to 3"}`},
		"a list":             {body: `{"scores":[1,2]}`},
		"none":               {body: `{"scores":{}}`},
		"very many":          {header: strings.Join(many, ","), body: `{}`, count: 16},
	} {
		header := http.Header{}
		if test.header != "" {
			header.Set("Dspy-Scores", test.header)
		}
		got := feed(header, 0, test.body).Report
		if test.count > 0 {
			if len(got.Scores) != test.count {
				t.Errorf("%s: got %d scores, want %d", name, len(got.Scores), test.count)
			}
			continue
		}
		if !maps.Equal(got.Scores, test.want) || len(got.Ignored) > 0 != test.ignored {
			t.Errorf("%s: got %v, ignored %q; want %v", name, got.Scores, got.Ignored, test.want)
		}
	}
}
