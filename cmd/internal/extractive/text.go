package extractive

import (
	"context"
)

// text is a text to answer from, split into passages.
type text struct {
	passages []string
	// follows reports for each passage whether it is in the same paragraph as the
	// previous one.
	follows []bool
}

// readText returns the passages of source that hold a word.
func readText(ctx context.Context, source string) (text, error) {
	var t text
	joined := false
	for passage, follows := range split(source) {
		if err := alive(ctx); err != nil {
			return text{}, err
		}
		joined = joined && follows
		for range words(passage) {
			t.passages = append(t.passages, passage)
			t.follows = append(t.follows, joined)
			joined = true
			break
		}
	}
	return t, alive(ctx)
}
