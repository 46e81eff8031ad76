package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/common/model"
)

// receive starts a Prometheus with the configuration that this repository ships,
// and both of its receivers on. The collectors are scraped, every second.
func receive(t *testing.T, collectors ...string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../prometheus")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"alertmanager.yml", "dspy-metrics.yml", "otel-collector.yml", "prometheus.yml"} {
		targets := []byte("[]\n")
		if file == "otel-collector.yml" && len(collectors) > 0 {
			targets = fmt.Appendf(nil, "- targets: [%q]\n", collectors[0])
		}
		if err := os.WriteFile(filepath.Join(dir, "targets", file), targets, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "prometheus.yml")
	shipped, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	faster := regexp.MustCompile(`(scrape_interval|scrape_timeout): \d+s`).ReplaceAll(shipped, []byte("$1: 1s"))
	if bytes.Equal(shipped, faster) {
		t.Fatal("prometheus.yml has no interval to shorten")
	}
	if err := os.WriteFile(config, faster, 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := &prometheus{address: address, process: start(t, "prometheus",
		"--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"),
		"--web.enable-otlp-receiver",
		"--web.enable-remote-write-receiver",
		"--web.listen-address="+address)}
	until(t, p.process, func() error { return healthy(t, p.url()+"/-/ready") })
	return p
}

func (p *prometheus) url() string { return "http://" + p.address }

// counted checks the number of predictions that are stored as successes.
func (p *prometheus) counted(t *testing.T, want int) error {
	t.Helper()
	return p.count(t, `dspy_predictions_total{status="success"}`, want)
}

// count checks the sum over the series of a selector.
func (p *prometheus) count(t *testing.T, selector string, want int) error {
	t.Helper()
	sum, err := p.query(t, "sum("+selector+")")
	if err == nil && (len(sum) != 1 || sum[0].Value != model.SampleValue(want)) {
		err = fmt.Errorf("sum of %s: got %v, want %d", selector, sum, want)
	}
	return err
}
