package label

// index finds a value. Labels have few values that are measured again and
// again, so most are found at the one slot where they can be, which costs less
// than a map; values that share a slot are found in the map.
type index struct {
	slots  []slot // a power of two
	values map[string]*value
}

type slot struct {
	text  string
	value *value
}

func newIndex(values map[string]*value) *index {
	size := 64
	for size < 4*len(values) {
		size *= 2
	}
	x := &index{slots: make([]slot, size), values: values}
	for text, value := range values {
		if text != "" {
			x.slots[x.slot(text)] = slot{text, value}
		}
	}
	return x
}

// slot returns where the text would be. It looks at three bytes only: a good
// hash would cost more than the rare collision.
func (x *index) slot(text string) uint {
	n := uint(len(text))
	return (n + uint(text[0])*7 + uint(text[n/2])*13 + uint(text[n-1])*31) & uint(len(x.slots)-1)
}

func (x *index) find(text string) (v *value, ok bool) {
	if text != "" {
		// Equal strings are mostly the same constant, which compares at once.
		if s := &x.slots[x.slot(text)]; s.text == text {
			return s.value, true
		}
	}
	v, ok = x.values[text]
	return v, ok
}
