package label

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Tree holds one series for each combination of label values: a level a label,
// indexed by the place of the value. It is safe for concurrent use.
type Tree[T any] struct {
	labels []*Values
	create func(values []string) T
	root   *node[T]

	mu sync.Mutex
}

type node[T any] struct {
	value    *value   // nil at the root
	values   []string // from the root to here
	children []atomic.Pointer[node[T]]
	series   T // of a leaf
}

// NewTree returns an empty tree over the labels. create is called when a series
// is first asked for, and again for one of forgotten values, with the values as
// they are recorded.
func NewTree[T any](create func(values []string) T, labels ...*Values) *Tree[T] {
	t := &Tree[T]{labels: labels, create: create}
	t.root = t.node(nil, nil)
	return t
}

// Get returns the series of the values, one for each label in their order.
// It allocates nothing once the series is there.
func (t *Tree[T]) Get(values ...string) T {
	n := t.root
	for level, label := range t.labels {
		value := label.find(values[level])
		child := n.children[value.place].Load()
		if child == nil || child.value != value {
			child = t.grow(n, label, value)
		}
		n = child
	}
	return n.series
}

// grow returns the child of a value. That of a forgotten value, whose place it
// takes, is no longer found.
func (t *Tree[T]) grow(parent *node[T], label *Values, value *value) *node[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	for value.forgotten.Load() {
		value = label.find(value.text)
	}
	child := parent.children[value.place].Load()
	if child == nil || child.value != value {
		child = t.node(value, append(slices.Clip(parent.values), value.text))
		parent.children[value.place].Store(child)
	}
	return child
}

func (t *Tree[T]) node(value *value, values []string) *node[T] {
	n := &node[T]{value: value, values: values}
	if len(values) == len(t.labels) {
		n.series = t.create(values)
	} else {
		n.children = make([]atomic.Pointer[node[T]], t.labels[len(values)].size())
	}
	return n
}
