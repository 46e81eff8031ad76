//go:build thanos

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Thanos reads a Prometheus through its sidecar, its ruler evaluates the rules over the
// querier, the dashboards show it there, and Alertmanager is told when the service is
// gone. The make target thanos builds the program: it is a large one, and no other test
// needs it.
func TestThanosWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := start(t, binary, "contract", "--rules", dir, "--dashboards", dir)
	if err := write.wait(t); err != nil {
		t.Fatalf("%v: %s", err, write.output.String())
	}
	installation{dir: dir}.hurry(t)
	am := install(t).notify(t)
	s := serve(t, "--service", "qa", "--upstream", predictor(t), "--route", "/predict", "--route", "/predict/stream")

	config, data := filepath.Join(t.TempDir(), "prometheus.yml"), t.TempDir()
	content := fmt.Sprintf(`
global: {scrape_interval: 1s, external_labels: {cluster: one, replica: a}}
scrape_configs: [{job_name: dspy-metrics, scrape_native_histograms: true, always_scrape_classic_histograms: true, static_configs: [{targets: [%q]}]}]
`, s.address)
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	scraping := &prometheus{address: freeAddress(t)}
	scraping.process = start(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+data, "--web.listen-address="+scraping.address,
		"--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h")
	until(t, scraping.process, func() error { return healthy(t, scraping.url()+"/-/ready") })
	sidecar, ruler, query := freeAddress(t), freeAddress(t), &prometheus{address: freeAddress(t)}
	start(t, "thanos", "sidecar", "--prometheus.url="+scraping.url(), "--tsdb.path="+data, "--grpc-address="+sidecar, "--http-address="+freeAddress(t))
	query.process = start(t, "thanos", "query", "--http-address="+query.address, "--grpc-address="+freeAddress(t),
		"--query.replica-label=replica", "--endpoint="+sidecar, "--endpoint="+ruler)
	until(t, query.process, func() error { return healthy(t, query.url()+"/-/ready") })
	start(t, "thanos", "rule", "--rule-file="+filepath.Join(dir, "*.yml"), "--data-dir="+t.TempDir(), "--eval-interval=1s",
		"--label", `replica="ruler"`, "--alert.label-drop=replica", "--query="+query.url(), "--alertmanagers.url=http://"+am.address,
		"--grpc-address="+ruler, "--http-address="+freeAddress(t))
	query.watches(t, dir, s, am)
}
