package dashboards

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Every expression parses, asks for metrics and labels that exist, takes rates
// of what grows and of nothing else, and shows labels in its legend that its
// result has. The overview shows every metric.
func TestQueries(t *testing.T) {
	t.Parallel()
	for name, contract := range map[string]views.Contract{"documented": views.Default(), "extended": extended()} {
		boards := files(t, contract)
		recorded, err := rules.Files(contract, slo.Default())
		if err != nil {
			t.Fatal(err)
		}
		problems, _ := queries.Check(contract, found(t, boards, recorded))
		for _, problem := range problems {
			t.Errorf("%s: %s", name, problem)
		}
		overview := map[string][]byte{"dspy-overview.json": boards["dspy-overview.json"]}
		if _, unused := queries.Check(contract, found(t, overview)); len(unused) > 0 {
			t.Errorf("%s: no panel of the overview shows %v", name, unused)
		}
		for file, content := range boards {
			b := decode(t, content)
			for _, p := range b.all() {
				for _, target := range p.Targets {
					if expr := b.filled(target.Expr); strings.Contains(expr, "$") {
						t.Errorf("%s: %s: %q: a variable is not one of the board: %s", name, file, p.Title, expr)
					}
				}
			}
		}
	}
}

// A board that is wrong is found to be.
func TestQueriesFindMistakes(t *testing.T) {
	t.Parallel()
	recorded, err := rules.Files(views.Default(), slo.Default())
	if err != nil {
		t.Fatal(err)
	}
	boards := files(t, views.Default())
	good := string(boards["dspy-slo.json"])
	for change, want := range map[[2]string]string{
		{`increase(dspy_predictions_total`, `increase((dspy_predictions_total`}:               `query-syntax`,
		{`increase(dspy_predictions_total`, `increase(dspy_predictions_totals`}:               `query-metric`,
		{`increase(dspy_predictions_total`, `increase(dspy_active_predictions`}:               `of the type updowncounter`,
		{`increase(dspy_predictions_total{`, `increase(dspy_predictions_total{model=\"a\", `}: `model="a"`,
		{`increase(dspy_predictions_total`, `abs(dspy_predictions_total`}:                     `expected type instant vector`,
		{`"legendFormat": "{{service}}`, `"legendFormat": "{{model}}`}:                        `has a legend that shows "model"`,
		{`:ratio_rate5m`, `:ratio_rate7m`}:                                                    `no rule in these files records the series`,
	} {
		bad := strings.ReplaceAll(good, change[0], change[1])
		if bad == good {
			t.Errorf("nothing to break: %s", change[0])
			continue
		}
		problems, _ := queries.Check(views.Default(), found(t, map[string][]byte{"dspy-slo.json": []byte(bad)}, recorded))
		if got := strings.Join(problems, "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", change[1], got, want)
		}
	}
}

// found are the queries of files, by their names.
func found(t *testing.T, sets ...map[string][]byte) uses.Found {
	t.Helper()
	folder := t.TempDir()
	for _, set := range sets {
		for name, content := range set {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, err := uses.Find([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Problems {
		t.Errorf("%s: %s", p.File, p.Text)
	}
	return found
}

// The other way round: what grows is never shown raw.
func TestCountersAreNotShownRaw(t *testing.T) {
	t.Parallel()
	grows := make(map[string]bool)
	for _, metric := range extended().Metrics.All() {
		grows[metric.Name] = metric.Kind == views.Counter || metric.Kind == views.Histogram
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			grows[metric.Name+suffix] = metric.Kind == views.Histogram
		}
	}
	for file, content := range documentedAndExtended(t) {
		b := decode(t, content)
		for _, p := range b.all() {
			for _, target := range p.Targets {
				parsed, err := parse(b.filled(target.Expr))
				if err != nil {
					t.Fatalf("%s: %q: %v", file, p.Title, err)
				}
				for _, s := range selectors(parsed) {
					if (grows[s.Name] || strings.HasSuffix(s.Name, "_total")) && s.function == "" {
						t.Errorf("%s: %q shows the raw counter %s: %s", file, p.Title, s.Name, target.Expr)
					}
				}
			}
		}
	}
}

// parse reads an expression as a Prometheus does that enables no experiments.
func parse(expr string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(expr)
}

// selector is one of an expression.
type selector struct {
	*parser.VectorSelector
	// function takes the range of the selector, if it has one.
	function string
	window   time.Duration
}

// chosen reports whether the label has to match a variable of its name.
func (s selector) chosen(label string) bool {
	return slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == label && m.Type == labels.MatchRegexp && m.Value == "$"+label
	})
}

func selectors(expr parser.Expr) (all []selector) {
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		vector, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		s := selector{VectorSelector: vector}
		// A range has a call around it: nothing else takes one.
		if n := len(path); n >= 2 {
			if matrix, ok := path[n-1].(*parser.MatrixSelector); ok {
				s.function, s.window = path[n-2].(*parser.Call).Func.Name, matrix.Range
			}
		}
		all = append(all, s)
		return nil
	})
	return all
}
