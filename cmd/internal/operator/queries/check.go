// Package queries checks the queries of the operator's kit: its dashboards, its rules
// and its documentation. It is for their tests. Package uses knows what can be wrong
// with a query; here is what the kit may ask for.
package queries

import (
	"fmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Check returns what is wrong with queries: whatever package uses says of them, notes
// too. Beside that, unused are the metrics of the contract that none of them uses.
func Check(contract views.Contract, found uses.Found) (problems, unused []string) {
	checker := uses.Checker{
		Catalog: catalog(contract),
		// What the rules keep of a fleet, beside the job.
		AllowedLabels: []string{"cluster", "namespace"},
	}
	reports, metrics := checker.Check(found)
	for _, report := range reports {
		for _, finding := range report.Findings {
			problems = append(problems, fmt.Sprintf("%s:%d: %s: %s", report.File, finding.Line, finding.Rule, finding.Text()))
		}
	}
	for _, metric := range metrics {
		unused = append(unused, metric.Metric)
	}
	return problems, unused
}
