package service_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestParseLabel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]service.Label{
		"tenant=header:X-Tenant": {Key: "tenant", Header: "X-Tenant"},
		"tier=field:tier":        {Key: "tier", Field: "tier"},
	} {
		got, err := service.ParseLabel(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, (-want +got):\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "tenant", "=header:x", "tenant=header:", "tenant=cookie:x", "tenant=X-Tenant"} {
		if _, err := service.ParseLabel(text); err == nil || !strings.Contains(err.Error(), "NAME=header:HEADER") {
			t.Errorf("%q: got %v, want an error that tells the form", text, err)
		}
	}
}

// The values of own labels are each request's, on all that it makes happen.
func TestOwnLabels(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme"))
	contract.AddLabel(views.Label{Key: "tier", Description: "Which tier", Budget: 4}, &contract.Metrics.Predictions)
	_, url := start(t, answers, func(c *service.Config) {
		recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(c.Logger), otelmetrics.WithContract(contract))
		if err != nil {
			t.Fatal(err)
		}
		c.Metrics = recorder
		c.Labels = []service.Label{{Key: "tenant", Header: "X-Tenant"}, {Key: "tier", Field: "tier"}}
	})
	ask := func(tenant, body string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/predict", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Tenant", tenant)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	ask("acme", `{"tier":"small",`+question[1:])
	ask("initech", `{"tier":7,`+question[1:])
	ask("", question)
	ask("acme", "{")
	poll(t, url,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="acme",tier="small"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="other",tier="7"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="unknown",tier="unknown"} 1`,
		`dspy_errors_total{error_type="invalid_input",service="qa",tenant="acme"} 1`,
		`dspy_prediction_duration_seconds_count{prediction_type="predict",service="qa",tenant="other"} 1`,
		`dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="200",tenant="acme"} 1`,
		`dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="400",tenant="acme"} 1`,
		`dspy_active_predictions{service="qa",tenant="acme"} 0`)
}
