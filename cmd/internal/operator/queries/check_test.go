package queries_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	recorded := uses.Query{Record: "job_service:dspy_predictions:rate5m", Expr: `sum by (job, service) (rate(dspy_predictions_total[5m]))`}
	for expr, want := range map[string]string{
		`sum by (service) (rate(dspy_predictions_total{status="success"}[5m]))`:                    "",
		`histogram_count(sum by (service) (rate(dspy_prediction_duration_seconds[5m])))`:           "",
		`histogram_quantile(0.9, sum by (le) (rate(dspy_prediction_duration_seconds_bucket[5m])))`: "",
		`job_service:dspy_predictions:rate5m{service="qa"} > 1`:                                    "",
		`sum by (otel_metric_overflow) ({__name__=~"dspy_.+"})`:                                    "",
		`up == 1 unless on (job, instance) dspy_predictions_total`:                                 "",
		`sum by (cluster, namespace) (dspy_active_predictions{namespace="a"})`:                     "",
		`sum(rate(dspy_predictions_total[5m])`:                                                     "unclosed left parenthesis",
		`rate(dspy_requests_total[5m])`:                                                            "neither the contract nor a page has the series",
		`rate(dspy_predictions_total_bucket[5m])`:                                                  "neither the contract nor a page has the series",
		`rate(other_requests_total[5m])`:                                                           "the series is not in the contract",
		`job_service:dspy_errors:rate5m > 1`:                                                       "no rule in these files records the series",
		`rate(dspy_errors_total{status="failure"}[5m])`:                                            "the series do not have the label",
		`up{pod="a"}`: "the series do not have the label",
		`otelcol_exporter_queue_size{receiver="otlp"}`:                                  "the series do not have the label",
		`sum by (le) (rate(dspy_prediction_duration_seconds_count[5m]))`:                `groups by "le"`,
		`job_service:dspy_predictions:rate5m{status="failure"}`:                         "the series do not have the label",
		`up unless on (service) up`:                                                     `matches on "service"`,
		`rate(dspy_active_predictions[5m])`:                                             "of the type updowncounter",
		`increase(dspy_cache_size_bytes[5m])`:                                           "of the type gauge",
		`rate(gen_ai_client_operation_duration_seconds[5m])`:                            "",
		`rate(sum(dspy_predictions_total)[5m:])`:                                        "take the rate first",
		`dspy_cache_size_bytes > 0.5 * dspy_cache_size_bytes`:                           "",
		`(dspy_cache_size_bytes >= 0) / (dspy_cache_size_bytes > 0)`:                    "",
		`dspy_cache_size_bytes >= 0 / (dspy_cache_size_bytes > 0)`:                      "in parentheses",
		`dspy_cache_size_bytes > 0 - dspy_cache_size_bytes`:                             "in parentheses",
		`sum(dspy_cache_size_bytes) != 0 * sum(dspy_cache_size_bytes)`:                  "in parentheses",
		`rate(dspy_predictions_total)`:                                                  "expected type range vector in call to function \"rate\", got instant vector",
		`dspy_active_predictions[5m] > 1`:                                               "binary expression must contain only scalar and instant vector types",
		`sum(dspy_predictions_total[5m])`:                                               "expected type instant vector in aggregation expression, got range vector",
		`histogram_quantile("0.9", rate(dspy_prediction_duration_seconds_bucket[5m]))`:  "expected type scalar",
		`clamp_min(dspy_active_predictions)`:                                            "expected 2 argument(s)",
		`dspy_active_predictions and 1`:                                                 "set operator \"and\" not allowed in binary scalar expression",
		`dspy_active_predictions * on (service) group_left dspy_active_predictions[5m]`: "binary expression must contain only",
	} {
		problems, _ := queries.Check(views.Default(), uses.Found{Queries: []uses.Query{recorded, {Expr: expr}}})
		got := strings.Join(problems, "; ")
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	_, unused := queries.Check(views.Default(), uses.Found{Queries: []uses.Query{{Expr: "dspy_active_predictions"}}})
	if slices.Contains(unused, "dspy_active_predictions") || !slices.Contains(unused, "dspy_predictions_total") {
		t.Errorf("got %v", unused)
	}
}
