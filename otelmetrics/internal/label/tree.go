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
	limit  int // of series, 0 for none

	mu   sync.Mutex
	size int // in series
}

type node[T any] struct {
	value    *value   // nil at the root
	values   []string // from the root to here
	children []atomic.Pointer[node[T]]
	series   T // of a leaf
	dropped  bool
}

// NewTree returns an empty tree over the labels. create is called when a series
// is first asked for, and again for one of forgotten values, with the values as
// they are recorded.
func NewTree[T any](create func(values []string) T, labels ...*Values) *Tree[T] {
	t := &Tree[T]{labels: labels, create: create}
	t.root = t.node(nil, nil)
	return t
}

// Limit bounds the number of series, where the product of the budgets would be
// too many. Over it, the values from the one by which a combination is new are
// recorded as other, but never the first, and are told as overflowed. The series
// that take them come on top: no more than the limit for each label.
func (t *Tree[T]) Limit(series int) *Tree[T] {
	t.limit = series
	return t
}

// Get returns the series of the values, one for each label in their order.
// It allocates nothing once the series is there.
func (t *Tree[T]) Get(values ...string) T {
	n, over := t.root, false
	for level, label := range t.labels {
		value := label.find(values[level])
		if over {
			value = label.instead(value)
		}
		child := n.children[value.place].Load()
		if child == nil || child.value != value {
			if child = t.grow(n, label, value, over || level == 0); child == nil {
				over = true
				child = t.grow(n, label, label.instead(value), true)
			}
		}
		n = child
	}
	return n.series
}

// grow returns the child of a value. That of a forgotten value, whose place it
// takes, is no longer found. A new one over the limit is not made, unless it must
// be.
func (t *Tree[T]) grow(parent *node[T], label *Values, value *value, must bool) *node[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	for value.forgotten.Load() {
		value = label.find(value.text)
	}
	child := parent.children[value.place].Load()
	if child != nil && child.value == value {
		return child
	}
	t.size -= child.drop()
	if t.limit > 0 && t.size >= t.limit && !must {
		parent.children[value.place].Store(nil)
		return nil
	}
	child = t.node(value, append(slices.Clip(parent.values), value.text))
	if child.dropped = parent.dropped; !child.dropped && child.children == nil {
		t.size++
	}
	parent.children[value.place].Store(child)
	return child
}

// drop returns how many series there are from here on, which are no longer found
// and so do not count any more.
func (n *node[T]) drop() int {
	if n == nil || n.dropped {
		return 0
	}
	n.dropped = true
	if n.children == nil {
		return 1
	}
	size := 0
	for i := range n.children {
		size += n.children[i].Load().drop()
	}
	return size
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
