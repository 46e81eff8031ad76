package spelling_test

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]int{
		{"", ""}:                   0,
		{"", "abc"}:                3,
		{"abc", ""}:                3,
		{"kitten", "sitting"}:      3,
		{"tenant", "tenant"}:       0,
		{"lables", "labels"}:       2,
		{"vary_slow", "very_slow"}: 1,
	} {
		if got := spelling.Distance(pair[0], pair[1]); got != want {
			t.Errorf("%q: got %d, want %d", pair, got, want)
		}
	}
}
