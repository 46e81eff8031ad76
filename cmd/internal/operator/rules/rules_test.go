package rules_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*views.Contract, *slo.Objectives)
		want   []string
	}{
		"objectives that cannot be measured": {
			func(_ *views.Contract, o *slo.Objectives) { o.LatencyBound = 3 },
			[]string{"latency bound 3 is not a bucket bound"},
		},
		"predictions without a status": {
			func(c *views.Contract, _ *slo.Objectives) { c.Metrics.Predictions.Labels = []string{"service"} },
			[]string{`metric "dspy_predictions_total" has no label "status"`},
		},
		"a budget of a model that no cost names": {
			func(c *views.Contract, o *slo.Objectives) {
				c.Metrics.Cost.Labels, o.ModelBudgets = []string{"service"}, map[string]float64{"a": 1}
			},
			[]string{`metric "dspy_cost_usd_total" has no label "model"`},
		},
		"a cache without a service": {
			func(c *views.Contract, _ *slo.Objectives) { c.Metrics.CacheHits.Labels = nil },
			[]string{`metric "dspy_cache_hits_total" has no label "service"`},
		},
		"a histogram without buckets": {
			func(c *views.Contract, _ *slo.Objectives) { c.Metrics.PredictionDuration.Buckets = nil },
			[]string{`metric "dspy_prediction_duration_seconds" has no buckets`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract, objectives := views.Default(), slo.Default()
			test.change(&contract, &objectives)
			_, err := rules.Files(contract, objectives)
			if err == nil {
				t.Fatal("got no error")
			}
			if _, same := rules.PrometheusRule(contract, objectives); same == nil || same.Error() != err.Error() {
				t.Errorf("PrometheusRule: got %v, want %v", same, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
}

func TestBucketsChangeTheRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bound float64
		want  string
	}{
		"fraction": {7.5, `le=~"7\\.5"`},
		"whole":    {60, `le=~"60|60\\.0"`},
		"large":    {1e6, `le=~"1000000|1000000\\.0|1e\\+06"`},
		"small":    {1e-5, `le=~"0\\.00001|1e-05"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract, objectives := views.Default(), slo.Default()
			contract.Metrics.PredictionDuration.Buckets = []float64{test.bound, 2e6}
			objectives.LatencyBound = test.bound
			files, err := rules.Files(contract, objectives)
			if err != nil {
				t.Fatal(err)
			}
			recorded := string(files["recording-rules.yml"])
			if got := strings.Count(recorded, test.want); got != 1 {
				t.Errorf("%s stands %d times, want once:\n%s", test.want, got, recorded)
			}
		})
	}
}

// Whichever metric is left out, no rule reads it or what was recorded from it.
func TestMetricLeftOut(t *testing.T) {
	t.Parallel()
	metrics := reflect.TypeFor[views.Metrics]()
	for field := range metrics.Fields() {
		if field.Type != reflect.TypeFor[views.Metric]() {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			contract := views.Default()
			metric := reflect.ValueOf(&contract.Metrics).Elem().FieldByName(field.Name).Addr().Interface().(*views.Metric)
			name := strings.TrimSuffix(metric.Name, "_total")
			*metric = views.Metric{}
			files, err := rules.Files(contract, slo.Default())
			if err != nil {
				t.Fatal(err)
			}
			for file, content := range files {
				if strings.Contains(string(content), name) {
					t.Errorf("%s has %s", file, name)
				}
			}
			if alerts := string(files["alerts.yml"]); !strings.Contains(alerts, "DSPyTargetDown") {
				t.Errorf("the other alerts are gone too:\n%s", alerts)
			}
		})
	}
}

func TestLabelsChangeTheRules(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Labels.Service.Key, contract.Labels.Status.Key, contract.Labels.Overflowed.Key = "app", "outcome", "which"
	contract.Labels.ErrorType.Key = "why"
	for _, metric := range []*views.Metric{
		&contract.Metrics.Predictions, &contract.Metrics.ActivePredictions, &contract.Metrics.PredictionDuration,
		&contract.Metrics.CacheHits, &contract.Metrics.CacheMisses, &contract.Metrics.CacheEvictions, &contract.Metrics.LabelOverflow,
		&contract.Metrics.Errors, &contract.Metrics.Cost, &contract.Metrics.Finishes, &contract.Metrics.PredictionScore,
	} {
		metric.Labels = []string{"app", "outcome", "which", "why", "finish_reason", "score"}
	}
	files, err := rules.Files(contract, slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range files {
		for _, old := range []string{"job, service", "job_service", "$labels.service", "status!=", "job, label)", "$labels.label "} {
			if strings.Contains(string(content), old) {
				t.Errorf("%s has %q", file, old)
			}
		}
	}
	for _, want := range []string{`{outcome!="",outcome!="success"}`, `{why!="",why!~"`, `{why="overloaded"}`} {
		if recorded := string(files["recording-rules.yml"]); !strings.Contains(recorded, want) {
			t.Errorf("recording-rules.yml has no %s:\n%s", want, recorded)
		}
	}
}

func TestObjectivesChangeTheRules(t *testing.T) {
	t.Parallel()
	files, err := rules.Files(views.Default(), slo.Objectives{
		Job: "qa", CollectorJob: "gateway", ClientErrors: []string{"unauthorized"},
		Availability: 0.995, Latency: 0.98, LatencyBound: 5, BudgetVolume: 31,
		ErrorRate: 0.07, OutageRate: 0.6, RefusedRate: 0.15, InvalidRate: 0.25, P95: 2.5, Volume: 32,
		TruncatedRate: 0.12, ScoreDrop: 0.13, DailyBudget: 14, ModelBudgets: map[string]float64{"a": 15}, CacheHitRate: 0.35, LookupVolume: 33,
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, wanted := range map[string][]string{
		"recording-rules.yml": {`up{job="qa"}`, `error_type!~"cache_unavailable|overloaded|unauthorized"`, "histogram_fraction(0, 5, ", `le=~"5|5\\.0"`},
		"slo-rules.yml": {
			"14.4 * (1 - 0.995)", "14.4 * (1 - 0.98)", ">= 31",
			"the objective of 99.5% allows.", "the objective of 98% allows.", "take longer than 5 s",
		},
		"alerts.yml": {
			"> 0.12", "(1 - 0.13)", "> 14\n", "the budget is 14.", "> 15\n", "the budget is 15.",
			`up{job="qa"} == 0`, `absent(dspy_predictions_total{job="qa"})`, `up{job="gateway"} == 0`,
			"> 0.07", "> 0.6", "> 0.15", "> 0.25", `le=~"2\\.5"`, "took longer than 2.5 s", ">= 32", "< 0.35", ">= 33",
		},
	} {
		for _, want := range wanted {
			if !strings.Contains(string(files[file]), want) {
				t.Errorf("%s has no %q:\n%s", file, want, files[file])
			}
		}
	}
}

// A model with a budget has both alerts of a service, which the tests of Prometheus
// have, over all services.
func TestModelBudgets(t *testing.T) {
	t.Parallel()
	objectives := slo.Default()
	objectives.DailyBudget = 0
	objectives.ModelBudgets = map[string]float64{`say "hi"`: 7, "gpt-4o": 12.5}
	files, err := rules.Files(views.Default(), objectives)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(files["alerts.yml"], &file); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			if !strings.HasPrefix(r.Alert, "DSPyOverBudget") {
				continue
			}
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr); err != nil {
				t.Errorf("%s: %v", r.Expr, err)
			}
			got = append(got, r.Alert+": "+r.Expr)
			if model := r.Labels["model"]; objectives.ModelBudgets[model] == 0 {
				t.Errorf("%s: got the label %q", r.Alert, model)
			}
			if want := "{{ $labels.model }}"; !strings.Contains(r.Annotations["description"], want) {
				t.Errorf("%s: got %q, want %s in it", r.Alert, r.Annotations["description"], want)
			}
		}
	}
	spent := func(model, window string) string {
		return "sum by (cluster, namespace, job, model) (sum_over_time(cluster_namespace_job_service_model:dspy_cost_usd:rate5m{model=" + model + "}[" + window + ":5m]))"
	}
	var want []string
	for _, budget := range [][2]string{{`"gpt-4o"`, "12.5"}, {`"say \"hi\""`, "7"}} {
		model, usd := budget[0], budget[1]
		day := spent(model, "1d") + " * 300 > " + usd
		want = append(want, "DSPyOverBudget: "+day, "DSPyOverBudgetSoon: "+
			spent(model, "6h")+" * 1200 > "+usd+"\nand\n"+spent(model, "30m")+" * 14400 > "+usd+"\nunless\n"+day)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each job is asked for by itself where it may be absent, and a name is no pattern.
func TestJobs(t *testing.T) {
	t.Parallel()
	for job, wanted := range map[string]struct {
		present, absent []string
		resource        string
	}{
		"qa":           {[]string{`up{job="qa"} == 0`}, []string{`absent(dspy_predictions_total{job="qa"})`}, "name: qa\n"},
		"shop/qa":      {[]string{`up{job="shop/qa"} == 0`}, []string{`absent(dspy_predictions_total{job="shop/qa"})`}, "name: shop-qa\n"},
		"qa|billing":   {[]string{`up{job=~"qa|billing"} == 0`}, []string{`absent(dspy_predictions_total{job="qa"})`, `absent(dspy_predictions_total{job="billing"})`}, "name: qa-billing\n"},
		`team-.*|desk`: {[]string{`up{job=~"team-.*|desk"} == 0`}, []string{`absent(dspy_predictions_total{job=~"team-.*"})`, `absent(dspy_predictions_total{job="desk"})`}, "name: team-desk\n"},
	} {
		objectives := slo.Default()
		objectives.Job = job
		files, err := rules.Files(views.Default(), objectives)
		if err != nil {
			t.Errorf("%s: %v", job, err)
			continue
		}
		resource, err := rules.PrometheusRule(views.Default(), objectives)
		if err != nil || !strings.Contains(string(resource), wanted.resource) {
			t.Errorf("%s: the resource has no %q: %v", job, wanted.resource, err)
		}
		for _, want := range append(wanted.present, wanted.absent...) {
			if alerts := string(files["alerts.yml"]); !strings.Contains(alerts, want) {
				t.Errorf("%s: alerts.yml has no %s:\n%s", job, want, alerts)
			}
		}
	}
	for _, job := range []string{"", "|", "qa|", "qa|(", "[z-a]"} {
		objectives := slo.Default()
		objectives.Job = job
		if _, err := rules.Files(views.Default(), objectives); err == nil {
			t.Errorf("%q: got no error", job)
		}
	}
}

// Own labels do not split what is recorded, and metrics of all sorts can pass
// the limit of series.
func TestOwnLabelsAndMetrics(t *testing.T) {
	t.Parallel()
	before, err := rules.Files(views.Default(), slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Budget: 4})
	contract.Metrics.Own = []views.Metric{
		{Name: "rag_documents_total", Kind: views.Counter},
		{Name: "rag_wait_seconds", Kind: views.Histogram},
	}
	after, err := rules.Files(contract, slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range before {
		want := strings.ReplaceAll(string(content), `"dspy_.+"`, `"dspy_.+|rag_documents_total|rag_wait_seconds(_bucket|_count|_sum)?"`)
		if got := string(after[file]); got != want {
			t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(want, got))
		}
	}
}

// A backend without native histograms knows none of their functions.
func TestFormsOfHistograms(t *testing.T) {
	t.Parallel()
	for _, forms := range []promql.Forms{promql.Classic, promql.Native} {
		objectives := slo.Default()
		objectives.Histograms = forms
		files, err := rules.Files(views.Default(), objectives)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			var file struct{ Groups []struct{ Rules []rule } }
			if err := yaml.Unmarshal(content, &file); err != nil {
				t.Fatal(err)
			}
			for _, group := range file.Groups {
				for _, r := range group.Rules {
					native := regexp.MustCompile(`histogram_(count|sum|fraction)\(`).MatchString(r.Expr)
					classic := regexp.MustCompile(`dspy_prediction_\w+_(bucket|count|sum)[{\[]`).MatchString(r.Expr)
					if forms == promql.Classic && native || forms == promql.Native && classic {
						t.Errorf("%s: %s%s asks for the other form:\n%s", name, r.Record, r.Alert, r.Expr)
					}
					if _, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr); err != nil {
						t.Errorf("%s: %s%s: %v", name, r.Record, r.Alert, err)
					}
				}
			}
		}
	}
}
