package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/common/model"
)

// shipped is the folder for Prometheus and Alertmanager that this repository ships.
const shipped = "../prometheus"

// installation is a copy of that folder in which time is shorter: the intervals
// of scrapes and rules are a second, and so is what an alert waits for. The
// expressions are what they were.
type installation struct {
	dir  string
	data string // of Prometheus
}

func install(t *testing.T) installation {
	t.Helper()
	in := installation{dir: t.TempDir(), data: t.TempDir()}
	if err := os.CopyFS(in.dir, os.DirFS(shipped)); err != nil {
		t.Fatal(err)
	}
	in.rewrite(t, "prometheus.yml", `(scrape_interval|scrape_timeout|evaluation_interval): \d+s`, "$1: 1s")
	for _, rules := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		in.rewrite(t, rules, `( interval): \d+[smhd]\n`, "$1: 1s\n")
	}
	for _, rules := range []string{"slo-rules.yml", "alerts.yml"} {
		in.rewrite(t, rules, `( for): \d+[smhd]\n`, "$1: 1s\n")
	}
	// A subquery looks at full minutes and hours, which a test does not wait for.
	for _, rules := range []string{"slo-rules.yml", "alerts.yml"} {
		in.rewrite(t, rules, `:(1m|5m|1h)\]`, ":1s]")
	}
	for _, job := range []string{"alertmanager", "dspy-metrics", "otel-collector", "prometheus"} {
		in.targets(t, job)
	}
	return in
}

// rewrite changes a file that has something to change.
func (in installation) rewrite(t *testing.T, file, pattern, replacement string) {
	t.Helper()
	path := filepath.Join(in.dir, file)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := regexp.MustCompile(pattern).ReplaceAll(before, []byte(replacement))
	if bytes.Equal(before, after) {
		t.Fatalf("%s has no %s", file, pattern)
	}
	if err := os.WriteFile(path, after, 0o600); err != nil {
		t.Fatal(err)
	}
}

// targets replaces the targets of a job, also while Prometheus runs.
func (in installation) targets(t *testing.T, job string, addresses ...string) {
	t.Helper()
	group := []map[string][]string{}
	if len(addresses) > 0 {
		group = append(group, map[string][]string{"targets": addresses})
	}
	content, err := json.Marshal(group) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(in.dir, "targets", job+".yml")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	// In one step, or Prometheus might read the half.
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// run starts Prometheus with both of its receivers on.
func (in installation) run(t *testing.T, address string) *prometheus {
	t.Helper()
	p := &prometheus{address: address, process: start(t, "prometheus",
		"--config.file="+filepath.Join(in.dir, "prometheus.yml"),
		"--storage.tsdb.path="+in.data,
		"--web.enable-otlp-receiver",
		"--web.enable-remote-write-receiver",
		"--web.listen-address="+address)}
	until(t, p.process, func() error { return healthy(t, p.url()+"/-/ready") })
	return p
}

// receive starts a Prometheus with the configuration that this repository ships.
// The collectors are scraped, every second.
func receive(t *testing.T, collectors ...string) *prometheus {
	t.Helper()
	in := install(t)
	in.targets(t, "otel-collector", collectors...)
	return in.run(t, freeAddress(t))
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
