package otelmetricstest

import (
	"testing"
)

// FuzzSamples takes any page: what is read from it, written and read again is
// the same.
func FuzzSamples(f *testing.F) {
	for _, page := range []string{
		"a 1\n", "# HELP a b\n\na{b=\"c\",le=\"+Inf\",a=\"\\\\\\\"\\n\"} NaN 3\n", "{\"a.b\",\"c d\"=\"e\"} 1e-300\n", "a{} 0.1234567891\n",
		"a{b=\"\xff\"} 1\n", "a{b=\"c\",b=\"d\"} 1\n", "a_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n", "x", "a 1\rb 2\n", "a{b=\"\u2028\"} -Inf\n",
	} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		samples, err := parseSamples(page)
		if err != nil {
			return
		}
		for _, s := range samples {
			again, err := parseSample(s.String())
			if err != nil || again.series() != s.series() || !equal(again.value, s.value) {
				t.Errorf("%q: got %s, %v, want %s", page, again, err, s)
			}
		}
	})
}
