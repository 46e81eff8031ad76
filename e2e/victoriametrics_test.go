package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
	installation{dir: dir}.hurry(t)
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

	v.watches(t, dir, s, am)
}
