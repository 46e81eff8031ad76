package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
)

// expression is one that is shipped.
type expression struct {
	where, query string
	// empty: it may have no result.
	empty bool
}

// unexposed are the metrics that nothing here exposes, and why.
func unexposed() map[string]string {
	const spelling = "the other spelling of the collector's counters; prometheus/tests/collector.yml has both"
	const absent = "nothing here has it; prometheus/tests/answers.yml does"
	const classic = "it has only the classic form"
	return map[string]string{
		"kube_deployment_status_replicas_ready": absent, "kube_deployment_spec_replicas": absent,
		"dspy_prediction_score": classic, "dspy_overhead_seconds": classic,
		"gen_ai_client_operation_duration_seconds": classic, "gen_ai_client_operation_time_to_first_chunk_seconds": classic,
		"gen_ai_client_token_usage": classic, "gen_ai_invoke_agent_duration_seconds": classic,
		"otelcol_receiver_refused_metric_points_total":        spelling,
		"otelcol_exporter_send_failed_metric_points_total":    spelling,
		"otelcol_exporter_enqueue_failed_metric_points_total": spelling,
	}
}

// testResults evaluates expressions.
func (k *kit) testResults(t *testing.T, expressions []expression) {
	if t.Logf("%d expressions", len(expressions)); len(expressions) == 0 {
		t.Fatal("there are none")
	}
	until(t, k.process, func() error {
		var errs []error
		for _, e := range expressions {
			err := k.shows(t, e.query)
			if e.empty {
				_, err = k.query(t, e.query)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", e.where, err))
			}
		}
		return errors.Join(errs...)
	})
}

// testSelectors looks for all series that expressions ask for, each on its own:
// an expression may have a result without some of them.
func (k *kit) testSelectors(t *testing.T, expressions []expression) {
	names := make(map[string]string)
	for _, e := range expressions {
		maps.Copy(names, selectors(parse(t, e.query)))
	}
	until(t, k.process, func() error {
		var errs []error
		for selector, name := range names {
			if err := k.shows(t, recent(selector)); err != nil && unexposed()[name] == "" {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
	used := slices.Collect(maps.Values(names))
	for name, reason := range unexposed() {
		if !slices.Contains(used, name) {
			t.Errorf("%s is asked for no more: %s", name, reason)
		}
		if k.shows(t, recent(name)) == nil {
			t.Errorf("%s is there after all: %s", name, reason)
		}
	}
}

// recent asks for series that were there of late: some were of what was killed.
func recent(selector string) string { return "last_over_time(" + selector + "[5m])" }

// shows reports whether a query has a result that is a number.
func (k *kit) shows(t *testing.T, query string) error {
	t.Helper()
	result, err := k.query(t, query)
	if err == nil && !slices.ContainsFunc(result, func(s *model.Sample) bool { return !math.IsNaN(float64(s.Value)) }) {
		err = fmt.Errorf("no result, or NaN: %s", query)
	}
	return err
}

func (k *kit) testVariables(t *testing.T) {
	values := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, path := range glob(t, "../grafana/dashboards/*.json") {
		b := readBoard(t, path)
		for _, v := range b.Templating.List {
			if v.Type != "query" {
				continue
			}
			parts := values.FindStringSubmatch(v.Query)
			if parts == nil {
				t.Errorf("%s: %s: unlike label_values(series, label): %q", path, v.Name, v.Query)
				continue
			}
			selector := b.filled(parts[1], "qa")
			_, _, body, err := exchange(t, http.MethodGet,
				k.url()+"/api/v1/label/"+parts[2]+"/values?"+url.Values{"match[]": {selector}}.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct{ Data []string }
			// One machine has neither a cluster nor a namespace.
			nowhere := v.Name == "cluster" || v.Name == "namespace"
			if err := json.Unmarshal(body, &answer); err != nil || (len(answer.Data) == 0) != nowhere {
				t.Errorf("%s: %s: no values of %s: %v: %s", path, v.Name, selector, err, body)
			}
		}
	}
}
