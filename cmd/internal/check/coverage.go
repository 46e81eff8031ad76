package check

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// covering is the coverage in a JSON report.
type covering struct {
	Percent    float64                 `json:"percent"`
	Namespaces []conformance.Namespace `json:"namespaces"`
	Metrics    []conformance.Covered   `json:"metrics"`
}

func coverageOf(c conformance.Coverage) covering {
	return covering{c.Percent(), c.Namespaces(), c.Metrics()}
}

// Coverage writes for people what of the contract was seen and what never was.
func Coverage(w io.Writer, c conformance.Coverage) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(columns, "\nCOVERAGE\t%.1f %% of the metrics of the contract were seen\n", c.Percent())
	for _, namespace := range c.Namespaces() {
		_, _ = fmt.Fprintf(columns, "%s\t%d of %d\n", visible(namespace.Name), namespace.Seen, namespace.Total)
	}
	_, _ = fmt.Fprintln(columns, "\nMETRIC\tLEVEL\tSEEN\tNEVER SEEN ON IT")
	for _, metric := range c.Metrics() {
		seen := "no"
		if metric.Seen {
			seen = "yes"
		}
		_, _ = fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", visible(metric.Metric), metric.Level, seen, visible(strings.Join(metric.Missing, ", ")))
	}
	return columns.Flush()
}
