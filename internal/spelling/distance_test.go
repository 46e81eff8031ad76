package spelling_test

import (
	"slices"
	"strings"
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

func TestNearest(t *testing.T) {
	known := []string{"counter", "gauge", "histogram", "updowncounter"}
	for got, want := range map[string]string{
		"Counter":                "counter",
		"conter":                 "counter",
		"hist":                   "histogram", // a beginning
		"his":                    "",          // too short for one
		"gague":                  "gauge",
		"summary":                "",
		"":                       "",
		strings.Repeat("g", 500): "",
	} {
		name, ok := spelling.Nearest(got, slices.Values(known))
		if name != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", got, name, ok, want)
		}
	}
	if got, want := spelling.Remedy("gauges", known), `did you mean "gauge"?`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := spelling.Remedy("", known[:2]), "choose one of counter, gauge"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
