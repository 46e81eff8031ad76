package otelmetricstest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	promised "github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Conforms fails the test if the page is not what the contract promises: a
// metric under dspy_ that it does not have, another type, help text, label,
// label value or bucket, more values than a label's budget, a counter that is
// not primed, or a page that does not parse. It is what dspy-metrics check
// --strict finds, but for metrics that have not been measured yet. The contract
// is [views.Default], or that of [otelmetrics.WithContract].
func (s *Snapshot) Conforms(t testing.TB, contract views.Contract) {
	t.Helper()
	if err := contract.Validate(); err != nil {
		t.Fatalf("contract: %v", err)
	}
	checker := conformance.Checker{Contract: promised.Of(contract)}
	var b strings.Builder
	for _, found := range checker.Check(checker.Parse(s.page, conformance.Text)) {
		if found.Rule == conformance.MissingMetric {
			continue
		}
		fmt.Fprintf(&b, "\n%s: ", found.Rule)
		if found.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", found.Line)
		}
		b.WriteString(found.Text())
	}
	if b.Len() > 0 {
		t.Errorf("the metrics are not what the contract promises:%s", b.String())
	}
}
