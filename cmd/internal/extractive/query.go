package extractive

import (
	"context"
	"fmt"
	"strings"
)

// maxListed bounds the terms that String spells out.
const maxListed = 12

// term is a word looked for: as read, in lower case, and folded to its stem.
type term struct{ word, stem string }

// query is a set of terms in the order they were first read.
type query struct {
	terms []term
	index map[string]int // stem to its place in terms
	asks  answerType     // of a question
}

// read returns the terms of text that are no stop words. It goes passage by
// passage, since a question may be as long as a context.
func (p *Predictor) read(ctx context.Context, text string) (query, error) {
	q := query{index: map[string]int{}}
	for passage := range split(text) {
		if err := alive(ctx); err != nil {
			return query{}, err
		}
		for w := range words(passage) {
			if _, ok := p.stop[string(w)]; ok {
				continue
			}
			word := string(w)
			q.add(term{word: word, stem: string(fold(w))})
		}
	}
	return q, alive(ctx)
}

func (q *query) add(t term) {
	if q.has(t.stem) {
		return
	}
	q.index[t.stem] = len(q.terms)
	q.terms = append(q.terms, t)
}

func (q query) has(stem string) bool {
	_, ok := q.index[stem]
	return ok
}

// without returns the terms of q that other does not hold.
func (q query) without(other query) query {
	rest := query{index: map[string]int{}}
	for _, t := range q.terms {
		if !other.has(t.stem) {
			rest.add(t)
		}
	}
	return rest
}

// String lists the words of the terms, the first dozen in full.
func (q query) String() string {
	var b strings.Builder
	for i, t := range q.terms {
		if i == maxListed {
			fmt.Fprintf(&b, " and %d more", len(q.terms)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.word)
	}
	return b.String()
}
