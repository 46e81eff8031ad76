package dashboards

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// extended has labels on all metrics and on one, and a metric of each kind.
func extended() views.Contract {
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant_name", Description: "Who asks"}.Only("acme", "initech"))
	contract.AddLabel(views.Label{Key: "tier", Description: "Which tier", Budget: 4}, &contract.Metrics.Cost)
	own := func(name string, kind views.Kind, unit string, labels ...string) {
		m := views.Metric{
			Name: name, Instrument: strings.Replace(name, "_", ".", 1), Kind: kind, Float: true, Unit: unit,
			Description: "Own " + name, Labels: labels,
		}
		if kind == views.Histogram {
			m.Buckets, m.Form = views.Buckets(views.Fast), views.Native
		}
		contract.Metrics.Own = append(contract.Metrics.Own, m)
	}
	own("rag_documents_total", views.Counter, "{document}", "service", "tenant_name", "tier")
	own("rag_read_bytes_total", views.Counter, "By")
	own("rag_size_bytes", views.Gauge, "By", "tier")
	own("rag_load", views.UpDownCounter, "{search}", "service")
	own("rag_retrieval_duration_seconds", views.Histogram, "s", "service", "tenant_name")
	own("rag_wait_seconds", views.Histogram, "s")
	return contract
}

// documentedAndExtended are the boards of both, by file name; those of the
// extended contract with a word after it.
func documentedAndExtended(t *testing.T) map[string][]byte {
	t.Helper()
	all := files(t, views.Default())
	if err := extended().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, content := range files(t, extended()) {
		all[name+" extended"] = content
	}
	return all
}

func TestOwnLabels(t *testing.T) {
	t.Parallel()
	for name, content := range files(t, extended()) {
		if name == "dspy-genai.json" {
			if strings.Contains(string(content), "tenant_name") {
				t.Errorf("%s: OpenTelemetry's metrics do not have labels of one's own", name)
			}
			continue
		}
		b := decode(t, content)
		variables := make(map[string]variableFile)
		for _, v := range b.Templating.List {
			variables[v.Name] = v
		}
		for label, query := range map[string]string{
			"tenant_name": `label_values(dspy_predictions_total{cluster=~"$cluster", namespace=~"$namespace", job=~"$job", service=~"$service", instance=~"$instance", prediction_type=~"$prediction_type"}, tenant_name)`,
			"tier":        `label_values(dspy_cost_usd_total{cluster=~"$cluster", namespace=~"$namespace", job=~"$job", service=~"$service", instance=~"$instance", prediction_type=~"$prediction_type", tenant_name=~"$tenant_name"}, tier)`,
		} {
			if v := variables[label]; v.Query != query || v.AllValue != ".*" || !v.Multi {
				t.Errorf("%s: variable %s: got %+v, want the query %s", name, label, v, query)
			}
		}
		if got := variables["tenant_name"].Label; got != "Tenant name" {
			t.Errorf("%s: got the title %q", name, got)
		}
		for _, p := range b.all() {
			for _, target := range p.Targets {
				if has, want := strings.Contains(target.Expr, `tenant_name=~"$tenant_name"`), strings.Contains(target.Expr, `service=~"$service"`); has != want && !strings.Contains(target.Expr, "rag_") && !strings.Contains(target.Expr, ":ratio_rate") {
					t.Errorf("%s: %q: selected by the label: %t, by service: %t: %s", name, p.Title, has, want, target.Expr)
				}
			}
		}
	}
}

