package contractfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func read(text string) (views.Contract, error) {
	return contractfile.Read(strings.NewReader(text), "c.yaml")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want func(*views.Contract)
	}{
		"nothing": {"{}", func(*views.Contract) {}},
		"JSON":    {`{"$schema": "x", "labels": {"cache_type": {"add": ["disk"]}}}`, func(c *views.Contract) { c.Labels.CacheType = c.Labels.CacheType.With("disk") }},
		"add": {"labels: {status: {add: [partial]}, error_type: {add: [quota]}}", func(c *views.Contract) {
			c.Labels.Status, c.Labels.ErrorType = c.Labels.Status.With("partial"), c.Labels.ErrorType.With("quota")
		}},
		"only": {"labels: {status_code: {only: [200, 0o7, true]}}", func(c *views.Contract) {
			c.Labels.StatusCode = c.Labels.StatusCode.Only("200", "0o7", "true")
		}},
		"budget before values": {"labels: {method: {budget: 3, values: [GET]}}", func(c *views.Contract) {
			c.Labels.Method.Values, c.Labels.Method.Closed, c.Labels.Method.Budget = []string{"GET"}, false, 3
		}},
		"presets": {"metrics:\n  dspy_prediction_duration_seconds: {buckets: slow}\n  dspy_api_latency_seconds: {buckets: very_slow}\n  dspy_time_to_first_token_seconds: {buckets: default}", func(c *views.Contract) {
			c.Metrics.PredictionDuration.Buckets, c.Metrics.APILatency.Buckets = views.Buckets(views.Slow), views.Buckets(views.VerySlow)
		}},
		"buckets and form": {"metrics: {dspy_api_latency_seconds: {buckets: [.5, 1, 1e1], form: native}}", func(c *views.Contract) {
			c.Metrics.APILatency.Buckets, c.Metrics.APILatency.Form = []float64{0.5, 1, 10}, views.Native
		}},
		"left out": {"metrics: {dspy_cost_usd_total: off, dspy_tokens_total: false}", func(c *views.Contract) {
			c.Metrics.Cost, c.Metrics.Tokens = views.Metric{}, views.Metric{}
		}},
		"own label": {"own_labels: {tenant: {description: Who asks, only: [a, b]}}", func(c *views.Contract) {
			c.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("a", "b"))
		}},
		"own label of some": {"own_labels: {tier: {description: Which one, budget: 9, metrics: [dspy_cost_usd_total]}}", func(c *views.Contract) {
			c.AddLabel(views.Label{Key: "tier", Description: "Which one", Budget: 9}, &c.Metrics.Cost)
		}},
		"own metrics": {`
own_labels: {tenant: {description: Who asks, budget: 2}}
own_metrics:
  rag_documents_total: {instrument: rag.documents, kind: counter, unit: "{document}", description: Documents, labels: [tenant]}
  rag_load_seconds: {instrument: rag.load, kind: histogram, unit: s, description: Load}
  rag_size_bytes: {instrument: rag.size, kind: gauge, number: int64, unit: By, description: Size}`, func(c *views.Contract) {
			c.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Budget: 2})
			c.Metrics.Own = []views.Metric{
				{Name: "rag_documents_total", Instrument: "rag.documents", Kind: views.Counter, Unit: "{document}", Description: "Documents", Labels: []string{"tenant"}},
				{Name: "rag_load_seconds", Instrument: "rag.load", Kind: views.Histogram, Float: true, Unit: "s", Description: "Load", Buckets: views.Default().Metrics.PredictionDuration.Buckets},
				{Name: "rag_size_bytes", Instrument: "rag.size", Kind: views.Gauge, Unit: "By", Description: "Size"},
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(test.file)
			if err != nil {
				t.Fatal(err)
			}
			want := views.Default()
			test.want(&want)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want []string // without the file; all of them, in order
	}{
		"empty":               {"", []string{"1:1: the file is empty: write {} for the documented contract"}},
		"only a comment":      {"# nothing\n", []string{"1:1: the file is empty: write {} for the documented contract"}},
		"only a marker":       {"---\n", []string{"1:1: the file is empty: write {} for the documented contract"}},
		"two documents":       {"{}\n---\n{}\n", []string{"2:1: a second document begins: a file has one"}},
		"syntax":              {"labels:\n  service: {budget: 3\n", []string{"1:1: this is not YAML: did not find expected ',' or '}'"}},
		"second not YAML":     {"{}\n---\n\t- x", []string{"3:1: this is not YAML: found character that cannot start any token"}},
		"a list":              {"- labels", []string{"1:1: this is a list: write a mapping of names to values"}},
		"no mapping":          {"labels: 7", []string{`1:9: this is "7": write a mapping of names to values`}},
		"unknown key":         {"lables: {}", []string{`1:1: unknown key "lables": did you mean "labels"?`}},
		"nothing like it":     {"zzzzzzzz: {}", []string{`1:1: unknown key "zzzzzzzz": choose one of $schema, labels, metrics, own_labels, own_metrics`}},
		"unknown label":       {"labels: {tenant: {budget: 3}}", []string{`1:10: unknown label "tenant": choose one of service, prediction_type, status, cache_type, error_type, token_type, endpoint, method, status_code, outcome, reason, model, source, finish_reason, score, version, revision, go_version, label (a label of your own goes under own_labels)`}},
		"misspelled label":    {"labels:\n  predcition_type: {budget: 3}", []string{`2:3: unknown label "predcition_type": did you mean "prediction_type"? (a label of your own goes under own_labels)`}},
		"misspelled metric":   {"metrics:\n  dspy_eror_total: off", []string{`2:3: unknown metric "dspy_eror_total": did you mean "dspy_errors_total"? (a metric of your own goes under own_metrics)`}},
		"key twice":           {"labels: {}\nlabels: {}", []string{`2:1: "labels" occurs twice: the first is in line 1`}},
		"alias":               {"labels:\n  service: &s {budget: 3}\n  endpoint: *s", []string{"3:13: *s is an alias, which is not followed: write its value instead"}},
		"merge":               {"labels:\n  service:\n    <<: {budget: 3}", []string{"3:5: a key is not a name: write names, without << and aliases"}},
		"wrong type":          {"labels: {service: {budget: many, values: {a: b}, description: [x]}}", []string{`1:28: "many" is not a number: write one such as 0.5`, "1:42: this is a mapping: write a list such as [one, two]", "1:63: this is a list: write a sentence"}},
		"not whole":           {"labels: {service: {budget: 1.5}}", []string{"1:28: 1.5 is not a whole number of a sensible size"}},
		"binary":              {"labels: {service: {only: [!!binary aGk=, ~]}}", []string{"1:27: the type !!binary is unknown: write a text", "1:42: this is empty: write a text"}},
		"budget":              {"labels: {prediction_type: {budget: 4}}", []string{`1:36: label "prediction_type": budget 4 is less than its 6 well-known values: raise it, or list fewer`}},
		"too many added":      {"labels: {cache_type: {add: [a, b, c, d, e, f]}}", []string{`1:28: label "cache_type": budget 8 is less than its 9 well-known values: raise it, or list fewer`}},
		"value twice":         {"labels: {cache_type: {add: [disk, redis]}}", []string{`1:35: label "cache_type": value "redis" occurs twice`}},
		"empty value":         {`labels: {cache_type: {only: [disk, ""]}}`, []string{`1:36: label "cache_type": value "" is empty or not valid UTF-8`}},
		"no values":           {`labels: {cache_type: {only: []}}`, []string{`1:29: label "cache_type": budget 0 is not between 1 and 65536`}},
		"two lists":           {"labels: {cache_type: {add: [disk], only: [disk2]}}", []string{`1:28: "add" beside "only": keep one of them`}},
		"unknown preset":      {"metrics: {dspy_api_latency_seconds: {buckets: vary_slow}}", []string{`1:47: unknown preset "vary_slow": did you mean "very_slow"?`}},
		"not ascending":       {"metrics:\n  dspy_api_latency_seconds:\n    buckets: [1, 2, 2, 3]", []string{`3:21: metric "dspy_api_latency_seconds": bucket 2: 2 does not come after 2: buckets must ascend`}},
		"no buckets":          {"metrics: {dspy_api_latency_seconds: {buckets: []}}", []string{`1:47: metric "dspy_api_latency_seconds": a histogram needs at least one bucket`}},
		"buckets of counter":  {"metrics: {dspy_errors_total: {buckets: fast}}", []string{`1:40: metric "dspy_errors_total": a counter has no buckets`}},
		"not off":             {"metrics: {dspy_errors_total: of}", []string{`1:30: this is "of": write off to leave the metric out, or a mapping`}},
		"documented kind":     {"metrics: {dspy_errors_total: {kind: gauge}}", []string{`1:37: the kind of "dspy_errors_total" is documented and cannot be changed: leave the metric out, and add one of your own`}},
		"label of a metric":   {"metrics: {dspy_errors_total: {labels: [servce]}}", []string{`1:40: unknown label "servce": did you mean "service"?`}},
		"label removed":       {"metrics: {dspy_errors_total: {labels: [service]}}", []string{`1:39: the documented label "error_type" is missing: labels can be added, not removed`}},
		"own is documented":   {"own_labels: {service: {description: Mine, budget: 3}}", []string{`1:14: "service" is a documented label: change it under labels`}},
		"own without bound":   {"own_labels: {tenant: {description: Who}}", []string{`1:14: label "tenant" has no bound: write the values it may have as "only", or how many as "budget"`}},
		"own label's metric":  {"own_labels: {tenant: {description: Who, budget: 1, metrics: [dspy_errors]}}", []string{`1:62: unknown metric "dspy_errors": did you mean "dspy_errors_total"?`}},
		"reserved label":      {"own_labels: {job: {description: Who, budget: 1}}", []string{`1:14: label "job": key is reserved by Prometheus: choose another`}},
		"own metric unsaid":   {"own_metrics:\n  rag_x_total: {kind: counter}", []string{`2:3: "instrument" is missing: add it`, `2:3: "unit" is missing: add it`, `2:3: "description" is missing: add it`}},
		"under dspy":          {`own_metrics: {dspy_x_total: {instrument: rag.x, kind: counter, unit: "{x}", description: X}}`, []string{`1:15: metric "dspy_x_total": the name is under dspy, which is for the documented metrics: choose a prefix of your own`}},
		"instrument of ours":  {`own_metrics: {rag_x_total: {instrument: dspy.errors, kind: counter, unit: "{x}", description: X}}`, []string{`1:41: metric "rag_x_total": the instrument "dspy.errors" is under dspy, which is for the documented metrics: choose a prefix of your own`, `1:41: metric "rag_x_total": instrument "dspy.errors" occurs twice`}},
		"unit without suffix": {`own_metrics: {rag_x: {instrument: rag.x, kind: gauge, unit: s, description: X}}`, []string{`1:61: metric "rag_x": unit "s" asks for a name that ends in _seconds`}},
		"several at once":     {"lables: {}\nmetrics:\n  dspy_errors_total: {form: native}\n", []string{`1:1: unknown key "lables": did you mean "labels"?`, `3:29: metric "dspy_errors_total": a counter has no buckets, and so no form`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(test.file)
			if err == nil {
				t.Fatal("got no error")
			}
			got := strings.Split(strings.ReplaceAll(err.Error(), "c.yaml:", ""), "\n")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var mistake *contractfile.Mistake
			if !errors.As(err, &mistake) || mistake.File != "c.yaml" {
				t.Errorf("got %#v, want a mistake of c.yaml", mistake)
			}
		})
	}
}

