package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
)

// hurry has rules evaluated every second, and alerts wait for one.
func (in installation) hurry(t *testing.T) {
	t.Helper()
	for _, rules := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		in.rewrite(t, rules, `( interval): \d+[smhd]\n`, "$1: 1s\n")
	}
	in.rewrite(t, "alerts.yml", `( for): \d+[smhd]\n`, "$1: 1s\n")
}

// watches checks a backend that evaluates the rules of a folder. The overview of that folder
// must show the service, and Alertmanager must get an alert when the service is gone.
func (p *prometheus) watches(t *testing.T, dir string, s *service, am *alertmanager) {
	t.Helper()
	// What a rule records of what another one records, and what a dashboard shows.
	shown := []string{
		`cluster_namespace_job_service:dspy_predictions:rate5m{service="qa"} > 0`,
		`cluster_namespace_job_service:dspy_predictions_lost:ratio_rate1h{service="qa"}`,
	}
	titles := []string{
		"Instances up", "Request rate", "Availability", "Error ratio", "Refused callers", "P95 duration", "Active predictions", "Cost per hour",
		"Request rate by service and type", "Error ratio by service", "Errors by type", "Prediction duration: distribution",
		"Tokens by type", "Finish reasons", "Burn rate (below 1 is good)",
	}
	found := make(map[string]bool)
	b := readBoard(t, filepath.Join(dir, "dspy-overview.json"))
	for _, panel := range b.all() {
		if slices.Contains(titles, panel.Title) {
			found[panel.Title] = true
			shown = append(shown, b.filled(panel.Targets[0].Expr, "qa"))
		}
	}
	if len(found) != len(titles) {
		t.Fatalf("got the panels %v, want %v", found, titles)
	}
	until(t, p.process, func() error {
		if status, _, body := s.predict(t, "cot", "?"); status != http.StatusOK {
			return fmt.Errorf("got %d %v", status, body)
		}
		var errs []error
		for _, expr := range shown {
			result, err := p.query(t, expr)
			if err == nil && len(result) == 0 {
				err = fmt.Errorf("no result: %s", expr)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})

	kill(t, s.process)
	until(t, p.process, func() error {
		if _, told := am.sent.get("DSPyDown critical"); !told {
			return errors.New("Alertmanager was not told of DSPyDown")
		}
		return nil
	})
}
