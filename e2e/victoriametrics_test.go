package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// VictoriaMetrics evaluates what is written for it: rules and dashboards that ask for
// classic histograms only. Of the others it takes none that counts native ones.
func TestVictoriaMetricsTakesClassicHistograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := start(t, binary, "contract", "--histograms", "classic", "--rules", dir, "--dashboards", dir)
	if err := write.wait(t); err != nil {
		t.Fatalf("%v: %s", err, write.output.String())
	}
	dry := exec.CommandContext(t.Context(), locate(t, "vmalert"), "-dryRun", "-rule="+filepath.Join(dir, "*.yml"))
	if output, err := dry.CombinedOutput(); err != nil {
		t.Errorf("vmalert: %v: %s", err, output)
	}
	address := freeAddress(t)
	p := start(t, "victoria-metrics", "-storageDataPath="+t.TempDir(), "-httpListenAddr="+address, "-loggerLevel=ERROR")
	until(t, p, func() error { return healthy(t, "http://"+address+"/health") })
	evaluate := func(expr string) (status int, answer string) {
		status, _, body, err := exchange(t, http.MethodPost, "http://"+address+"/api/v1/query?"+url.Values{"query": {expr}}.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return status, string(body)
	}

	asked := 0
	for _, name := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Groups []ruleGroup }
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatal(err)
		}
		for _, g := range file.Groups {
			if _, err := time.ParseDuration(g.Interval); err != nil {
				t.Errorf("%s: %v", g.Name, err)
			}
			for _, r := range g.Rules {
				asked++
				if status, answer := evaluate(r.Expr); status != http.StatusOK {
					t.Errorf("%s%s: %d %s", r.Record, r.Alert, status, answer)
				}
			}
		}
	}
	for _, path := range glob(t, filepath.Join(dir, "*.json")) {
		b := readBoard(t, path)
		for _, panel := range b.all() {
			for _, target := range panel.Targets {
				asked++
				expr := strings.ReplaceAll(b.filled(target.Expr, "qa"), "$__rate_interval", "1m")
				if status, answer := evaluate(expr); status != http.StatusOK {
					t.Errorf("%s: %s: %d %s", path, panel.Title, status, answer)
				}
			}
		}
	}
	t.Logf("%d expressions", asked)
	if status, _ := evaluate("histogram_count(sum(rate(dspy_prediction_duration_seconds[5m])))"); status == http.StatusOK {
		t.Error("it counts native histograms after all: --histograms classic is not needed any more")
	}
}

// VictoriaMetrics stores what a service measures, vmalert evaluates the rules over it,
// the dashboards show it, and Alertmanager is told when the service is gone.
func TestVictoriaMetricsWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := start(t, binary, "contract", "--histograms", "classic", "--rules", dir, "--dashboards", dir)
	if err := write.wait(t); err != nil {
		t.Fatalf("%v: %s", err, write.output.String())
	}
	in := installation{dir: dir}
	for _, rules := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		in.rewrite(t, rules, `( interval): \d+[smhd]\n`, "$1: 1s\n")
	}
	in.rewrite(t, "alerts.yml", `( for): \d+[smhd]\n`, "$1: 1s\n")
	am := install(t).notify(t)
	s := serve(t, "--service", "qa", "--upstream", predictor(t), "--route", "/predict", "--route", "/predict/stream")

	scrape := filepath.Join(t.TempDir(), "scrape.yml")
	config := fmt.Sprintf("scrape_configs: [{job_name: dspy-metrics, scrape_interval: 1s, static_configs: [{targets: [%q]}]}]\n", s.address)
	if err := os.WriteFile(scrape, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// Without the offset it would hide the last half minute.
	v := &prometheus{address: freeAddress(t)}
	v.process = start(t, "victoria-metrics", "-storageDataPath="+t.TempDir(), "-httpListenAddr="+v.address, "-loggerLevel=ERROR",
		"-promscrape.config="+scrape, "-search.latencyOffset=0s", "-search.disableCache")
	until(t, v.process, func() error { return healthy(t, v.url()+"/health") })
	start(t, "vmalert", "-rule="+filepath.Join(dir, "*.yml"), "-rule.evalDelay=0s", "-httpListenAddr="+freeAddress(t), "-loggerLevel=ERROR",
		"-datasource.url="+v.url(), "-remoteWrite.url="+v.url(), "-remoteRead.url="+v.url(), "-remoteWrite.flushInterval=1s",
		"-notifier.url=http://"+am.address)

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
	until(t, v.process, func() error {
		if status, _, body := s.predict(t, "cot", "?"); status != http.StatusOK {
			return fmt.Errorf("got %d %v", status, body)
		}
		var errs []error
		for _, expr := range shown {
			result, err := v.query(t, expr)
			if err == nil && len(result) == 0 {
				err = fmt.Errorf("no result: %s", expr)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})

	kill(t, s.process)
	until(t, v.process, func() error {
		if _, told := am.sent.get("DSPyDown critical"); !told {
			return errors.New("Alertmanager was not told of DSPyDown")
		}
		return nil
	})
}
