package registry

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mistake is one thing that is wrong with a registry.
type Mistake struct {
	// File is its path.
	File string
	// Line and Column are from 1.
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

// mistakes collects those of all files.
type mistakes struct {
	all   []*Mistake
	known map[reflect.Type][]string // the fields of the forms
}

func (m *mistakes) add(file string, at *yaml.Node, format string, args ...any) {
	mistake := &Mistake{File: file, Line: 1, Column: 1, Problem: fmt.Sprintf(format, args...)}
	if at != nil {
		mistake.Line, mistake.Column = max(at.Line, 1), max(at.Column, 1)
	}
	m.all = append(m.all, mistake)
}

// err joins the first mistakes, and counts the others.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.all, func(a, b *Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for i, mistake := range m.all {
		if i == maxMistakes {
			errs = append(errs, fmt.Errorf("%d more errors", len(m.all)-maxMistakes))
			break
		}
		errs = append(errs, mistake)
	}
	return errors.Join(errs...)
}

// short keeps hostile texts from filling a screen.
func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
