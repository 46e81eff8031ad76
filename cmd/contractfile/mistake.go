package contractfile

import (
	"fmt"
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
