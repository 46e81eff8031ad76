package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// figures are those of one round.
type figures struct {
	cpu          float64 // seconds for 1,000 requests
	median, high time.Duration
	memory       int64
}

type result struct {
	gateway, scenario string
	rounds            []figures
}

// median takes the median of each figure for itself.
func (r result) median() figures {
	return figures{
		cpu:    middle(r.rounds, func(f figures) float64 { return f.cpu }),
		median: middle(r.rounds, func(f figures) time.Duration { return f.median }),
		high:   middle(r.rounds, func(f figures) time.Duration { return f.high }),
		memory: middle(r.rounds, func(f figures) int64 { return f.memory }),
	}
}

// ratio is the median of the ratios of rounds that followed one another: other work
// on the machine falls on both.
func (r result) ratio(peer result, of func(figures) float64) string {
	if len(peer.rounds) != len(r.rounds) {
		return "–"
	}
	ratios := make([]float64, len(r.rounds))
	for i := range ratios {
		ratios[i] = of(r.rounds[i]) / of(peer.rounds[i])
	}
	return fmt.Sprintf("%.2f", middle(ratios, func(f float64) float64 { return f }))
}

func middle[S any, T cmp.Ordered](rounds []S, of func(S) T) T {
	values := make([]T, len(rounds))
	for i, round := range rounds {
		values[i] = of(round)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// table writes the results as Markdown, with the ratios to the bare proxy.
func table(w io.Writer, results []result) {
	fmt.Fprintln(w, "| answer | gateway | CPU s / 1,000 | to bare | P50 | to bare | P99 | memory |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	for _, s := range scenarios() {
		var bare result
		for _, r := range results {
			if r.scenario == s.name && r.gateway == bareName {
				bare = r
			}
		}
		for _, r := range results {
			if r.scenario != s.name {
				continue
			}
			f := r.median()
			fmt.Fprintf(w, "| %s | %s | %.3f | %s | %.2f ms | %s | %.2f ms | %d MiB |\n", r.scenario, r.gateway,
				f.cpu, r.ratio(bare, func(f figures) float64 { return f.cpu }),
				milliseconds(f.median), r.ratio(bare, func(f figures) float64 { return milliseconds(f.median) }),
				milliseconds(f.high), f.memory>>20)
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
