package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// kit is everything that is shipped for an operator, at work.
type kit struct {
	installation
	*prometheus
	alertmanager *alertmanager
	collector    *collector       // the one that works
	service      *service         // one that is asked all the time
	seen         map[string]alert // all that ever came to Alertmanager, as it was last
}

// Everything that could go wrong does: every alert arrives, and every panel and
// rule has something to show. It is serial: what a restart shows is gone after a minute.
func TestOperatorsKit(t *testing.T) {
	k := &kit{installation: install(t), seen: make(map[string]alert)}
	k.alertmanager = k.notify(t)
	k.trouble(t)

	// First, as a restart shows for no longer than the rate interval.
	const service = "qa"
	expressions := slices.Concat(ofDashboards(t, service), ofRules(t))
	t.Run("every expression has a result", func(t *testing.T) { k.testResults(t, expressions) })
	pushNative(t, k.collector, service)
	t.Run("and with native histograms too", func(t *testing.T) {
		k.testSelectors(t, expressions)
		k.testResults(t, expressions)
	})
	t.Run("every variable has values", k.testVariables)
	t.Run("every query of the documentation works", func(t *testing.T) { k.testResults(t, ofDocs(t, "../docs")) })
	t.Run("runbooks", k.testRunbooks)
	t.Run("rules are healthy", k.testRules)
	t.Run("every alert arrives", k.testAlerts)
}

// trouble starts services and collectors of which hardly one is well, and the
// load that shows it.
func (k *kit) trouble(t *testing.T) {
	t.Helper()
	address := freeAddress(t)
	upstream := predictor(t)
	working := newCollector(t, "http://"+address)
	rejected := newCollector(t, serveHTTP(t, http.NotFoundHandler()))
	stalled := newCollector(t, serveHTTP(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))
	// The queue that is shipped would take minutes to fill.
	stalled.overrides = []string{"--set=exporters.otlp_http/prometheus.sending_queue.queue_size=2", "--set=exporters.otlp_http/prometheus.sending_queue.num_consumers=1"}
	for _, c := range []*collector{working, rejected, stalled} {
		c.run(t)
	}
	k.collector = working
	flags := []string{"--upstream", upstream, "--route", "/predict", "--route", "/predict/stream", "--timeout", "1h"}
	service := func(name string, c *collector, more ...string) *service {
		return serveWith(t, []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.otlp, "OTEL_RESOURCE_ATTRIBUTES=service.instance.id=" + name,
			"OTEL_EXPORTER_OTLP_TIMEOUT=1000", "OTEL_METRIC_EXPORT_INTERVAL=200",
		}, slices.Concat([]string{"--service", name}, flags, more)...)
	}
	// What these push gets nowhere, so that their scrapes count alone.
	qa, slow := service("qa", stalled, "--cache=memory", "--genai=both"), service("slow", rejected)
	redis := freeAddress(t)
	startRedis(t, redis)
	cache := "--cache=redis://" + redis + "/0"
	pushed := service("pushed", working, cache)
	stuck := serve(t, slices.Concat([]string{"--service", "stuck"}, flags)...)
	killed := serve(t)
	stale := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, "dspy_renamed_total 1\n") }))

	k.service = qa
	k.remember(t, qa)
	k.targets(t, "prometheus", address)
	k.targets(t, "otel-collector", working.metrics, rejected.metrics, stalled.metrics)
	k.targets(t, "dspy-metrics", killed.address)
	k.prometheus = k.run(t, address)

	// The only target goes: nothing is there, and that it is down goes without saying.
	until(t, k.process, func() error { return k.count(t, `up{job="dspy-metrics"}`, 1) })
	kill(t, killed.process)
	k.until(t, func() error {
		return k.in("active", "DSPyDown critical")
	})

	// A histogram begins with its first prediction, which no rate sees.
	if status, _, body := slow.predict(t, "predict", "Are you there?"); status != http.StatusOK {
		t.Fatalf("got status %d, want 200: %v", status, body)
	}
	load(t, stuck, "--duration", "0", "--timeout", "1h", "--rate", "0", "--concurrency", "1", "--failures", "1", "--fault", "hang=1")
	until(t, stuck.process, func() error {
		if active := total(stuck.samples(t), "dspy_active_predictions", nil); active != 1 {
			return fmt.Errorf("got %v active predictions, want 1", active)
		}
		return nil
	})
	k.targets(t, "dspy-metrics", killed.address, qa.address, slow.address, stuck.address, strings.TrimPrefix(stale, "http://"))
	pushOverflow(t, working)
	until(t, k.process, func() error {
		return errors.Join(
			k.count(t, `up{job="dspy-metrics"}`, 4),
			k.count(t, `dspy_prediction_duration_seconds_count{service="slow"}`, 1),
			k.count(t, `dspy_predictions_total{service="pushed"}`, 0))
	})
	// This one goes on until the test ends.
	load(t, qa, "--duration", "0", "--rate", "30", "--repeats", "0.15", "--streams", "0.2", "--failures", "0.4", "--fault", "500=1", "--fault", "429=1")
	for _, p := range []*process{
		load(t, pushed, "--duration", "4s", "--rate", "40", "--repeats", "0.3", "--types", manyTypes()),
		// All of them at once, beyond the bound of the latency objective.
		load(t, slow, "--duration", "1s", "--rate", "0", "--concurrency", "60", "--types", "predict=1", "--failures", "1", "--fault", "slow=10.1=1"),
	} {
		if err := p.wait(t); err != nil {
			t.Fatalf("%s: %v\n%s", p.cmd, err, p.output.String())
		}
	}

	k.until(t, func() error { return k.in("active", "DSPyCollectorExportFailing warning") })
	kill(t, rejected.process)
	kill(t, pushed.process)
	service("pushed", working, cache)
}

// load runs the shipped generator against a service.
func load(t *testing.T, s *service, flags ...string) *process {
	t.Helper()
	return start(t, binary, slices.Concat([]string{"load", "http://" + s.address, "--seed", "1", "--quiet"}, flags)...)
}

// manyTypes are more prediction types than the label has a budget for.
func manyTypes() string {
	var types []string
	for i := range 40 {
		types = append(types, fmt.Sprintf("type-%d=1", i))
	}
	return strings.Join(types, ",")
}

func kill(t *testing.T, p *process) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t); err == nil {
		t.Fatalf("%s ended by itself", p.cmd)
	}
}
