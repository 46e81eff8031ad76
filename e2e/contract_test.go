package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A service with a contract of its own, and the dashboards and rules that are
// made from the same file: Prometheus takes the rules, every panel's query runs,
// and the panels about the own label show its values.
func TestExtendedContract(t *testing.T) {
	t.Parallel()
	const contract = "../examples/contract/rag.yaml"
	dir := t.TempDir()
	generate := exec.CommandContext(t.Context(), binary, "contract", "--with", contract, "--latency-bound=2.5", "--dashboards", dir, "--rules", dir)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rules, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil || len(rules) == 0 {
		t.Fatalf("got rules %q, %v", rules, err)
	}
	check := exec.CommandContext(t.Context(), locate(t, "promtool"), append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, rules...)...)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}

	s := serve(t, "--contract", contract, "--label", "tenant=field:tenant")
	p := scrape(t, s.address)
	ask := func() {
		if _, _, _, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", []byte(`{"tenant":"acme","inputs":{"question":"Which labels?"}}`)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, p.process, func() error {
		ask()
		got, err := p.query(t, `sum by (tenant) (rate(dspy_predictions_total{tenant="acme"}[5s])) > 0`)
		if err == nil && len(got) == 0 {
			err = errors.New("no predictions of the tenant yet")
		}
		return err
	})
	shippedBoards, err := filepath.Glob("../grafana/dashboards/*.json")
	if err != nil || len(shippedBoards) == 0 {
		t.Fatalf("got shipped boards %q, %v", shippedBoards, err)
	}
	boards, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(boards) != len(shippedBoards) {
		t.Fatalf("got boards %q, %v; want as many as are shipped, %d", boards, err, len(shippedBoards))
	}
	for _, board := range boards {
		content, err := os.ReadFile(board)
		if err != nil {
			t.Fatal(err)
		}
		for title, exprs := range queries(t, content) {
			for _, expr := range exprs {
				got, err := p.query(t, expr)
				if err != nil {
					t.Errorf("%s: %q: %v", filepath.Base(board), title, err)
				}
				if title == "Request rate by tenant" && !strings.Contains(got.String(), `tenant="acme"`) {
					t.Errorf("%s: %q: got %v, want the tenant: %s", filepath.Base(board), title, got, expr)
				}
			}
		}
	}
}

// queries returns the expressions of a board's panels by title, with every
// variable at its default.
func queries(t *testing.T, content []byte) map[string][]string {
	t.Helper()
	type panel struct {
		Title   string
		Targets []struct{ Expr string }
	}
	var board struct {
		Panels []struct {
			panel
			Panels []panel
		}
		Templating struct {
			List []struct{ Name, Type, Query, AllValue string }
		}
	}
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"__rate_interval": "10s", "__range": "1m"}
	for _, v := range board.Templating.List {
		values[v.Name] = v.AllValue
		if v.Type == "constant" {
			values[v.Name] = v.Query
		}
	}
	out := make(map[string][]string)
	add := func(p panel) {
		for _, target := range p.Targets {
			out[p.Title] = append(out[p.Title], regexp.MustCompile(`\$(\w+)`).ReplaceAllStringFunc(target.Expr, func(name string) string {
				return values[name[1:]]
			}))
		}
	}
	for _, p := range board.Panels {
		add(p.panel)
		for _, inner := range p.Panels {
			add(inner)
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d panels have queries", len(out))
	}
	return out
}
