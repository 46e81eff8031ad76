package peers

import (
	"sync/atomic"
	"testing"
)

// TestCompare calls every implementation in turn, and reports each ratio once.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2} {
		var calls [3]atomic.Int64
		work := func(name string, j, times int) Peer {
			return Peer{name, func(int) {
				for range times {
					calls[j].Add(1)
				}
			}}
		}
		reported, rounds := map[string]float64{}, 0
		Compare(func() bool { rounds++; return rounds <= 50 }, func(v float64, unit string) { reported[unit] += v }, workers,
			work("own", 0, 1), work("other", 1, 1), work("third", 2, 100))
		for j := range calls {
			if calls[j].Load() == 0 {
				t.Errorf("%d was not called", j)
			}
		}
		if reported["other-ratio"] <= 0 || reported["third-ratio"] <= 0 || reported["own-ns"] <= 0 || len(reported) != 4 {
			t.Errorf("got %v", reported)
		}
		if reported["third-ratio"] >= reported["other-ratio"] {
			t.Errorf("a hundred times the work costs no more: %v", reported)
		}
	}
}
