// Package invalid says where a contract is wrong, for those who show the place in
// a file.
package invalid

import "fmt"

// Error is one thing that is wrong with a contract. The Validate method of a
// contract returns them joined.
type Error struct {
	// Metric and Label are the name of the one that is wrong; the other is empty.
	Metric, Label string
	// Field is the field of the metric or the label that is wrong, for example
	// "Buckets".
	Field string
	// Index is the place in the field, if that is a list, or -1.
	Index int
	// Problem says what is wrong, and what to do.
	Problem string
}

// Error names the metric or the label, and the problem.
func (e *Error) Error() string {
	if e.Metric != "" {
		return fmt.Sprintf("metric %q: %s", e.Metric, e.Problem)
	}
	return fmt.Sprintf("label %q: %s", e.Label, e.Problem)
}
