// Package peers compares what implementations cost, beside one another in one run, for benchmarks.
package peers

import (
	"slices"
	"time"
)

// Peer is one implementation. Work does it for the i-th time.
type Peer struct {
	Name string
	Work func(i int)
}

const (
	// slice is for how long one implementation works before the next does: far less than an operating system gives a
	// process at once, so that most slices are not interrupted.
	slice = 20 * time.Microsecond
	// quantile of the slices of an implementation is what it costs. Those below are luck, those above were interrupted.
	quantile = 0.05
)

// Compare reports what the first implementation costs as a ratio to each of the others. They take turns, as long as loop
// returns true, so that all have the same conditions: on a shared machine that says more than the medians of separate runs.
// The unit of a ratio is the name of the other with "-ratio".
func Compare(loop func() bool, report func(ratio float64, unit string), implementations ...Peer) {
	turns, costs := make([]int, len(implementations)), make([][]time.Duration, len(implementations))
	for j, one := range implementations {
		turns[j] = turn(one.Work)
	}
	for loop() {
		for j, one := range implementations {
			start := time.Now()
			for i := range turns[j] {
				one.Work(i)
			}
			costs[j] = append(costs[j], time.Since(start))
		}
	}
	cost := func(j int) float64 {
		slices.Sort(costs[j])
		return float64(costs[j][int(quantile*float64(len(costs[j])))]) / float64(turns[j])
	}
	for j := 1; j < len(implementations); j++ {
		report(cost(0)/cost(j), implementations[j].Name+"-ratio")
	}
	report(cost(0), "own-ns")
	report(0, "ns/op") // of all of them together, which says nothing
}

// turn returns how often an implementation works in a slice. The fastest of some attempts says: the first call is slow, and any
// may be interrupted.
func turn(work func(i int)) int {
	for n := 1; ; n *= 2 {
		fastest := slice
		for range 5 {
			start := time.Now()
			for i := range n {
				work(i)
			}
			fastest = min(fastest, time.Since(start))
		}
		if fastest >= slice {
			return n
		}
	}
}
