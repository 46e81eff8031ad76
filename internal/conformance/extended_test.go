package conformance_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// extended promises a label and metrics of its own, and leaves one out.
func extended() conformance.Checker {
	documented := views.Default()
	documented.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme"), &documented.Metrics.ActivePredictions)
	documented.Metrics.Cost = views.Metric{}
	documented.Metrics.Own = []views.Metric{
		{
			Name: "rag_documents_total", Instrument: "rag.documents", Kind: views.Counter, Unit: "{document}",
			Description: "Documents that were read", Labels: []string{"tenant"},
		},
		{
			Name: "rag_wait_seconds", Instrument: "rag.wait", Kind: views.Histogram, Float: true, Unit: "s",
			Description: "Wait", Buckets: []float64{1, 2}, Form: views.Native,
		},
	}
	return conformance.Checker{Contract: contract.Of(documented)}
}

// extendedPage is a page that keeps that promise.
func extendedPage(t *testing.T, format conformance.Format) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(page(t, format)) {
		if !strings.Contains(line, "dspy_cost_usd") && line != "# EOF\n" {
			b.WriteString(strings.Replace(line, `dspy_active_predictions{service="qa"}`, `dspy_active_predictions{service="qa",tenant="acme"}`, 1))
		}
	}
	counter, end := "rag_documents_total", ""
	if format == conformance.OpenMetrics {
		counter, end = "rag_documents", "# EOF\n"
	}
	b.WriteString("# HELP " + counter + " Documents that were read\n# TYPE " + counter + " counter\nrag_documents_total{tenant=\"acme\"} 3\n" +
		"# HELP rag_wait_seconds Wait\n# TYPE rag_wait_seconds histogram\nrag_wait_seconds_bucket{le=\"+Inf\"} 1\nrag_wait_seconds_count 1\nrag_wait_seconds_sum 1\n" + end)
	return strings.Replace(b.String(), `label="cache_type"`, `label="tenant"} 0`+"\ndspy_metrics_label_overflow_total{label=\"cache_type\"", 1)
}

func (c checking) of(page string) []conformance.Finding {
	return c.Check(c.Parse(page, c.format))
}

type checking struct {
	conformance.Checker
	format conformance.Format
}

func TestExtendedContract(t *testing.T) {
	t.Parallel()
	for _, format := range []conformance.Format{conformance.Text, conformance.OpenMetrics} {
		for _, f := range (checking{extended(), format}).of(extendedPage(t, format)) {
			t.Errorf("%s: finding on a clean page: %+v", format, f)
		}
	}
	for name, test := range map[string]struct {
		before, after string
		want          map[conformance.Rule]int
	}{
		"own label missing":   {`{service="qa",tenant="acme"}`, `{service="qa"}`, map[conformance.Rule]int{conformance.MissingLabel: 1}},
		"own label's value":   {`{service="qa",tenant="acme"}`, `{service="qa",tenant="initech"}`, map[conformance.Rule]int{conformance.UnknownValue: 1}},
		"left out, but there": {"# HELP dspy_errors_total", "# TYPE dspy_cost_usd_total counter\ndspy_cost_usd_total 1\n# HELP dspy_errors_total", map[conformance.Rule]int{conformance.UnknownMetric: 1}},
		"own metric's type":   {"rag_documents_total counter", "rag_documents_total gauge", map[conformance.Rule]int{conformance.WrongType: 1}},
		"own metric's label":  {`rag_documents_total{tenant="acme"}`, `rag_documents_total{tenant="acme",user="x"}`, map[conformance.Rule]int{conformance.ExtraLabel: 1}},
		"own metric's bucket": {`rag_wait_seconds_bucket{le="+Inf"} 1`, `rag_wait_seconds_bucket{le="1"} 0` + "\n" + `rag_wait_seconds_bucket{le="3"} 0` + "\n" + `rag_wait_seconds_bucket{le="+Inf"} 1`, map[conformance.Rule]int{conformance.ExtraBucket: 1}},
		"own metric's help":   {"HELP rag_wait_seconds Wait", "HELP rag_wait_seconds Time", map[conformance.Rule]int{conformance.WrongHelp: 1}},
		"no own metric":       {"rag_documents_total{tenant=\"acme\"} 3\n", "", map[conformance.Rule]int{conformance.MissingMetric: 1}},
		"somebody's metric":   {"# HELP rag_wait_seconds", "# TYPE rag_other gauge\nrag_other 1\n# HELP rag_wait_seconds", map[conformance.Rule]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rules((checking{extended(), conformance.Text}).of(replace(t, extendedPage(t, conformance.Text), test.before, test.after)))
			if diff := difference.Of(test.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}
