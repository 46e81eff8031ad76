package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

// What servicemonitor.yaml has for OpenShift, in a comment, gives the label service
// back to the metrics when honorLabels is overridden.
func TestRelabelingForOpenShift(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(kubernetes, "servicemonitor.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, comment, ok := strings.Cut(string(content), "# metricRelabelings:")
	if !ok {
		t.Fatal("servicemonitor.yaml has no metricRelabelings")
	}
	var monitor monitoring.ServiceMonitor
	uncommented := before + "metricRelabelings:" + strings.ReplaceAll(comment, "# ", "")
	if err := yaml.UnmarshalStrict([]byte(uncommented), &monitor); err != nil {
		t.Fatalf("%v in:\n%s", err, uncommented)
	}
	var relabelings []map[string]any // as Prometheus spells them
	for _, config := range monitor.Spec.Endpoints[0].MetricRelabelConfigs {
		relabeling := map[string]any{"regex": config.Regex}
		if config.Action != "" {
			relabeling["action"] = config.Action
		}
		if len(config.SourceLabels) > 0 {
			relabeling["source_labels"], relabeling["target_label"] = config.SourceLabels, config.TargetLabel
		}
		relabelings = append(relabelings, relabeling)
	}
	asJSON, err := json.Marshal(relabelings)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--service", "qa")
	config := fmt.Sprintf(`
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: dspy-metrics
    metric_relabel_configs: %s
    static_configs:
      - targets: [%q]
        labels: {service: kubernetes-service}
`, asJSON, s.address)
	dir, address := t.TempDir(), freeAddress(t)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{address: address, process: start(t, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)}
	if status, _, body := s.predict(t, "react", "Which?"); status != http.StatusOK {
		t.Fatalf("got status %d: %v", status, body)
	}
	until(t, p.process, func() error { return p.count(t, `dspy_predictions_total{service="qa",status="success"}`, 1) })
	// Those about the metrics have no label service, and get the target's.
	wrong, err := p.query(t, `{__name__=~"dspy_.+",__name__!~"dspy_metrics_.+",service!="qa"} or {exported_service!=""}`)
	if err != nil || len(wrong) > 0 {
		t.Errorf("got series %v of another service, %v", wrong, err)
	}
}
