package registry_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/otlptranslator"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/contract"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// folder writes files and returns where they are.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, files map[string]string, path string) contract.Contract {
	t.Helper()
	c, err := registry.Load(filepath.Join(folder(t, files), path))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRoundTrip writes the documented contract and reads the same again.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	documented := views.Default()
	documented.Metrics.APILatency.Form = views.Native
	documented.Metrics.PredictionDuration.Form = views.ClassicAndNative
	documented.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme"))
	want := contract.Of(documented)
	written, err := registry.Write(want, nil, views.Other, views.Unknown)
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, map[string]string{"dspy.yaml": string(written)}, "dspy.yaml")
	for i := range got.Metrics {
		got.Metrics[i].Stability = "" // The form asks for one.
		for j := range got.Metrics[i].Labels {
			label := &got.Metrics[i].Labels[j]
			label.Stability, label.Type, label.Key = "", "", label.ID
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contract (-want +got):\n%s", diff)
	}
}

const firstForm = `
groups:
  - id: registry.http
    type: attribute_group
    brief: HTTP
    attributes:
      - id: http.request.method
        stability: stable
        brief: The method.
        type:
          members:
            - {id: get, value: GET, stability: stable}
            - {id: put, value: PUT, stability: stable, deprecated: {reason: uncategorized, note: Not any more.}}
      - id: http.response.status_code
        type: int
        brief: The status.
        stability: stable
        examples: [200]
      - id: http.request.header
        type: template[string[]]
        stability: stable
        brief: A header.
        examples: [["a"]]
  - id: metric_attributes.http.server
    type: attribute_group
    brief: Attributes of servers
    attributes:
      - ref: http.request.method
        requirement_level: required
      - ref: http.response.status_code
        requirement_level:
          conditionally_required: If one was sent.
  - id: metric.http.server.request.duration
    type: metric
    metric_name: http.server.request.duration
    brief: "Duration of HTTP server requests."
    instrument: histogram
    unit: "s"
    stability: stable
    extends: metric_attributes.http.server
    attributes:
      - ref: http.request.header
        requirement_level: opt_in
      - ref: http.response.status_code
        requirement_level: recommended
  - id: metric.http.old
    type: metric
    metric_name: http.old.requests
    brief: Old
    instrument: counter
    unit: "{request}"
    stability: experimental
    deprecated: {reason: renamed, renamed_to: http.server.request.duration}
`

const secondForm = `
file_format: definition/2
attributes:
  - key: http.request.method
    stability: stable
    brief: The method.
    type:
      members:
        - {id: get, value: GET, stability: stable}
        - {id: put, value: PUT, stability: stable, deprecated: {reason: uncategorized, note: Not any more.}}
  - key: http.response.status_code
    type: int
    brief: The status.
    stability: stable
  - key: http.request.header
    type: template[string[]]
    stability: stable
    brief: A header.
attribute_groups:
  - id: server
    visibility: internal
    attributes:
      - ref: http.request.method
        requirement_level: required
      - ref: http.response.status_code
        requirement_level: {conditionally_required: If one was sent.}
metrics:
  - name: http.server.request.duration
    brief: "Duration of HTTP server requests."
    instrument: histogram
    unit: s
    stability: stable
    attributes:
      - ref_group: server
      - ref: http.request.header
        requirement_level: opt_in
      - ref: http.response.status_code
        requirement_level: recommended
  - name: http.old.requests
    brief: Old
    instrument: counter
    unit: "{request}"
    stability: development
    deprecated: {reason: renamed, renamed_to: http.server.request.duration, note: ""}
spans:
  - type: http.server
    whatever: {it: says}
`

const resolvedForm = `
file_format: resolved/2.0
schema_url: https://example.com/1.0.0
attribute_catalog:
  - {key: http.request.header, type: "template[string[]]", brief: A header., stability: stable}
  - {key: http.response.status_code, type: int, brief: The status., stability: stable}
  - key: http.request.method
    brief: The method.
    stability: stable
    type:
      members:
        - {id: get, value: GET, stability: stable}
        - {id: put, value: PUT, stability: stable, deprecated: {reason: uncategorized, note: Not any more.}}
registry:
  attributes: [0, 1, 2]
  metrics:
    - name: http.server.request.duration
      brief: "Duration of HTTP server requests."
      instrument: histogram
      unit: s
      stability: stable
      attributes:
        - {base: 2, requirement_level: required}
        - {base: 1, requirement_level: recommended}
        - {base: 0, requirement_level: opt_in}
    - name: http.old.requests
      brief: Old
      instrument: counter
      unit: "{request}"
      stability: development
      deprecated: {reason: renamed, renamed_to: http.server.request.duration, note: ""}
refinements: {}
`

