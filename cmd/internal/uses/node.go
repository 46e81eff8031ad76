package uses

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"
)

// node is a value of a JSON or a YAML document, with its place in the file.
type node struct {
	line, column int
	text         string // of a scalar
	fields       []field
	items        []node
}

type field struct {
	name  string
	value node
}

// The limits of one document. Dashboards are far below them.
const (
	maxDepth = 100
	maxNodes = 1_000_000
)

var (
	errDeep = fmt.Errorf("it is nested more than %d deep", maxDepth)
	errMany = fmt.Errorf("it has more than %d values, including aliases", maxNodes)
)

// get returns the value of a field, the zero node if there is none.
func (n node) get(name string) node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return node{}
}

// at follows the names of fields.
func (n node) at(names ...string) node {
	for _, name := range names {
		n = n.get(name)
	}
	return n
}

// documents parses a file. A file of YAML may have several documents.
func documents(raw []byte, isJSON bool) ([]node, error) {
	if isJSON {
		// The standard library bounds the depth to which it goes.
		var whole json.RawMessage
		if err := json.Unmarshal(raw, &whole); err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
		t := &tree{lines: newLines(raw)}
		n, err := t.json(gjson.ParseBytes(raw), 0)
		return []node{n}, err
	}
	var all []node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	t := &tree{}
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("it is not YAML: %w", err)
		}
		n, err := t.yaml(&root, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
}

// tree builds nodes and counts them.
type tree struct {
	nodes int
	lines lines
}

func (t *tree) step(depth int) error {
	if t.nodes++; t.nodes > maxNodes {
		return errMany
	}
	if depth > maxDepth {
		return errDeep
	}
	return nil
}

func (t *tree) json(value gjson.Result, depth int) (node, error) {
	if err := t.step(depth); err != nil {
		return node{}, err
	}
	n := node{text: value.String()}
	n.line, n.column = t.lines.place(value.Index)
	if !value.IsObject() && !value.IsArray() {
		return n, nil
	}
	n.text = ""
	var err error
	value.ForEach(func(key, item gjson.Result) bool {
		var child node
		if child, err = t.json(item, depth+1); err != nil {
			return false
		}
		if value.IsObject() {
			n.fields = append(n.fields, field{key.String(), child})
		} else {
			n.items = append(n.items, child)
		}
		return true
	})
	return n, err
}

func (t *tree) yaml(from *yaml.Node, depth int) (node, error) {
	if err := t.step(depth); err != nil {
		return node{}, err
	}
	n := node{line: from.Line, column: from.Column}
	switch from.Kind {
	case yaml.DocumentNode:
		return t.yaml(from.Content[0], depth)
	case yaml.AliasNode:
		return t.yaml(from.Alias, depth+1)
	case yaml.ScalarNode:
		n.text = from.Value
	case yaml.SequenceNode:
		for _, item := range from.Content {
			child, err := t.yaml(item, depth+1)
			if err != nil {
				return node{}, err
			}
			n.items = append(n.items, child)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(from.Content); i += 2 {
			child, err := t.yaml(from.Content[i+1], depth+1)
			if err != nil {
				return node{}, err
			}
			n.fields = append(n.fields, field{from.Content[i].Value, child})
		}
	}
	return n, nil
}

// lines finds the line of an offset.
type lines []int

func newLines(raw []byte) lines {
	starts := lines{0}
	for i, b := range raw {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (l lines) place(offset int) (line, column int) {
	low, high := 0, len(l)
	for high-low > 1 {
		if middle := (low + high) / 2; l[middle] <= offset {
			low = middle
		} else {
			high = middle
		}
	}
	return low + 1, offset - l[low] + 1
}
