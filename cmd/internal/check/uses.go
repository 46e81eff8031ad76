package check

import (
	"sync"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// Uses checks the queries of dashboards and rules against a contract, and the
// pages that were read with it.
type Uses struct {
	Checker conformance.Checker
	// Found are the queries.
	Found uses.Found

	mutex   sync.Mutex
	pages   [][]contract.Metric
	spelled []contract.Contract
}

// See takes a page. It may be called concurrently.
func (u *Uses) See(e *conformance.Exposition) {
	metrics, spelled := e.Exposed(), u.Checker.Spelled(e)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.pages = append(u.pages, metrics)
	u.spelled = append(u.spelled, spelled)
}

// Reports returns a report of each file with queries, and one of the metrics of
// the contract that no query uses.
func (u *Uses) Reports(contractName string) Reports {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	catalog := &uses.Catalog{}
	if len(u.spelled) == 0 {
		u.spelled = append(u.spelled, u.Checker.Promised())
	}
	for _, spelled := range u.spelled {
		catalog.Promise(spelled)
	}
	for _, page := range u.pages {
		catalog.Expose(page)
	}
	checker := uses.Checker{Catalog: catalog, AllowedLabels: u.Checker.AllowedLabels}
	files, unused := checker.Check(u.Found)
	var all Reports
	for _, file := range files {
		all = append(all, Report{Target: file.File, Contract: contractName, Queries: file.Queries, Findings: findingsOf(file.Findings)})
	}
	if len(unused) > 0 {
		all = append(all, Report{Target: "all queries", Contract: contractName, Queries: len(u.Found.Queries), Findings: unused})
	}
	return all
}

func findingsOf(all []conformance.Finding) []conformance.Finding {
	if all == nil {
		return []conformance.Finding{}
	}
	return all
}
