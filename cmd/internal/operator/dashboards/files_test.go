package dashboards

import (
	"bytes"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/views"
)

const (
	// root is where the files of Grafana are.
	root = "../../../../grafana"
	// shipped are the dashboards.
	shipped = root + "/dashboards"
)

// files builds the dashboards of the contract.
func files(t *testing.T, contract views.Contract) map[string][]byte {
	t.Helper()
	out, err := Files(contract, slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The dashboards that are shipped are those of the contract.
func TestFiles(t *testing.T) {
	t.Parallel()
	want := files(t, views.Default())
	for name, content := range want {
		golden.Check(t, filepath.Join(shipped, name), string(content))
	}
	paths, err := filepath.Glob(filepath.Join(shipped, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, ok := want[filepath.Base(path)]; !ok {
			t.Errorf("%s is no dashboard of the contract: remove it", path)
		}
	}
}

func TestFilesAreDeterministic(t *testing.T) {
	t.Parallel()
	first, second := files(t, views.Default()), files(t, views.Default())
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

// Grafana's own types of the model take every field that we write.
func TestFilesDecodeStrictly(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	for name, content := range documentedAndExtended(t) {
		if problems := strictly(content); problems != "" {
			t.Errorf("%s: %s", name, problems)
		}
		// It does not look at the fields' defaults; TestBoards does.
		for _, field := range []string{"gridPos", "showLegend", "legendFormat", "allValue", "titleFormat"} {
			misspelled := bytes.Replace(content, []byte(`"`+field+`"`), []byte(`"Misspelled"`), 1)
			if problems := strictly(misspelled); !strings.Contains(problems, "Misspelled") {
				t.Errorf("%s: %s may be misspelled, so decoding proves nothing", name, field)
			}
		}
	}
}

// strictly returns what the SDK finds wrong. It cannot be asked for a nil
// error: nothing wrong is a nil slice in the interface.
func strictly(content []byte) string {
	var decoded dashboard.Dashboard //nolint:staticcheck // the classic model is the one that is shipped.
	if err := decoded.UnmarshalJSONStrict(content); err != nil {
		return err.Error()
	}
	return ""
}

// A metric that the contract lacks takes its panels with it, and no others.
func TestFilesWithoutAMetric(t *testing.T) {
	t.Parallel()
	all := views.Default().Metrics.All()
	for i, left := range lacking(t, views.Default()) {
		t.Run(all[i].Name, func(t *testing.T) {
			t.Parallel()
			whole, rest := files(t, views.Default()), files(t, left)
			mentioned := regexp.MustCompile(`\b` + all[i].Name + `(_bucket|_count|_sum)?\b`)
			for name, content := range rest {
				if mentioned.Match(content) {
					t.Errorf("%s mentions %s, which the contract does not have", name, all[i].Name)
				}
				before, after := panelsOf(t, whole[name]), panelsOf(t, content)
				for title, panel := range before {
					// That one asks for all metrics at once, and others only which jobs have one.
					mentions := (mentioned.Match(panel) || strings.Contains(string(panel), ":"+strings.TrimSuffix(all[i].Name, "_total")+"_")) && title != "Overflow series" && !strings.Contains(string(panel), "and on (job)")
					if _, kept := after[title]; kept == mentions {
						t.Errorf("%s: panel %q: kept %t, although it mentions the metric: %t", name, title, kept, mentions)
					}
				}
			}
		})
	}
}

// Names and label keys come from the contract and from nowhere else.
func TestFilesFollowTheNames(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Labels.Service.Key = "app"
	for i, metric := range contract.Metrics.All() {
		metric.Name = strings.Replace(metric.Name, "dspy_", "renamed_", 1)
		for j, key := range metric.Labels {
			if key == "service" {
				metric.Labels[j] = "app"
			}
		}
		reflect.ValueOf(&contract.Metrics).Elem().Field(i).Set(reflect.ValueOf(metric))
	}
	for name, content := range files(t, contract) {
		for _, old := range []string{"dspy_", "service=~", "by (service", "$service"} {
			if strings.Contains(string(content), old) {
				t.Errorf("%s still has %q", name, old)
			}
		}
	}
}

func TestFilesFollowTheBuckets(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.PredictionDuration.Buckets = views.Buckets(views.Slow)
	objectives := slo.Default()
	objectives.LatencyBound = 2.5
	out, err := Files(contract, objectives)
	if err != nil {
		t.Fatal(err)
	}
	board := string(out["dspy-overview.json"])
	for _, want := range []string{`le=~\"15|15\\\\.0\"`, `"value": 2.5`} {
		if !strings.Contains(board, want) {
			t.Errorf("the top bucket 15 and the bound 2.5: %s is missing", want)
		}
	}
}

func TestObjectivesThatCannotBeMet(t *testing.T) {
	t.Parallel()
	objectives := slo.Default()
	objectives.LatencyBound = 3
	if _, err := Files(views.Default(), objectives); err == nil || !strings.Contains(err.Error(), "latency bound 3") {
		t.Errorf("got %v, want an error that names the latency bound 3", err)
	}
}
