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
	values   []string // from the root to here
	children []atomic.Pointer[node[T]]
	series   T // of a leaf
}

// NewTree returns an empty tree over the labels. create is called once for each
// series, when it is first asked for, with the values as they are recorded.
func NewTree[T any](create func(values []string) T, labels ...*Values) *Tree[T] {
	t := &Tree[T]{labels: labels, create: create}
	t.root = t.node(nil)
	return t
}

// Get returns the series of the values, one for each label in their order.
// It allocates nothing once the series is there.
func (t *Tree[T]) Get(values ...string) T {
	n := t.root
	for level, label := range t.labels {
		place := label.place(values[level])
		child := n.children[place].Load()
		if child == nil {
			child = t.grow(n, label, place)
		}
		n = child
	}
	return n.series
}

func (t *Tree[T]) grow(parent *node[T], label *Values, place int) *node[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	child := parent.children[place].Load()
	if child == nil {
		child = t.node(append(slices.Clip(parent.values), label.text(place)))
		parent.children[place].Store(child)
	}
	return child
}

func (t *Tree[T]) node(values []string) *node[T] {
	n := &node[T]{values: values}
	if len(values) == len(t.labels) {
		n.series = t.create(values)
	} else {
		n.children = make([]atomic.Pointer[node[T]], t.labels[len(values)].size())
	}
	return n
}
