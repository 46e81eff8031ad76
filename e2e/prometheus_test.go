package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// prometheus is a running Prometheus server.
type prometheus struct {
	*process
	address string
}

// scrape starts a Prometheus that scrapes the target every second, and returns
// once it is ready to be queried.
func scrape(t *testing.T, target string, flags ...string) *prometheus {
	t.Helper()
	return scrapeJobs(t, fmt.Sprintf(`
  - job_name: dspy-metrics
    honor_labels: true
    static_configs:
      - targets: [%q]
`, target), flags...)
}

// scrapeJobs is scrape with the scrape_configs of the test.
func scrapeJobs(t *testing.T, jobs string, flags ...string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(`
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
`+jobs), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := &prometheus{address: address, process: start(t, "prometheus", append([]string{
		"--config.file=" + config,
		"--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + address,
	}, flags...)...)}
	until(t, p.process, func() error {
		status, _, _, err := exchange(t, http.MethodGet, "http://"+address+"/-/ready", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("prometheus: not ready: status %d", status)
		}
		return err
	})
	return p
}

// queryRange evaluates a query at every second of a time.
func (p *prometheus) queryRange(t *testing.T, promql string, begin, end time.Time) (model.Matrix, error) {
	t.Helper()
	return resultOf[model.Matrix](t, p, "query_range", url.Values{
		"query": {promql}, "start": {begin.UTC().Format(time.RFC3339)}, "end": {end.UTC().Format(time.RFC3339)}, "step": {"1s"},
	})
}

// query evaluates an instant query that gives a vector.
func (p *prometheus) query(t *testing.T, promql string) (model.Vector, error) {
	t.Helper()
	return resultOf[model.Vector](t, p, "query", url.Values{"query": {promql}})
}

// resultOf asks an endpoint of Prometheus for the result of a query.
func resultOf[Result any](t *testing.T, p *prometheus, endpoint string, parameters url.Values) (result Result, err error) {
	t.Helper()
	_, _, body, err := exchange(t, http.MethodGet, "http://"+p.address+"/api/v1/"+endpoint+"?"+parameters.Encode(), nil)
	if err != nil {
		return result, err
	}
	var answer struct {
		Error string
		Data  struct{ Result Result }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return result, fmt.Errorf("query %q: %w: %s", parameters.Get("query"), err, body)
	}
	if answer.Error != "" {
		return result, fmt.Errorf("query %q: %s", parameters.Get("query"), answer.Error)
	}
	return answer.Data.Result, nil
}
