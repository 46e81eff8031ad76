package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unprovoked are the alerts that no load brings about, and why. What they
// compare is there.
func unprovoked() map[string]string {
	const (
		series   = "nothing here has its series; prometheus/tests/answers.yml does"
		incident = "TestIncidents brings it about"
	)
	return map[string]string{
		"DSPyScrapeErrors warning":          "the service registers nothing that a scrape could leave out",
		"DSPyRuleFailures warning":          "the shipped rules do not fail",
		"DSPyLowCacheHitRate info":          "a cache is cold for half an hour",
		"DSPyRestarting warning":            "it takes several instances, of which one restarts; prometheus/tests/targets.yml has them",
		"DSPySaturated warning":             series,
		"DSPyTruncated warning":             series,
		"DSPyScoreDrop warning":             series,
		"DSPyOverBudget warning":            series,
		"DSPyOverBudgetSoon warning":        series,
		"DSPyNotReady critical":             series,
		"DSPyAbsent critical":               incident,
		"DSPyServiceAbsent critical scrape": incident,
		"DSPyServiceAbsent critical push":   incident,
		"DSPyRestarting critical":           incident,
		"DSPyOutage critical":               incident,
		"DSPyRefusing critical":             incident,
		"DSPyBadRequests warning":           incident,
		"DSPyCacheThrashing warning":        incident,
		"DSPyCollectorDown critical":        incident,
	}
}

// until is until with a look at Alertmanager before each check.
func (k *kit) until(t *testing.T, check func() error) {
	t.Helper()
	until(t, k.process, func() error {
		alerts, err := k.alertmanager.alerts(t)
		if err != nil {
			return err
		}
		maps.Copy(k.seen, alerts)
		return check()
	})
}

// in checks the state in which alerts were last seen.
func (k *kit) in(state string, keys ...string) error {
	var errs []error
	for _, key := range keys {
		if got := k.seen[key].Status; got.State != state || (state == "suppressed") != (len(got.InhibitedBy) > 0) {
			errs = append(errs, fmt.Errorf("%s: got %+v, want it %s", key, got, state))
		}
	}
	return errors.Join(errs...)
}

// untilSent waits for the webhook to be told.
func (k *kit) untilSent(t *testing.T, keys ...string) {
	t.Helper()
	until(t, k.alertmanager.process, func() error {
		var errs []error
		for _, key := range keys {
			if _, sent := k.alertmanager.sent.get(key); !sent {
				errs = append(errs, fmt.Errorf("%s was not sent", key))
			}
		}
		return errors.Join(errs...)
	})
}

func (k *kit) testAlerts(t *testing.T) {
	k.until(t, func() error {
		var errs []error
		for _, r := range shippedRules(t) {
			key := alert{Labels: map[string]string{"alertname": r.Alert, "severity": r.Labels["severity"], "path": r.Labels["path"]}}.key()
			if _, fired := k.seen[key]; r.Alert != "" && !fired && unprovoked()[key] == "" {
				errs = append(errs, fmt.Errorf("%s never came to Alertmanager", key))
			}
		}
		errs = append(errs, k.in("suppressed",
			"DSPyErrorBudgetBurn warning", "DSPyHighErrorRate warning",
			"DSPyLatencyBudgetBurn critical", "DSPyLatencyBudgetBurn warning", "DSPyHighLatency warning",
			"DSPyCollectorQueueNearlyFull warning"))
		return errors.Join(errs...)
	})
	var loud []string
	for key, a := range k.seen {
		// What other tests bring about may happen here too, for a moment.
		if reason := unprovoked()[key]; reason != "" && !strings.HasPrefix(reason, "TestIncidents") {
			t.Errorf("%s fires after all: %v", key, a)
		}
		if a.Status.State == "active" && a.Labels["severity"] != "info" {
			loud = append(loud, key)
		}
		checkAnnotations(t, key, a)
	}
	k.untilSent(t, loud...)
	for _, key := range loud {
		sent, _ := k.alertmanager.sent.get(key)
		checkAnnotations(t, key, sent)
	}
}

// checkAnnotations reports whether people can read what an alert says.
func checkAnnotations(t *testing.T, key string, a alert) {
	t.Helper()
	for _, name := range []string{"summary", "description"} {
		// Two spaces, or one before a stop, are around a label that is not there.
		if text := a.Annotations[name]; !strings.HasSuffix(text, ".") || regexp.MustCompile(`<|{{|%!|  | \.`).MatchString(text) {
			t.Errorf("%s: %s %q", key, name, text)
		}
	}
	page, ours := strings.CutPrefix(a.Annotations["runbook_url"], "https://github.com/dspy-metrics/dspy-metrics/blob/main/")
	if _, err := os.Stat(filepath.Join("..", page)); !ours || err != nil {
		t.Errorf("%s: runbook %q: %v", key, a.Annotations["runbook_url"], err)
	}
}

func (k *kit) testRules(t *testing.T) {
	until(t, k.process, func() error {
		_, _, body, err := exchange(t, http.MethodGet, k.url()+"/api/v1/rules", nil)
		if err != nil {
			return err
		}
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, LastError string }
				}
			}
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		rules := 0
		for _, group := range answer.Data.Groups {
			for _, r := range group.Rules {
				if rules++; r.Health != "ok" || r.LastError != "" {
					err = errors.Join(err, fmt.Errorf("%s: %s: %s", r.Name, r.Health, r.LastError))
				}
			}
		}
		if want := len(shippedRules(t)); rules != want {
			err = errors.Join(err, fmt.Errorf("got %d rules, want %d", rules, want))
		}
		return err
	})
}
