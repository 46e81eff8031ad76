package difference_test

import (
	"math"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
)

type inner struct{ name string }

type outer struct {
	Inner *inner
	List  []int
	Map   map[string]float64
	Any   any
}

func TestOf(t *testing.T) {
	t.Parallel()
	value := func() outer {
		return outer{Inner: &inner{"a"}, List: []int{1, 2}, Map: map[string]float64{"x": 1, "y": math.NaN()}, Any: "z"}
	}
	change := func(by func(*outer)) outer {
		v := value()
		by(&v)
		return v
	}
	for name, test := range map[string]struct {
		want, got any
		diff      string
	}{
		"equal":          {value(), value(), ""},
		"unexported":     {value(), change(func(o *outer) { o.Inner.name = "b" }), "- .Inner.name: \"a\"\n+ .Inner.name: \"b\"\n"},
		"nil":            {value(), change(func(o *outer) { o.Inner = nil }), "- .Inner.name: \"a\"\n"},
		"shorter":        {value(), change(func(o *outer) { o.List = o.List[:1] }), "- .List[1]: 2\n"},
		"empty and none": {outer{List: []int{}}, outer{}, ""},
		"map's value":    {value(), change(func(o *outer) { o.Map["x"] = 2 }), "- .Map[x]: 1\n+ .Map[x]: 2\n"},
		"map's key":      {map[string][]int{"a": nil}, map[string][]int{}, "- [a]\n"},
		"interface":      {value(), change(func(o *outer) { o.Any = 7 }), "- .Any: \"z\"\n+ .Any: 7\n"},
		"zone":           {time.Unix(1, 0).UTC(), time.Unix(1, 0).In(time.FixedZone("x", 60)), ""},
		"moment":         {time.Unix(1, 0), time.Unix(2, 0), "- : 1970-01-01T00:00:01Z\n+ : 1970-01-01T00:00:02Z\n"},
		"minus zero":     {0.0, math.Copysign(0, -1), ""},
		"number":         {1, 2, "- : 1\n+ : 2\n"},
		"text":           {"a\nb\nc", "a\nc\nd", "- b\n+ d\n"},
		"order":          {"a\nb", "b\na", "- a\n+ b\n- b\n+ a\n"},
		"line twice":     {"a", "a\na", "+ a\n"},
		"last newline":   {"a\n", "a", "- \n"},
	} {
		if got := difference.Of(test.want, test.got); got != test.diff {
			t.Errorf("%s: got %q, want %q", name, got, test.diff)
		}
	}
}