func conventions() contract.Contract {
	return contract.Contract{Metrics: []contract.Metric{
		{
			Stream: "http.server.request.duration", Kind: contract.Histogram, Unit: "s", Help: "Duration of HTTP server requests",
			Terms: contract.Terms{Level: contract.Optional, Stability: "stable"},
			Labels: []contract.Label{
				{
					ID: "http.request.method", Help: "The method", Enumerated: true, Terms: contract.Terms{Level: contract.Required, Stability: "stable"},
					Values: []contract.Value{{Text: "GET"}, {Text: "PUT", Terms: contract.Terms{Deprecated: "Not any more"}}},
				},
				{ID: "http.response.status_code", Type: "int", Help: "The status", Terms: contract.Terms{Level: contract.Recommended, Stability: "stable"}},
				{ID: "http.request.header.", Template: true, Help: "A header", Terms: contract.Terms{Level: contract.Optional, Stability: "stable"}},
			},
		},
		{
			Stream: "http.old.requests", Kind: contract.Counter, Unit: "{request}", Help: "Old",
			Terms: contract.Terms{Level: contract.Optional, Stability: "development", Deprecated: "it was renamed to http.server.request.duration", Replacement: "http.server.request.duration"},
		},
	}}
}

// TestForms reads the same contract from every form of a registry.
func TestForms(t *testing.T) {
	t.Parallel()
	base := "file_format: definition/2\nimports:\n  metrics: [http.*]\n"
	for name, test := range map[string]struct {
		files map[string]string
		path  string
	}{
		"first form":  {map[string]string{"a.yaml": firstForm}, "a.yaml"},
		"second form": {map[string]string{"a.yaml": secondForm}, "a.yaml"},
		"resolved":    {map[string]string{"a.yaml": resolvedForm}, "a.yaml"},
		"folder":      {map[string]string{"registry_manifest.yaml": "name: a\nschema_base_url: https://x/\n", "http/a.yml": firstForm, "b.md": "text"}, ""},
		"published":   {map[string]string{"manifest.yaml": "file_format: manifest/2.0\nschema_url: https://x/1\nresolved_registry_uri: a.yaml\n", "a.yaml": resolvedForm}, "manifest.yaml"},
		"imported":    {map[string]string{"own/manifest.yaml": "schema_url: https://x/1\ndependencies:\n  - schema_url: https://y/1\n    registry_path: ../base\n", "own/a.yaml": base, "base/manifest.yaml": "schema_url: https://y/1\n", "base/b.yaml": secondForm}, "own"},
		"imported by a third": {map[string]string{
			"own/manifest.yaml": "schema_url: https://x/1\ndependencies: [{schema_url: https://y/1, registry_path: middle}]\n", "own/a.yaml": base,
			"middle/manifest.yaml": "schema_url: https://y/1\ndependencies: [{schema_url: https://z/1, registry_path: base}]\n",
			"base/b.yaml":          secondForm,
		}, "own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := conventions()
			if !slices.Contains([]string{"first form", "folder"}, name) {
				for i := range want.Metrics {
					want.Metrics[i].Level = contract.Recommended
				}
			}
			if diff := cmp.Diff(want, load(t, test.files, test.path)); diff != "" {
				t.Errorf("contract (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPrometheusAnnotations reads the fields by which Prometheus describes its own
// metrics.
func TestPrometheusAnnotations(t *testing.T) {
	t.Parallel()
	c := load(t, map[string]string{"a.yaml": `
groups:
  - id: attr
    type: attribute_group
    brief: A
    attributes:
      - id: prometheus.wal.type
        type: string
        stability: development
        brief: The type of the record.
        examples: [a]
        annotations: {prometheus: {label_name: type}}
  - id: metric.prometheus_a_seconds
    type: metric
    metric_name: prometheus_a_seconds
    brief: Duration of a.
    instrument: histogram
    unit: s
    stability: development
    attributes: [{ref: prometheus.wal.type, requirement_level: required}]
    annotations:
      prometheus: {package: tsdb, help: Duration of a, histogram_type: mixed_histogram, exponential_buckets: {start: 1, factor: 2, count: 3}, bucket_factor: 1.1}
  - id: metric.prometheus_b
    type: metric
    metric_name: prometheus_b
    brief: B.
    instrument: histogram
    unit: "1"
    stability: development
    annotations: {prometheus: {histogram_type: summary, objectives: {0.5: 0.05}, const_labels: [name]}}
  - id: metric.prometheus_c
    type: metric
    metric_name: prometheus_c
    brief: C.
    instrument: histogram
    unit: "1"
    stability: development
    annotations: {prometheus: {histogram_type: classic_histogram, buckets: [0.5, 1], only_opts: true}}
`}, "")
	a, b, d := c.Metrics[0], c.Metrics[1], c.Metrics[2]
	if a.Name != "prometheus_a_seconds" || a.Form != contract.ClassicAndNative || !cmp.Equal(a.Buckets, []float64{1, 2, 4}) || a.Help != "Duration of a" || a.Labels[0].Key != "type" {
		t.Errorf("a is %+v", a)
	}
	if b.Kind != contract.Summary || b.Name != "prometheus_b" || len(b.Labels) != 1 || b.Labels[0].Key != "name" {
		t.Errorf("b is %+v", b)
	}
	if d.Form != contract.Classic || !cmp.Equal(d.Buckets, []float64{0.5, 1}) {
		t.Errorf("c is %+v", d)
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	want := map[otlptranslator.TranslationStrategyOption][]string{
		otlptranslator.UnderscoreEscapingWithSuffixes:    {"http_server_request_duration_seconds", "http_old_requests_total", "http_request_method", "http_request_header_"},
		otlptranslator.UnderscoreEscapingWithoutSuffixes: {"http_server_request_duration", "http_old_requests", "http_request_method", "http_request_header_"},
		otlptranslator.NoUTF8EscapingWithSuffixes:        {"http.server.request.duration_seconds", "http.old.requests_total", "http.request.method", "http.request.header."},
		otlptranslator.NoTranslation:                     {"http.server.request.duration", "http.old.requests", "http.request.method", "http.request.header."},
	}
	for strategy, names := range want {
		c := conventions().Translated(strategy)
		got := []string{c.Metrics[0].Name, c.Metrics[1].Name, c.Metrics[0].Labels[0].Key, c.Metrics[0].Labels[2].Key}
		if diff := cmp.Diff(names, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", strategy, diff)
		}
	}
}

// TestMistakes says what is wrong, and where.
func TestMistakes(t *testing.T) {
	t.Parallel()
	metric := func(lines string) string {
		return "groups:\n  - id: metric.a\n    type: metric\n    metric_name: a.b\n    brief: A\n    stability: stable\n    instrument: counter\n    unit: s\n" + lines
	}
	cycle := func(to string) string {
		return "schema_url: https://x/1\ndependencies: [{schema_url: https://y/1, registry_path: ../" + to + "}]\n"
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"unknown field":       {map[string]string{"a.yaml": metric("    instrumet: x\n")}, `a.yaml:9:5: unknown field "instrumet": did you mean "instrument"?`},
		"unknown top field":   {map[string]string{"a.yaml": "grups: []\n"}, `a.yaml:1:1: unknown field "grups": did you mean "groups"?`},
		"unknown attribute":   {map[string]string{"a.yaml": metric("    attributes: [{ref: x.y}]\n")}, `a.yaml:9:18: the attribute "x.y" is not defined`},
		"field of attribute":  {map[string]string{"a.yaml": metric("    attributes: [{reff: x.y}]\n")}, `unknown field "reff"`},
		"instrument":          {map[string]string{"a.yaml": strings.Replace(metric(""), "counter", "summary", 1)}, `has the instrument "summary"`},
		"twice":               {map[string]string{"a.yaml": metric(""), "b.yaml": strings.Replace(metric(""), "id: metric.a", "id: metric.b", 1)}, `the metric "a.b" is defined twice`},
		"group twice":         {map[string]string{"a.yaml": metric(""), "b.yaml": metric("")}, `the group "metric.a" is defined twice`},
		"extends itself":      {map[string]string{"a.yaml": metric("    extends: metric.a\n")}, `the group "metric.a" extends itself`},
		"extends nothing":     {map[string]string{"a.yaml": metric("    extends: x\n")}, `the group "x" is not defined`},
		"level":               {map[string]string{"a.yaml": metric("    attributes: [{id: x, type: string, brief: X, stability: stable, requirement_level: must}]\n")}, `unknown requirement level "must"`},
		"type":                {map[string]string{"a.yaml": metric("    attributes: [{id: x, type: text, brief: X, stability: stable}]\n")}, `unknown type "text"`},
		"deprecated":          {map[string]string{"a.yaml": metric("    deprecated: [since 1.2]\n")}, "deprecated is a list"},
		"stability":           {map[string]string{"a.yaml": strings.Replace(metric(""), "stable", "solid", 1)}, `unknown stability "solid"`},
		"buckets":             {map[string]string{"a.yaml": metric("    annotations: {prometheus: {buckets: [2, 1]}}\n")}, "1 comes after 2"},
		"many buckets":        {map[string]string{"a.yaml": metric("    annotations: {prometheus: {exponential_buckets: {start: 1, factor: 2, count: 1000000}}}\n")}, "a count from 1 to 1000"},
		"histogram type":      {map[string]string{"a.yaml": metric("    annotations: {prometheus: {histogram_type: sparse}}\n")}, `unknown histogram_type "sparse"`},
		"wrong shape":         {map[string]string{"a.yaml": metric("    attributes: {}\n")}, "a.yaml:2:5: "},
		"no yaml":             {map[string]string{"a.yaml": "groups: ["}, "this is not YAML"},
		"alias":               {map[string]string{"a.yaml": "groups: [&a {id: x}, *a]\n"}, "aliases are not followed"},
		"file format":         {map[string]string{"a.yaml": "file_format: definition2/x\n"}, `unknown file format "definition2/x"`},
		"import of nothing":   {map[string]string{"a.yaml": "imports: {metrics: [x.*]}\n"}, `the import "x.*" of metrics finds none`},
		"dependency is away":  {map[string]string{"manifest.yaml": "schema_url: https://x/1\ndependencies: [{schema_url: https://y/1, registry_path: 'https://host/a.zip'}]\n", "a.yaml": "imports: {metrics: [x]}\n"}, "https://host/a.zip is not in a local folder"},
		"cycle":               {map[string]string{"manifest.yaml": cycle("b"), "a.yaml": metric(""), "b/manifest.yaml": cycle("."), "b/b.yaml": metric("")}, "in a cycle"},
		"refines nothing":     {map[string]string{"a.yaml": "file_format: definition/2\nmetric_refinements: [{id: x, ref: y}]\n"}, `the metric "y" that is refined is not defined`},
		"number of attribute": {map[string]string{"a.yaml": "file_format: resolved/2.0\nregistry: {metrics: [{name: a, instrument: gauge, unit: s, attributes: [{base: 7}]}]}\n"}, "there is no attribute 7"},
		"no metric":           {map[string]string{"a.yaml": "groups: []\n"}, "no metric is defined"},
		"no file":             {map[string]string{"a.txt": ""}, "no file that ends in .yaml"},
		"no resolved file":    {map[string]string{"manifest.yaml": "schema_url: https://x/1\nresolved_registry_uri: https://x/y\n"}, "download it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, test.files)
			if name == "cycle" {
				// The cycle goes through the folder itself.
				if err := os.WriteFile(filepath.Join(dir, "b", "manifest.yaml"), []byte("dependencies: [{registry_path: "+dir+"}]\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "manifest.yaml"), []byte("dependencies: [{registry_path: b}]\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := registry.Load(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestManyMetrics reads a registry of a hundred thousand metrics, and refuses
// more.
func TestManyMetrics(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it reads 10 MB of YAML")
	}
	var b strings.Builder
	b.WriteString("file_format: definition/2\nmetrics:\n")
	for i := range 100_001 {
		b.WriteString("  - {name: m" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "." + itoa(i) + ", brief: B, instrument: gauge, unit: s, stability: stable}\n")
	}
	_, err := registry.Load(filepath.Join(folder(t, map[string]string{"a.yaml": b.String()}), "a.yaml"))
	if err == nil || !strings.Contains(err.Error(), "more than 100000 metrics") {
		t.Errorf("got %v", err)
	}
}

func itoa(i int) string {
	digits := ""
	for ; i > 0 || digits == ""; i /= 10 {
		digits = string(rune('0'+i%10)) + digits
	}
	return digits
}

// FuzzRegistry looks for panics, and for contracts that cannot be written and read
// again.
func FuzzRegistry(f *testing.F) {
	for _, seed := range []string{firstForm, secondForm, resolvedForm, "groups: [{id: a, type: metric}]", "{}", "imports: {metrics: ['*']}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := registry.Read([]byte(text), "a.yaml")
		if err != nil {
			return
		}
		written, err := registry.Write(c, nil)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := registry.Read(written, "b.yaml")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		if len(again.Metrics) != len(c.Metrics) {
			t.Errorf("%d metrics became %d", len(c.Metrics), len(again.Metrics))
		}
	})
}
