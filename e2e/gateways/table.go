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
	figures
}

// medians takes the median of each figure for itself.
func medians(rounds []figures) figures {
	return figures{
		cpu:    middle(rounds, func(f figures) float64 { return f.cpu }),
		median: middle(rounds, func(f figures) time.Duration { return f.median }),
		high:   middle(rounds, func(f figures) time.Duration { return f.high }),
		memory: middle(rounds, func(f figures) int64 { return f.memory }),
	}
}

func middle[T cmp.Ordered](rounds []figures, of func(figures) T) T {
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
		var bare figures
		for _, r := range results {
			if r.scenario == s.name && r.gateway == bareName {
				bare = r.figures
			}
		}
		for _, r := range results {
			if r.scenario != s.name {
				continue
			}
			fmt.Fprintf(w, "| %s | %s | %.3f | %s | %.2f ms | %s | %.2f ms | %d MiB |\n", r.scenario, r.gateway,
				r.cpu, ratio(r.cpu, bare.cpu), milliseconds(r.median), ratio(milliseconds(r.median), milliseconds(bare.median)),
				milliseconds(r.high), r.memory>>20)
		}
	}
}

func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
