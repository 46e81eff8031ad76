package otelmetrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The listed values of own labels have their counters at zero from the start, as a page is expected to have them.
func TestOwnLabelsArePrimed(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme", "initech"))
	contract.AddLabel(views.Label{Key: "region", Description: "Where", Values: []string{"eu", "us"}, Budget: 4}, &contract.Metrics.Predictions)
	m := otelmetricstest.New(t, otelmetrics.WithContract(contract))
	for _, tenant := range []string{"acme", "initech"} {
		for _, region := range []string{"eu", "us"} {
			m.Want(t, fmt.Sprintf(`
				dspy_predictions_total{prediction_type="cot",region=%q,service="test",status="failure",tenant=%[2]q} 0
				dspy_errors_total{error_type="timeout",service="test",tenant=%[2]q} 0`, region, tenant))
		}
	}
	m.Conforms(t)
	if _, err := m.ForService("other"); err != nil {
		t.Fatal(err)
	}
	m.Want(t, `dspy_predictions_total{prediction_type="cot",region="us",service="other",status="success",tenant="acme"} 0`)
	m.Conforms(t)
}

// More listed values than there may be series are primed by their first use, and no series overflows for it.
func TestOwnLabelsOverTheLimit(t *testing.T) {
	t.Parallel()
	var tenants []string
	for i := range 500 {
		tenants = append(tenants, fmt.Sprint("tenant", i))
	}
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only(tenants...))
	m := otelmetricstest.New(t, otelmetrics.WithContract(contract))
	page := m.Scrape(t).String()
	for _, unwanted := range []string{`tenant="tenant1"`, "otel_metric_overflow"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("got %s on the page of a recorder that was not used, want none", unwanted)
		}
	}
	m.Conforms(t)
	m.With("tenant", "tenant1").RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
	m.Want(t, `dspy_errors_total{error_type="timeout",service="test",tenant="tenant1"} 0`)
	m.Conforms(t)
}
