// Package peers compares what implementations cost, beside one another in one run, for benchmarks.
package peers

import (
	"slices"
	"sync"
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
// Several workers do the work at the same time. The unit of a ratio is the name of the other with "-ratio".
func Compare(loop func() bool, report func(ratio float64, unit string), workers int, implementations ...Peer) {
	turns, costs := make([]int, len(implementations)), make([][]time.Duration, len(implementations))
	for j, one := range implementations {
		turns[j] = turn(one, workers)
	}
	for loop() {
		for j, one := range implementations {
			costs[j] = append(costs[j], one.take(turns[j], workers))
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

// take returns how long each worker needs to do the work n times.
func (p Peer) take(n, workers int) time.Duration {
	start := time.Now()
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(func() { p.repeat(n) })
	}
	p.repeat(n)
	others.Wait()
	return time.Since(start)
}

func (p Peer) repeat(n int) {
	for i := range n {
		p.Work(i)
	}
}

// turn returns how often an implementation works in a slice. The fastest of some attempts says: the first call is slow, and any
// may be interrupted. Where workers have to be started, a slice is longer.
func turn(p Peer, workers int) int {
	want := slice
	if workers > 1 {
		want *= 100
	}
	for n := 1; ; n *= 2 {
		fastest := want
		for range 5 {
			fastest = min(fastest, p.take(n, workers))
		}
		if fastest >= want {
			return n
		}
	}
}
