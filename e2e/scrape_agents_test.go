package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// Two agents share six services or more, and send what they scrape to one Prometheus by remote
// write 2. Each service is scraped by one agent, and what is counted there is counted once.
func TestScrapeAgentsShareAFleet(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	backend := &prometheus{address: address, process: start(t, "prometheus",
		"--config.file="+written(t, "prometheus.yml", "storage: {exemplars: {max_exemplars: 1000}}\n"), "--storage.tsdb.path="+t.TempDir(),
		"--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage,metadata-wal-records", "--web.listen-address="+address)}
	until(t, backend.process, func() error { return healthy(t, backend.url()+"/-/ready") })
	const shards = 2
	var targets []string
	// The ports are anybody's choice, and might all be of one agent.
	for of := make(map[string]bool); len(targets) < 6 || len(of) < shards; {
		s := serve(t)
		exercise(t, s)
		targets = append(targets, s.address)
		of[shardOf(s.address, shards)] = true
	}
	fleet := len(targets)
	agents := make([]*prometheus, shards)
	for shard := range agents {
		agents[shard] = scrapeAgent(t, shard, shards, targets, backend.url())
	}
	until(t, backend.process, func() error {
		return errors.Join(
			backend.counted(t, 3*fleet),
			backend.count(t, `count by (instance) (up{job="dspy-metrics",cluster="eu"} == 1)`, fleet),
			backend.count(t, `max(count by (instance) (up))`, 1),
			backend.count(t, `count(count by (__replica__) (up))`, shards),
			backend.count(t, `histogram_count(dspy_prediction_duration_seconds)`, 3*fleet),
		)
	})
	// What the table of examples/scale-out is computed from.
	for _, agent := range agents {
		_, _, page, err := exchange(t, "GET", agent.url()+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(page)) {
			for _, name := range []string{"prometheus_agent_active_series", "prometheus_remote_storage_bytes_total", "prometheus_remote_storage_samples_total", "process_resident_memory_bytes"} {
				if strings.HasPrefix(line, name+" ") || strings.HasPrefix(line, name+"{") {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	}
	samples, err := backend.query(t, `avg(scrape_samples_scraped)`)
	t.Log("samples of a scrape:", samples, err)
}

// shardOf returns the agent whose share a target is, as Prometheus' hashmod decides.
func shardOf(address string, shards uint64) string {
	hashmod := relabel.DefaultRelabelConfig
	hashmod.Action, hashmod.SourceLabels, hashmod.Modulus, hashmod.TargetLabel = relabel.HashMod, model.LabelNames{model.AddressLabel}, shards, "shard"
	hashmod.NameValidationScheme = model.UTF8Validation
	builder := labels.NewBuilder(labels.FromStrings(model.AddressLabel, address))
	relabel.ProcessBuilder(builder, &hashmod)
	return builder.Get("shard")
}

// scrapeAgent starts one agent as examples/scale-out says, with a scrape each second.
func scrapeAgent(t *testing.T, shard, shards int, targets []string, backend string) *prometheus {
	t.Helper()
	content, err := os.ReadFile("../examples/scale-out/scrape-agent.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := string(content)
	for _, change := range [][2]string{
		{"SHARDS,", strconv.Itoa(shards) + ","},
		{`regex: "SHARD"`, fmt.Sprintf("regex: %q", strconv.Itoa(shard))},
		{"scrape_interval: 15s", "scrape_interval: 1s"},
		{"scrape_timeout: 10s", "scrape_timeout: 1s"},
		{"http://mimir:8080/api/v1/push", backend + "/api/v1/write"},
	} {
		if !strings.Contains(config, change[0]) {
			t.Fatalf("scrape-agent.yml has no %s", change[0])
		}
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	file := written(t, "agent.yml", config)
	groups, err := json.Marshal([]map[string][]string{{"targets": targets}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(file), "targets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "targets", "fleet.yml"), groups, 0o600); err != nil {
		t.Fatal(err)
	}
	a := &prometheus{address: freeAddress(t)}
	a.process = startIn(t, "", []string{"CLUSTER=eu", fmt.Sprint("REPLICA=agent-", shard)}, "prometheus", "--agent",
		"--config.file="+file, "--storage.agent.path="+t.TempDir(), "--web.listen-address="+a.address)
	until(t, a.process, func() error { return healthy(t, a.url()+"/-/ready") })
	return a
}

// written writes a file in a folder of its own, and returns its path.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
