package views

import "slices"

// The values that replace what a label cannot carry.
const (
	// Other replaces a value that is over the budget of its label, or that is
	// not in the closed set of values.
	Other = "other"
	// Unknown replaces an empty value.
	Unknown = "unknown"
)

// MaxBudget is the largest budget that a label may have.
const MaxBudget = 1 << 16

// Label defines one label and bounds its values.
type Label struct {
	// Key is the name of the label.
	Key string
	// Description is one sentence without a period at its end.
	Description string
	// Values are the well-known values. They always have a place in the budget,
	// and series over well-known values exist from the start, at zero.
	Values []string
	// Closed labels carry nothing but Values; any other value becomes [Other].
	Closed bool
	// Budget is how many distinct values the label may carry in one process,
	// well-known ones included, [Other] and [Unknown] not. 1 to [MaxBudget];
	// for a closed label it is the number of Values.
	Budget int
}

// With returns the label with more well-known values. Values that it has
// already are left out; the budget of a closed label grows with them.
func (l Label) With(values ...string) Label {
	l.Values = slices.Clone(l.Values)
	for _, value := range values {
		if !slices.Contains(l.Values, value) {
			l.Values = append(l.Values, value)
		}
	}
	if l.Closed {
		l.Budget = len(l.Values)
	}
	return l
}

// Only returns the label closed over exactly these values: an allow-list.
func (l Label) Only(values ...string) Label {
	l.Values, l.Closed = nil, true
	return l.With(values...)
}

func (l Label) clone() Label {
	l.Values = slices.Clone(l.Values)
	return l
}
