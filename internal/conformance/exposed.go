package conformance

import "github.com/dspy-metrics/dspy-metrics/internal/contract"

// Exposed returns the metrics that a page has, in the contract or not: their
// names, types, buckets and the names of their labels.
func (e *Exposition) Exposed() []contract.Metric {
	var all []contract.Metric
	for _, family := range e.Families {
		if !family.seen {
			continue
		}
		m := contract.Metric{Name: family.documented(e.Format), Kind: kindOf(family), Buckets: family.bounds, OpenLabels: len(family.labels) == maxNames}
		if family.mixed {
			m.Buckets = nil
		}
		for _, label := range family.labels {
			m.Labels = append(m.Labels, contract.Label{ID: label, Key: label})
		}
		all = append(all, m)
	}
	return all
}

// Spelled returns the contract with the names of the exposition.
func (c Checker) Spelled(e *Exposition) contract.Contract { return newReview(c, e).contract }

// Promised returns the contract with the names of a page, if there is none to see
// how it spells them.
func (c Checker) Promised() contract.Contract {
	r := newReview(c, &Exposition{Format: Text})
	return r.contract
}
