package contractfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// The limits of a file.
const (
	maxBytes      = 1 << 20
	maxOwnLabels  = 32
	maxOwnMetrics = 1000
)

// Load reads the file at this path. See [Read].
func Load(path string) (views.Contract, error) {
	file, err := os.Open(path) //nolint:gosec // the file that the caller names.
	if err != nil {
		return views.Contract{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return Read(file, path)
}

// Read returns the documented contract as the file changes it. The name is for
// the error, which joins every [*Mistake] of the file, the first 100; then there is no
// contract. A file has at most 1 MiB, 32 labels and 1000 metrics of its own, and
// no aliases.
func Read(from io.Reader, name string) (views.Contract, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxBytes+1))
	if err != nil {
		return views.Contract{}, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{file: name, contract: views.Default(), places: make(map[string]*yaml.Node), wrong: make(map[string]bool)}
	if root := r.parse(content); root != nil {
		r.read(value{root, ""})
		r.validate()
	}
	if len(r.mistakes) == 0 {
		return r.contract, nil
	}
	slices.SortStableFunc(r.mistakes, func(a, b *Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, 0, maxMistakes+1)
	for _, m := range r.mistakes {
		if len(errs) == maxMistakes {
			errs = append(errs, fmt.Errorf("%s: %d more errors", name, len(r.mistakes)-maxMistakes))
			break
		}
		errs = append(errs, m)
	}
	return views.Contract{}, errors.Join(errs...)
}

// reader lays a file over a contract.
type reader struct {
	file     string
	contract views.Contract
	mistakes []*Mistake
	places   map[string]*yaml.Node // by path
	wrong    map[string]bool       // paths with a mistake
}

// value is a node of the file with the path that leads to it.
type value struct {
	*yaml.Node
	path string
}

func (r *reader) bad(at value, format string, args ...any) {
	r.wrong[at.path] = true
	r.mistake(at.Line, at.Column, fmt.Sprintf(format, args...))
}

func (r *reader) mistake(line, column int, problem string) {
	r.mistakes = append(r.mistakes, &Mistake{r.file, max(line, 1), max(column, 1), problem})
}

// parse returns the root of the one document, or nil.
func (r *reader) parse(content []byte) *yaml.Node {
	if len(content) > maxBytes {
		r.mistake(1, 1, fmt.Sprintf("the file is larger than %d bytes: list fewer values, and bound the label by a budget", maxBytes))
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, another yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		r.mistake(1, 1, "the file is empty: write {} for the documented contract")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := decoder.Decode(&another); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err)
		return nil
	default:
		r.mistake(another.Line, another.Column, "a second document begins: a file has one")
		return nil
	}
	root := document.Content[0]
	if root.Tag == "!!null" {
		r.mistake(1, 1, "the file is empty: write {} for the documented contract")
		return nil
	}
	return root
}

// syntax takes the line out of the parser's message, which is where it is.
func (r *reader) syntax(err error) {
	line, problem := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if found := regexp.MustCompile(`(?s)^line (\d+): (.*)$`).FindStringSubmatch(problem); found != nil {
		line, _ = strconv.Atoi(found[1]) // only digits
		problem = found[2]
	}
	r.mistake(line, 1, "this is not YAML: "+problem)
}

// sections are the parts of a file, in the order in which they are read.
type sections struct{ ownLabels, labels, metrics, ownMetrics []entry }

// entry is a label or a metric by its name.
type entry struct {
	name string
	value
}

func (r *reader) read(root value) {
	var s sections
	readObject(r, root, sectionKeys(), &s)
	for _, e := range r.few(s.ownLabels, maxOwnLabels) {
		r.ownLabel(e)
	}
	for _, e := range r.few(s.labels, maxMistakes) {
		r.label(e)
	}
	for _, e := range r.few(s.metrics, maxMistakes) {
		r.metric(e)
	}
	for _, e := range r.few(s.ownMetrics, maxOwnMetrics) {
		r.ownMetric(e)
	}
}

// few keeps what follows from being slow.
func (r *reader) few(entries []entry, most int) []entry {
	if len(entries) <= most {
		return entries
	}
	r.bad(entries[most].value, "there are more than %d: leave some out", most)
	return nil
}