func TestOwnPanels(t *testing.T) {
	t.Parallel()
	panels := make(map[string]panelFile)
	for _, p := range decode(t, files(t, extended())["dspy-overview.json"]).all() {
		panels[p.Title] = p
	}
	for title, want := range map[string][3]string{
		"Request rate by tenant_name":    {"reqps", "{{tenant_name}}", "sum by (tenant_name) (rate(dspy_predictions_total{"},
		"Error ratio by tenant_name":     {"percentunit", "{{tenant_name}}", "> 0)"},
		"P95 duration by tenant_name":    {"s", "{{tenant_name}}", "histogram_quantile(0.95, sum by (tenant_name) (rate("},
		"Tokens by tenant_name":          {"cps", "{{tenant_name}} {{token_type}}", "sum by (tenant_name, token_type)"},
		"Cost per hour by tier":          {"currencyUSD", "{{tier}}", "sum by (tier) (rate(dspy_cost_usd_total{"},
		"rag_documents_total":            {"cps", "{{service}} {{tenant_name}}", "sum by (service, tenant_name) (rate(rag_documents_total{"},
		"rag_read_bytes_total":           {"Bps", "__auto", "sum(rate(rag_read_bytes_total{"},
		"rag_size_bytes":                 {"bytes", "{{tier}} {{instance}}", "sum by (tier, instance) (rag_size_bytes{"},
		"rag_load":                       {"short", "{{service}}", "sum by (service) (rag_load{"},
		"rag_retrieval_duration_seconds": {"s", "P50 {{service}} {{tenant_name}}", "histogram_quantile(0.5, sum by (service, tenant_name) (rate(rag_retrieval_duration_seconds{"},
		"rag_wait_seconds":               {"s", "P50", "histogram_quantile(0.5, sum(rate(rag_wait_seconds{"},
	} {
		p, ok := panels[title]
		if !ok {
			t.Errorf("no panel %q", title)
			continue
		}
		if got := p.Targets[0]; p.FieldConfig.Defaults.Unit != want[0] || got.LegendFormat != want[1] || !strings.Contains(got.Expr, want[2]) {
			t.Errorf("%s: got unit %q, %+v; want %q", title, p.FieldConfig.Defaults.Unit, got, want)
		}
	}
	// The label is on one metric only.
	for title := range panels {
		if strings.HasSuffix(title, " by tier") && title != "Cost per hour by tier" {
			t.Errorf("a panel %q, but only the cost has the label", title)
		}
	}
}

// The panel divides by each budget, and is gone with the last of them.
func TestBudgetPanel(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		daily  float64
		models map[string]float64
		want   [][]string
	}{
		"of services": {50, nil, [][]string{{"sum by (service, model) (increase(dspy_cost_usd_total{", "[1d])) / 50", "{{service}} {{model}}"}}},
		"of models": {0, map[string]float64{"b": 2.5, "a": 7}, [][]string{
			{`model="a"}[1d])) / 7`, "{{model}} of its own"},
			{`model="b"}[1d])) / 2.5`, "{{model}} of its own"},
		}},
		"of both": {50, map[string]float64{"a": 7}, [][]string{{"/ 50"}, {`model="a"`, "/ 7"}}},
		"none":    {0, nil, nil},
	} {
		objectives := slo.Default()
		objectives.DailyBudget, objectives.ModelBudgets = test.daily, test.models
		made, err := Files(views.Default(), objectives)
		if err != nil {
			t.Fatal(err)
		}
		var targets []targetFile
		for _, p := range decode(t, made["dspy-overview.json"]).all() {
			if p.Title == "Daily budget by model" {
				targets = p.Targets
			}
		}
		if len(targets) != len(test.want) {
			t.Errorf("%s: got %+v, want %q", name, targets, test.want)
			continue
		}
		for i, target := range targets {
			for _, want := range test.want[i] {
				if got := target.Expr + " " + target.LegendFormat; !strings.Contains(got, want) {
					t.Errorf("%s: got %q, want %q in it", name, got, want)
				}
			}
		}
	}
}

// What is left out takes its panels out of the rows of own labels too.
func TestOwnLabelsWithoutAMetric(t *testing.T) {
	t.Parallel()
	contract := extended()
	contract.Metrics.Cost = views.Metric{}
	for name, content := range files(t, contract) {
		if text := string(content); strings.Contains(text, "dspy_cost_usd_total") || strings.Contains(text, `"title": "By tier"`) {
			t.Errorf("%s still has the cost", name)
		}
	}
}

func TestOwnLabelNamedLikeAVariable(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"datasource", "slo_target", "slo_latency_target"} {
		contract := views.Default()
		contract.AddLabel(views.Label{Key: key, Description: "Clash", Budget: 1})
		if _, err := Files(contract, slo.Default()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("label %q", key)) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}
