package extractive

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrEmptyText reports a built-in text without a word in it.
var ErrEmptyText = errors.New("the built-in text contains no words")

// maxPassages bounds the passages of an answer.
const maxPassages = 5

// Predictor answers questions by quoting passages of a text. It never changes
// after New and is safe for concurrent use.
type Predictor struct {
	text text
	stop map[string]struct{}
}

// New returns a predictor that answers questions without a context from source.
// It fails with ErrEmptyText if source holds no words.
func New(source string) (*Predictor, error) {
	t, err := readText(context.Background(), source)
	if err != nil {
		return nil, err
	}
	if len(t.passages) == 0 {
		return nil, ErrEmptyText
	}
	return &Predictor{text: t, stop: stopWords()}, nil
}

// Predict answers q. A question that no passage fits is no error: its answer is
// NoAnswer.
//
// It fails with ErrEmptyQuestion, with an error that names an unknown mode, or,
// as ctx is checked before each passage, with an error that wraps ctx.Err. Time
// and memory are linear in the lengths of the question and the context.
func (p *Predictor) Predict(ctx context.Context, q Question) (Answer, error) {
	if strings.TrimSpace(q.Text) == "" {
		return Answer{}, ErrEmptyQuestion
	}
	question, err := p.read(ctx, q.Text)
	if err != nil {
		return Answer{}, err
	}
	question.asks = askedFor(q.Text)
	t := p.text
	if strings.TrimSpace(q.Context) != "" {
		if t, err = readText(ctx, q.Context); err != nil {
			return Answer{}, err
		}
	}
	switch q.Mode {
	case Predict, ChainOfThought:
		return p.predict(ctx, t, question, q.Mode)
	case ReAct:
		return p.react(ctx, t, question)
	default:
		return Answer{}, fmt.Errorf("unknown mode %q", q.Mode.String())
	}
}

func (p *Predictor) predict(ctx context.Context, t text, question query, mode Mode) (Answer, error) {
	scores, err := score(ctx, t.passages, question)
	if err != nil {
		return Answer{}, err
	}
	if scores, err = p.prefer(ctx, t, scores, question); err != nil {
		return Answer{}, err
	}
	answer := ranked(t.passages, best(scores, maxPassages))
	if mode != ChainOfThought {
		return answer, nil
	}
	missing := question
	if len(answer.Passages) > 0 {
		held, err := p.read(ctx, answer.Text)
		if err != nil {
			return Answer{}, err
		}
		missing = question.without(held)
	}
	answer.Reasoning = reasoning(len(t.passages), question, missing, answer.Passages)
	return answer, nil
}

// alive returns the error of ctx, wrapped, once it is canceled or expired.
func alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("prediction stopped: %w", err)
	}
	return nil
}
