package extractive

import (
	"errors"
	"fmt"
)

// ErrEmptyQuestion reports a question with no text but white space.
var ErrEmptyQuestion = errors.New("question is empty")

// Question is a question and how to answer it.
type Question struct {
	// Text is the question in words. It must hold more than white space.
	Text string
	// Context is the text to answer from. When it is empty or only white
	// space, the built-in text given to New takes its place.
	Context string
	// Mode is how to answer. The zero value is Predict.
	Mode Mode
}

// Mode is a way to answer. It has the name of the DSPy module that it imitates.
type Mode int

const (
	// Predict gives the answer and the ranked passages.
	Predict Mode = iota
	// ChainOfThought is Predict with the ranking explained in Answer.Reasoning.
	ChainOfThought
	// ReAct searches in up to three hops. Every hop after the first looks for
	// the words of the question still missing, in passages that share terms
	// with the passage found before. The steps are in Answer.Trajectory.
	ReAct
)

// String returns the name of the DSPy module, or "Mode(n)" for an unknown mode.
func (m Mode) String() string {
	switch m {
	case Predict:
		return "Predict"
	case ChainOfThought:
		return "ChainOfThought"
	case ReAct:
		return "ReAct"
	default:
		return fmt.Sprintf("Mode(%d)", int(m))
	}
}
