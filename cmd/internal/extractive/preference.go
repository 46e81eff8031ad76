package extractive

import "context"

const (
	// preferred is by how much a passage that mentions what is asked for counts more. At 4, a
	// passage beside the best one goes before it, and one that shares but a stray word does not.
	preferred = 4
	// reach is the number of sentences before and after that contribute to the score,
	// because "it" in a sentence refers to something that they name.
	reach = 2
)

// prefer raises the scores of the passages that mention a thing of the type that
// the question asks for. Such a passage also gets a half of the score of a sentence
// next to it in its paragraph, or a third of that of the next but one, whichever
// is most. Other passages, and questions that ask for no such thing, keep their
// scores.
func (p *Predictor) prefer(ctx context.Context, t text, scores []float64, question query) ([]float64, error) {
	if question.asks == anything {
		return scores, nil
	}
	raised := make([]float64, len(scores))
	for i, own := range scores {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		raised[i] = own
		relevance := own + t.neighbors(scores, i)
		if relevance > 0 && question.asks.mentions(t.passages[i], question, p.stop) {
			raised[i] = preferred * relevance
		}
	}
	return raised, nil
}

// neighbors returns what the sentences around passage i give to it.
func (t text) neighbors(scores []float64, i int) float64 {
	most := 0.0
	for distance, at := 1, i; distance <= reach && t.follows[at]; distance++ {
		at--
		most = max(most, scores[at]/float64(distance+1))
	}
	for distance, at := 1, i+1; distance <= reach && at < len(scores) && t.follows[at]; distance++ {
		most = max(most, scores[at]/float64(distance+1))
		at++
	}
	return most
}
