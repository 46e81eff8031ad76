package contractfile

import (
	"fmt"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/spelling"
)

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	// File is the name that was given to [Read].
	File string
	// Line and Column count from 1. The column of a YAML syntax error is always 1,
	// because the parser does not report it.
	Line, Column int
	// Problem describes the error and its remedy.
	Problem string
}

// Error returns "file:line:column: problem", as compilers write it.
func (m *Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Problem)
}

// maxMistakes are as many as anybody reads.
const maxMistakes = 100

// choice is the remedy for a name that is none of those known.
func choice(got string, known []string) string {
	best, fewest := "", len(got)/3+2
	for _, name := range known {
		if len(got) > 3 && strings.HasPrefix(name, got) {
			return fmt.Sprintf("did you mean %q?", name)
		}
		// What is far too long takes too long to compare.
		if len(got) > 2*len(name) {
			continue
		}
		if n := spelling.Distance(strings.ToLower(got), name); n < fewest {
			best, fewest = name, n
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "choose one of " + strings.Join(known, ", ")
}
