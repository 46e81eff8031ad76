package conformance_test

import (
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

func TestCleanPages(t *testing.T) {
	t.Parallel()
	for _, format := range []conformance.Format{conformance.Text, conformance.OpenMetrics} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			if got := conformance.Detect(page(t, format)); got != format {
				t.Errorf("detected %q", got)
			}
			exposition := conformance.Parse(page(t, format), format)
			if exposition.Series() < 100 {
				t.Errorf("only %d series were read", exposition.Series())
			}
			for _, f := range checker().Check(exposition) {
				t.Errorf("finding on a clean page: %+v", f)
			}
			for _, f := range checker().Compare(exposition, exposition) {
				t.Errorf("finding between equal pages: %+v", f)
			}
		})
	}
}
