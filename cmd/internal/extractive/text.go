package extractive

import (
	"context"
)

// text is what to answer from.
type text struct {
	passages []string
	// follows says of each passage whether it goes on in the paragraph of the
	// one before it.
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
