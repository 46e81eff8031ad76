package extractive

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// hit is a passage that shares a term with the query.
type hit struct {
	index int
	score float64
}

// score returns the BM25 score of every passage for q, 0 where no term matches.
func score(ctx context.Context, passages []string, q query) ([]float64, error) {
	type match struct{ passage, term, count int }
	var (
		matches []match
		total   int
		lengths = make([]int, len(passages))   // words of each passage
		holders = make([]int, len(q.terms))    // passages that hold a term
		counts  = make([]int, len(q.terms))    // of each term in one passage
		seen    = make([]int, 0, len(q.terms)) // terms with a count
	)
	for i, passage := range passages {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		seen = seen[:0]
		for w := range words(passage) {
			lengths[i]++
			if t, ok := q.index[string(fold(w))]; ok {
				if counts[t] == 0 {
					seen = append(seen, t)
				}
				counts[t]++
			}
		}
		total += lengths[i]
		// Floating-point sums depend on their order, so passages with the same
		// words in another order tie only if terms are added in one order.
		slices.Sort(seen)
		for _, t := range seen {
			matches = append(matches, match{i, t, counts[t]})
			holders[t]++
			counts[t] = 0
		}
	}
	// The usual BM25 parameters: how soon a repeated term stops counting, and
	// how much a long passage is held back.
	const k1, b = 1.2, 0.75
	scores := make([]float64, len(passages))
	average := float64(total) / float64(len(passages))
	for _, m := range matches {
		tf := float64(m.count)
		norm := k1 * (1 - b + b*float64(lengths[m.passage])/average)
		scores[m.passage] += idf(len(passages), holders[m.term]) * tf * (k1 + 1) / (tf + norm)
	}
	return scores, alive(ctx)
}

// idf weighs a term by its rarity. The 1 inside the logarithm is not in the
// paper: it keeps a term that most passages hold from counting against them,
// which matters in a context of a few sentences.
func idf(passages, holders int) float64 {
	n, h := float64(passages), float64(holders)
	return math.Log(1 + (n-h+0.5)/(h+0.5))
}

// best returns the up to limit passages of the highest scores above 0, best
// first and equals by position.
func best(scores []float64, limit int) []hit {
	top := make([]hit, 0, limit+1)
	for i, s := range scores {
		if s <= 0 || len(top) == limit && s <= top[limit-1].score {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, s, func(h hit, s float64) int {
			if h.score == s {
				return -1
			}
			return cmp.Compare(s, h.score)
		})
		top = slices.Insert(top, at, hit{i, s})
		top = top[:min(len(top), limit)]
	}
	return top
}
