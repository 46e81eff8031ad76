package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

var costInstances = flag.Int("cost-instances", 1, "instances of which TestRulesCost has series; docs/rules-cost.md was measured with 10")

// What the fleet of the table has, and what of it the test makes.
const (
	fleetInstances = 200
	fleetServices  = 20
	costHistory    = 3 * 24 * time.Hour
)

// TestRulesCost evaluates every group of rules over blocks of series, made by promtool:
// sixteen minutes of the series of some instances, which is as far back as rules read them,
// and three days of what is recorded, of all services. What reads the instances' series
// takes as much longer as there are more of them; the rest does not depend on them.
func TestRulesCost(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(-3 * time.Hour).Truncate(time.Hour)
	dir := t.TempDir()
	openmetrics := filepath.Join(dir, "series.txt")
	makeSeries(t, openmetrics, *costInstances, end)
	data := filepath.Join(dir, "data")
	create := exec.CommandContext(t.Context(), locate(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=4d", openmetrics, data)
	if output, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{address: freeAddress(t)}
	p.process = start(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+data, "--storage.tsdb.retention.time=90d", "--web.listen-address="+p.address)
	until(t, p.process, func() error { return healthy(t, "http://"+p.address+"/-/ready") })

	for _, g := range shippedGroups(t) {
		interval, err := time.ParseDuration(g.Interval)
		if err != nil {
			t.Fatalf("%s: %v: a group has an interval of its own", g.Name, err)
		}
		var raw, recorded time.Duration
		for _, r := range g.Rules {
			took := p.evaluate(t, r.Expr, end)
			if strings.Contains(r.Expr, ":rate5m[") || strings.Contains(r.Expr, ":rate1h[") || !strings.Contains(r.Expr, "[5m]") && !strings.Contains(r.Expr, "[10m]") && !strings.Contains(r.Expr, "[15m]") {
				recorded += took
			} else {
				raw += took
			}
		}
		whole := raw*time.Duration(fleetInstances / *costInstances) + recorded
		t.Logf("| %s | %v | %d | %v | %v | %.1f %% |", g.Name, interval, len(g.Rules), (raw + recorded).Round(time.Millisecond), whole.Round(time.Millisecond), 100*whole.Seconds()/interval.Seconds())
		// A group that takes longer than its interval skips evaluations: what is measured
		// here must be far from it on any machine.
		if raw+recorded > interval {
			t.Errorf("%s takes %v of its interval of %v", g.Name, raw+recorded, interval)
		}
	}
}

// evaluate returns the shortest time of three that a query takes.
func (p *prometheus) evaluate(t *testing.T, expr string, at time.Time) time.Duration {
	t.Helper()
	best := time.Hour
	for range 3 {
		begin := time.Now()
		status, _, body, err := exchange(t, http.MethodGet, "http://"+p.address+"/api/v1/query?"+url.Values{"query": {expr}, "time": {strconv.FormatInt(at.Unix(), 10)}}.Encode(), nil)
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v %s", expr, status, err, body)
		}
		best = min(best, time.Since(begin))
	}
	return best
}

type ruleGroup struct {
	Name, Interval string
	Rules          []rule
}

func shippedGroups(t *testing.T) []ruleGroup {
	t.Helper()
	var all []ruleGroup
	for _, name := range []string{"recording-rules.yml", "slo-rules.yml", "alerts.yml"} {
		content, err := os.ReadFile(filepath.Join(shipped, name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Groups []ruleGroup }
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatal(err)
		}
		all = append(all, file.Groups...)
	}
	return all
}

// makeSeries writes OpenMetrics with times, a series after the other within a metric.
func makeSeries(t *testing.T, path string, instances int, end time.Time) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	series := func(name, labels string, history, step time.Duration, value func(n int) float64) {
		n := 0
		for at := end.Add(-history); !at.After(end); at = at.Add(step) {
			fmt.Fprintf(w, "%s{%s} %g %d\n", name, labels, value(n), at.Unix())
			n++
		}
	}
	const scrape, seen = 15 * time.Second, 16 * time.Minute
	grows := func(by float64) func(int) float64 { return func(n int) float64 { return by * float64(n) } }
	perService := func(name, kind string, add func(labels string)) {
		fmt.Fprintf(w, "# TYPE %s %s\n", name, kind)
		for i := range instances {
			for s := range fleetServices {
				add(fmt.Sprintf(`job="dspy-metrics",namespace="ai",instance="i%d",service="s%d"`, i, s))
			}
		}
	}
	types := []string{"predict", "cot", "react", "few_shot", "program_of_thought", "rlm"}
	perService("dspy_predictions", "counter", func(labels string) {
		for _, kind := range types {
			for _, status := range []string{"success", "failure"} {
				series("dspy_predictions_total", labels+fmt.Sprintf(`,prediction_type=%q,status=%q`, kind, status), seen, scrape, grows(3))
			}
		}
	})
	perService("dspy_errors", "counter", func(labels string) {
		for _, kind := range []string{"timeout", "rate_limit", "invalid_input", "prediction_failed", "upstream_unavailable", "unauthorized", "cache_unavailable", "overloaded", "canceled", "panic", "other"} {
			series("dspy_errors_total", labels+fmt.Sprintf(`,error_type=%q`, kind), seen, scrape, grows(1))
		}
	})
	perService("dspy_prediction_duration_seconds", "histogram", func(labels string) {
		for _, kind := range types {
			for i, le := range []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"} {
				series("dspy_prediction_duration_seconds_bucket", labels+fmt.Sprintf(`,prediction_type=%q,le=%q`, kind, le), seen, scrape, grows(float64(i)))
			}
			series("dspy_prediction_duration_seconds_count", labels+fmt.Sprintf(`,prediction_type=%q`, kind), seen, scrape, grows(11))
			series("dspy_prediction_duration_seconds_sum", labels+fmt.Sprintf(`,prediction_type=%q`, kind), seen, scrape, grows(22))
		}
	})
	for _, name := range []string{"hits", "misses", "evictions"} {
		perService("dspy_cache_"+name, "counter", func(labels string) {
			series("dspy_cache_"+name+"_total", labels+`,cache_type="memory"`, seen, scrape, grows(1))
		})
	}
	perService("dspy_active_predictions", "gauge", func(labels string) {
		series("dspy_active_predictions", labels, seen, scrape, func(int) float64 { return 3 })
	})
	constant := func(int) float64 { return 0.5 }
	for _, of := range []string{"predictions_lost", "predictions_asked", "predictions_failed", "predictions_succeeded", "predictions", "prediction_duration_seconds", "prediction_duration_seconds_slow", "cost_usd"} {
		for operation, step := range map[string]time.Duration{"rate5m": 30 * time.Second, "rate1h": 2 * time.Minute} {
			name := "cluster_namespace_job_service:dspy_" + of + ":" + operation
			fmt.Fprintf(w, "# TYPE %s gauge\n", name)
			for s := range fleetServices {
				series(name, fmt.Sprintf(`job="dspy-metrics",namespace="ai",service="s%d"`, s), costHistory, step, constant)
			}
		}
	}
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
