package registry_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// TestGoPackage reads OpenTelemetry's own package of HTTP metrics.
func TestGoPackage(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "go.opentelemetry.io/otel/semconv/v1.43.0/httpconv").Output()
	if err != nil {
		t.Fatal(err)
	}
	c, err := registry.Load(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]contract.Metric)
	for _, m := range c.Metrics {
		byName[m.Stream] = m
	}
	duration := byName["http.server.request.duration"]
	if duration.Kind != contract.Histogram || duration.Unit != "s" || duration.Whole || duration.Help != "Duration of HTTP server requests" {
		t.Errorf("duration is %+v", duration)
	}
	levels := make(map[string]contract.Level)
	for _, label := range duration.Labels {
		levels[label.ID] = label.Level
	}
	if levels["http.request.method"] != contract.Required || levels["url.scheme"] != contract.Required || levels["http.route"] != contract.Optional || levels["error.type"] != contract.Optional {
		t.Errorf("levels are %v", levels)
	}
	for _, label := range duration.Labels {
		if label.ID == "http.request.method" && (len(label.Values) < 9 || !label.Enumerated || label.Type != "string") {
			t.Errorf("the method is %+v", label)
		}
		if label.ID == "http.response.status_code" && label.Type != "int" {
			t.Errorf("the status is %+v", label)
		}
	}
	if active := byName["http.server.active_requests"]; active.Kind != contract.UpDownCounter || !active.Whole {
		t.Errorf("active is %+v", active)
	}
}

// TestNodePackage reads a package such as @opentelemetry/semantic-conventions.
func TestNodePackage(t *testing.T) {
	t.Parallel()
	got := load(t, map[string]string{
		"package.json": "{}",
		"build/src/stable_metrics.d.ts": "/**\n * Duration of requests.\n */\nexport declare const METRIC_A_DURATION: \"a.duration\";\n" +
			"export declare const ATTR_B: \"b\";\n",
		"build/src/experimental_metrics.d.ts": "/**\n * Count.\n *\n * @experimental This metric may change.\n */\nexport declare const METRIC_B_COUNT: \"b.count\";\n" +
			"/**\n * Old.\n *\n * @deprecated Replaced by `a.duration`.\n */\nexport declare const METRIC_C: \"c\";\n",
	}, "")
	metric := func(name, help, stability string) contract.Metric {
		return contract.Metric{Stream: name, Help: help, OpenLabels: true, Terms: contract.Terms{Level: contract.Optional, Stability: stability}}
	}
	want := contract.Contract{Metrics: []contract.Metric{
		metric("b.count", "Count", "development"), metric("c", "Old", "stable"), metric("a.duration", "Duration of requests", "stable"),
	}}
	want.Metrics[1].Deprecated = "Replaced by `a.duration`"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contract (-want +got):\n%s", diff)
	}
	for name, files := range map[string]map[string]string{
		"node": {"package.json": "{}"},
		"go":   {"a.go": "package a\n"},
	} {
		if _, err := registry.Load(folder(t, files)); err == nil || !strings.Contains(err.Error(), "no metric is defined in this") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := registry.Load(folder(t, map[string]string{"a.go": "pakage a\n"})); err == nil || !strings.Contains(err.Error(), "this is not Go") {
		t.Errorf("got %v", err)
	}
}
