package queries_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	catalog := queries.NewCatalog(views.Default(), "job_service:dspy_predictions:rate5m")
	for expr, want := range map[string]string{
		`sum by (service) (rate(dspy_predictions_total{status="success"}[5m]))`:                    "",
		`histogram_count(sum by (service) (rate(dspy_prediction_duration_seconds[5m])))`:           "",
		`histogram_quantile(0.9, sum by (le) (rate(dspy_prediction_duration_seconds_bucket[5m])))`: "",
		`job_service:dspy_predictions:rate5m{service="qa"} > 1`:                                    "",
		`sum by (otel_metric_overflow) ({__name__=~"dspy_.+"})`:                                    "",
		`up == 1 unless on (job, instance) dspy_predictions_total`:                                 "",
		`sum(rate(dspy_predictions_total[5m])`:                                                     "unexpected token",
		`rate(dspy_requests_total[5m])`:                                                            "no metric dspy_requests_total",
		`rate(dspy_predictions_total_bucket[5m])`:                                                  "no metric dspy_predictions_total_bucket",
		`rate(dspy_errors_total{status="failure"}[5m])`:                                            "dspy_errors_total has no label status",
		`sum by (le) (rate(dspy_prediction_duration_seconds_count[5m]))`:                           "grouped by le",
		`job_service:dspy_predictions:rate5m{status="failure"}`:                                    "has no label status",
		`up unless on (service) up`:                                                                "matched on service",
		`rate(dspy_active_predictions[5m])`:                                                        "rate of dspy_active_predictions, whose kind is updowncounter",
		`increase(dspy_cache_size_bytes[5m])`:                                                      "increase of dspy_cache_size_bytes, whose kind is gauge",
		`rate(sum(dspy_predictions_total)[5m:])`:                                                   "take the rate first",
		`dspy_cache_size_bytes > 0.5 * dspy_cache_size_bytes`:                                      "",
		`(dspy_cache_size_bytes >= 0) / (dspy_cache_size_bytes > 0)`:                               "",
		`dspy_cache_size_bytes >= 0 / (dspy_cache_size_bytes > 0)`:                                 "put the comparison in parentheses",
		`dspy_cache_size_bytes > 0 - dspy_cache_size_bytes`:                                        "put the comparison in parentheses",
		`sum(dspy_cache_size_bytes) != 0 * sum(dspy_cache_size_bytes)`:                             "put the comparison in parentheses",
		`rate(dspy_predictions_total)`:                                                             "rate has no window",
	} {
		problems := strings.Join(catalog.Check(expr).Problems, "; ")
		if !strings.Contains(problems, want) || (want == "") != (problems == "") {
			t.Errorf("%s: got %q, want %q", expr, problems, want)
		}
	}
}
