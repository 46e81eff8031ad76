package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// remember gives Prometheus a past: the service's series as of a day and of a
// week ago, each for ten minutes in which all of them grew. What looks back that
// far could not be tried otherwise.
func (in installation) remember(t *testing.T, s *service) {
	t.Helper()
	page := s.samples(t)
	var text strings.Builder
	for _, age := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour} {
		const step = 30 * time.Second
		begin := time.Now().Add(-age - 5*time.Minute)
		for _, sample := range page {
			if !strings.HasPrefix(string(sample.Metric[model.MetricNameLabel]), "dspy_") {
				continue
			}
			sample.Metric["job"], sample.Metric["instance"] = "dspy-metrics", "past"
			for i := range 20 {
				fmt.Fprintln(&text, strings.ReplaceAll(sample.Metric.String(), ", ", ","), i, begin.Add(time.Duration(i)*step).Unix())
			}
		}
	}
	text.WriteString("# EOF\n")
	path := filepath.Join(t.TempDir(), "past.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	create := exec.CommandContext(t.Context(), locate(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", path, in.data)
	if output, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
}
