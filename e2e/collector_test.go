package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// collector is a running OpenTelemetry Collector with the configuration that
// this repository ships.
type collector struct {
	*process
	config      string
	overrides   []string // flags that change the configuration
	environment []string
	otlp        string // URL of its receiver for OTLP over HTTP
	metrics     string // address of its own metrics
	scrape      string // address of its exporter prometheus
	health      string // URL of its health check
}

// newCollector chooses the ports of a collector that is to send to Prometheus.
func newCollector(t *testing.T, prometheusURL string, exporters ...string) *collector {
	t.Helper()
	otlp := freeAddress(t)
	c := &collector{config: "../otel-collector.yaml", otlp: "http://" + otlp, metrics: freeAddress(t), scrape: freeAddress(t)}
	health := freeAddress(t)
	c.health = "http://" + health
	c.environment = []string{
		"OTELCOL_GRPC_PORT=" + port(t, freeAddress(t)),
		"OTELCOL_HTTP_PORT=" + port(t, otlp),
		"OTELCOL_METRICS_PORT=" + port(t, c.metrics),
		"OTELCOL_SCRAPE_PORT=" + port(t, c.scrape),
		"OTELCOL_HEALTH_PORT=" + port(t, health),
		"PROMETHEUS_URL=" + prometheusURL,
	}
	if len(exporters) > 0 {
		c.environment = append(c.environment, "OTELCOL_EXPORTERS=["+strings.Join(exporters, ",")+"]")
	}
	return c
}

// run starts the collector, or starts it again, and returns once it is healthy.
func (c *collector) run(t *testing.T) {
	t.Helper()
	c.process = startWith(t, c.environment, "otelcol", append([]string{"--config=" + c.config}, c.overrides...)...)
	until(t, c.process, func() error { return healthy(t, c.health) })
}

// startWith is start with variables of the environment: env replaces itself by
// the program.
func startWith(t *testing.T, variables []string, program string, args ...string) *process {
	t.Helper()
	return start(t, "env", slices.Concat(variables, []string{locate(t, program)}, args)...)
}

// pushing starts a service that pushes by OTLP over HTTP, often.
func pushing(t *testing.T, instance string, variables ...string) *service {
	t.Helper()
	return serveWith(t, append([]string{
		"OTEL_RESOURCE_ATTRIBUTES=service.instance.id=" + instance,
		"OTEL_METRIC_EXPORT_INTERVAL=200",
	}, variables...), "--service", "e2e")
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// healthy reports whether a URL answers 200.
func healthy(t *testing.T, url string) error {
	status, _, body, err := exchange(t, http.MethodGet, url, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", url, status, body)
	}
	return err
}

func TestCollectorConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	for _, files := range [][]string{
		{"otel-collector.yaml"},
		{"examples/scale-out/agent.yaml"},
		{"examples/scale-out/gateway.yaml"},
		{"examples/scale-out/gateway.yaml", "examples/scale-out/remote-write.yaml"},
	} {
		t.Run(strings.Join(files, "+"), func(t *testing.T) {
			t.Parallel()
			args := []string{"validate"}
			for _, file := range files {
				args = append(args, "--config="+filepath.Join("..", file))
			}
			validate := exec.CommandContext(t.Context(), locate(t, "otelcol"), args...)
			validate.Env = append(os.Environ(), "OTELCOL_QUEUE="+t.TempDir())
			if output, err := validate.CombinedOutput(); err != nil || strings.Contains(string(output), "deprecated") {
				t.Errorf("validate: %v:\n%s", err, output)
			}
		})
	}
}

// What the collector's alerts ask for is there under the names they ask for.
func TestCollectorHasItsOwnMetrics(t *testing.T) {
	t.Parallel()
	p := receive(t)
	c := newCollector(t, p.url())
	c.run(t)
	s := pushing(t, "a", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.otlp)
	exercise(t, s)
	until(t, c.process, func() error {
		_, _, page, err := exchange(t, http.MethodGet, "http://"+c.metrics+"/metrics", nil)
		for _, name := range []string{
			"otelcol_receiver_accepted_metric_points", "otelcol_exporter_sent_metric_points",
			"otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity",
		} {
			if err == nil && !strings.Contains(string(page), "\n"+name) {
				err = fmt.Errorf("no %s in:\n%s", name, page)
			}
		}
		return err
	})
}

// The collector is killed while predictions go on, and what it held is lost. As
// the totals are cumulative, the next push has them all.
func TestTotalsAreExactAfterTheCollectorWasKilled(t *testing.T) {
	t.Parallel()
	p := receive(t)
	c := newCollector(t, p.url())
	c.run(t)
	s := pushing(t, "a", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.otlp)
	exercise(t, s)
	until(t, p.process, func() error { return p.counted(t, 3) })

	predictions := 3
	predict := func(until func() bool) {
		for !until() {
			if status, _, body := s.predict(t, "cot", "What is the capital of France?"); status != http.StatusOK {
				t.Fatalf("got status %d, want 200: %v", status, body)
			}
			predictions++
		}
	}
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.wait(t); err == nil {
		t.Fatal("the collector ended by itself")
	}
	// An outage that the service did not notice would show nothing.
	predict(func() bool { return total(s.samples(t), "dspy_metrics_export_errors_total", nil) >= 3 })
	if err := p.counted(t, predictions); err == nil {
		t.Fatal("predictions arrived while there was no collector")
	}
	c.run(t)
	more := predictions + 20
	predict(func() bool { return predictions >= more })
	until(t, p.process, func() error {
		stored, err := p.query(t, `{__name__=~"dspy_.+"}`)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(contract(s.samples(t)), contract(stored)); diff != "" {
			return fmt.Errorf("stored samples differ from the page (-page +stored):\n%s", diff)
		}
		return p.counted(t, predictions)
	})
}

// A service that pushes deltas ends with the same totals.
func TestCollectorAddsUpDeltas(t *testing.T) {
	t.Parallel()
	p := receive(t)
	c := newCollector(t, p.url())
	c.run(t)
	s := pushing(t, "a", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.otlp, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta")
	for want := range 3 {
		exercise(t, s)
		until(t, p.process, func() error {
			return errors.Join(p.counted(t, 3*(want+1)), p.count(t, "dspy_prediction_duration_seconds_count", 3*(want+1)))
		})
	}
}
