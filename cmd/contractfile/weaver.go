package contractfile

import (
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Weaver returns the contract in the registry form of OpenTelemetry's weaver, a
// file of its registry. Metrics have the names under which they arrive; that of
// the instrument, the buckets, the form and the budgets are annotations. A closed
// label is an enumeration, in which "other" and "unknown" have their place.
func Weaver(documented views.Contract) ([]byte, error) {
	return registry.Write(contract.Of(documented), nil, views.Other, views.Unknown)
}
