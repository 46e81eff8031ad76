package promql_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
)

// A bound must match as every source spells it, and no other bound.
func TestBucket(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bound         float64
		matched, none []string
	}{
		{10, []string{"10", "10.0"}, []string{"1", "100", "10.5", "1e+01"}},
		{0.25, []string{"0.25"}, []string{"0x25", "0.255", "0.250"}},
		{1e-05, []string{"1e-05", "0.00001"}, []string{"1e-050"}},
		{1e21, []string{"1e+21", "1000000000000000000000", "1000000000000000000000.0"}, []string{"1ee21"}},
	} {
		matcher := promql.Bucket(test.bound)
		quoted, ok := strings.CutPrefix(matcher, `le=~"`)
		if !ok {
			t.Fatalf("%v: got %s", test.bound, matcher)
		}
		// Prometheus anchors its regular expressions.
		pattern := regexp.MustCompile("^(?:" + strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `\\`, `\`) + ")$")
		for _, spelling := range test.matched {
			if !pattern.MatchString(spelling) {
				t.Errorf("%s does not match %s", matcher, spelling)
			}
		}
		for _, spelling := range test.none {
			if pattern.MatchString(spelling) {
				t.Errorf("%s matches %s", matcher, spelling)
			}
		}
	}
}
