package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pushOverflow pushes what the SDK makes of a counter that has reached its limit
// of series. The budgets of the labels keep the service below it.
func pushOverflow(t *testing.T, c *collector) {
	t.Helper()
	push(t, c, fmt.Sprintf(`{"name": "dspy_predictions_total", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
		{"attributes": [{"key": "otel.metric.overflow", "value": {"boolValue": true}}], "timeUnixNano": "%d", "asInt": "7"}]}}`,
		time.Now().UnixNano()))
}

// pushNative pushes exponential histograms, which Prometheus stores as native
// ones, as a program with another view than ours would. They grew by 100
// observations of up to a quarter of a second within ten seconds.
func pushNative(t *testing.T, c *collector, service string) {
	t.Helper()
	var metrics []string
	for _, name := range []string{"dspy_prediction_duration_seconds", "dspy_api_latency_seconds", "dspy_time_to_first_token_seconds"} {
		var points []string
		for i := range 2 {
			points = append(points, fmt.Sprintf(`{
				"attributes": [{"key": "service", "value": {"stringValue": %q}}], "timeUnixNano": "%d",
				"count": "%[3]d", "sum": %[3]d, "scale": 0, "positive": {"offset": -3, "bucketCounts": ["%[3]d"]}}`,
				service, time.Now().Add(time.Duration(i-1)*10*time.Second).UnixNano(), 100*(i+1)))
		}
		metrics = append(metrics, fmt.Sprintf(`{"name": %q, "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [%s]}}`,
			name, strings.Join(points, ", ")))
	}
	push(t, c, strings.Join(metrics, ", "))
}

// push sends metrics of a program that is not ours, in OTLP's JSON.
func push(t *testing.T, c *collector, metrics string) {
	t.Helper()
	status, _, answer, err := exchange(t, http.MethodPost, c.otlp+"/v1/metrics", fmt.Appendf(nil, `{"resourceMetrics": [{
		"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "other"}}, {"key": "service.instance.id", "value": {"stringValue": "a"}}]},
		"scopeMetrics": [{"metrics": [%s]}]}]}`, metrics))
	if err != nil || status != http.StatusOK {
		t.Fatalf("push: status %d, %v: %s", status, err, answer)
	}
}
