package e2e

import (
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
