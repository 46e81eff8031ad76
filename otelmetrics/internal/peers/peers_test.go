package peers

import (
	"testing"
)

// TestCompare calls every implementation in turn, and reports each ratio once.
func TestCompare(t *testing.T) {
	t.Parallel()
	calls, rounds := map[string]int{}, 0
	work := func(name string, times int) Peer {
		return Peer{name, func(int) {
			for range times {
				calls[name]++
			}
		}}
	}
	reported := map[string]float64{}
	Compare(func() bool { rounds++; return rounds <= 50 }, func(v float64, unit string) { reported[unit] += v },
		work("own", 1), work("other", 1), work("third", 100))
	for _, name := range []string{"own", "other", "third"} {
		if calls[name] == 0 {
			t.Errorf("%s was not called", name)
		}
	}
	if reported["other-ratio"] <= 0 || reported["third-ratio"] <= 0 || reported["own-ns"] <= 0 || len(reported) != 4 {
		t.Errorf("got %v", reported)
	}
	if reported["third-ratio"] >= reported["other-ratio"] {
		t.Errorf("a hundred times the work costs no more: %v", reported)
	}
}