// Whatever its size and its tricks, a file is read in bounded time and says
// what is wrong in bounded space.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a: &a [x, x, x, x, x, x, x, x, x]\n")
	for c := 'b'; c < 'z'; c++ {
		fmt.Fprintf(&bomb, "%c: &%c [%s]\n", c, c, strings.Repeat("*"+string(c-1)+", ", 9))
	}
	for name, test := range map[string]struct{ file, want string }{
		"huge":         {strings.Repeat("#", 2<<20), "larger than 1048576 bytes"},
		"alias bomb":   {bomb.String(), `unknown key "a"`},
		"bomb in use":  {"labels:\n  service: {values: &a [x]}\n  endpoint: {values: [*a, *a, *a]}", "is an alias"},
		"deep":         {strings.Repeat("[", 100_000), "exceeded max depth"},
		"many labels":  {"own_labels: {" + many("l%d: {description: X, budget: 1}", 20_000) + "}", "there are more than 32"},
		"many metrics": {"own_metrics: {" + many("l%d: 1", 50_000) + "}", "there are more than 1000"},
		"many values":  {"labels: {service: {only: [" + many("v%d", 100_000) + "]}}", "is not between 1 and 65536"},
		"many twice":   {"metrics: {dspy_errors_total: {labels: [" + strings.Repeat("service,", 100_000) + "]}}", "there are 100000 labels"},
		"all mistakes": {"{" + many("x%d: 1", 50_000) + "}", "49900 more errors"},
		"long name":    {"labels: {" + strings.Repeat("x", 900) + ": 1}", "xxx…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 100<<10 {
				t.Errorf("got an error of %d bytes, want one with %q: %.200v", len(err.Error()), test.want, err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	if _, err := contractfile.Load("nowhere.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
	for _, path := range examples(t) {
		if _, err := contractfile.Load(path); err != nil {
			t.Error(err)
		}
	}
}

// examples are the files that are shown to operators.
func examples(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../../examples/contract/*.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("got examples %q, %v", paths, err)
	}
	return paths
}
