package label

// index finds the place of a value. Labels have few values that are measured
// again and again, so most are found at the one slot where they can be, which
// costs less than a map; values that share a slot are found in the map.
type index struct {
	slots  []slot // a power of two
	places map[string]int
}

type slot struct {
	value string
	place int
}

func newIndex(places map[string]int) *index {
	size := 64
	for size < 4*len(places) {
		size *= 2
	}
	x := &index{slots: make([]slot, size), places: places}
	for value, place := range places {
		if value != "" {
			x.slots[x.slot(value)] = slot{value, place}
		}
	}
	return x
}

// slot returns where the value would be. It looks at three bytes only: a good
// hash would cost more than the rare collision.
func (x *index) slot(value string) uint {
	n := uint(len(value))
	return (n + uint(value[0])*7 + uint(value[n/2])*13 + uint(value[n-1])*31) & uint(len(x.slots)-1)
}

func (x *index) find(value string) (place int, ok bool) {
	if value != "" {
		// Equal strings are mostly the same constant, which compares at once.
		if s := &x.slots[x.slot(value)]; s.value == value {
			return s.place, true
		}
	}
	place, ok = x.places[value]
	return place, ok
}
