package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ofDashboards returns the queries of all panels and annotations, as Grafana
// sends them when nothing is chosen; where one service has to be, it is this one.
func ofDashboards(t *testing.T, service string) []expression {
	t.Helper()
	var out []expression
	for _, path := range glob(t, "../grafana/dashboards/*.json") {
		b := readBoard(t, path)
		for _, a := range b.Annotations.List {
			out = append(out, expression{where: filepath.Base(path) + ": " + a.Name, query: b.filled(a.Expr, service)})
		}
		for _, p := range b.all() {
			for _, target := range p.Targets {
				out = append(out, expression{
					where: fmt.Sprintf("%s: %s, %s", filepath.Base(path), p.Title, target.RefID), query: b.filled(target.Expr, service),
				})
			}
		}
	}
	return out
}

// board is what the tests read of a dashboard.
type board struct {
	Time        struct{ From string }
	Panels      []panel
	Annotations struct{ List []struct{ Name, Expr string } }
	Templating  struct{ List []variable }
}

type panel struct {
	Title, Type string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		RefID, Expr string
		Instant     bool
	}
	FieldConfig struct {
		Defaults struct{ Thresholds struct{ Steps []any } }
	}
	Panels []panel // of a collapsed row
}

type variable struct {
	Type, Name, AllValue, Query string
	IncludeAll                  bool
}

func readBoard(t *testing.T, path string) board {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b board
	if err := json.Unmarshal(content, &b); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b
}

// all are the panels, those of collapsed rows too.
func (b board) all() []panel {
	out := b.Panels
	for _, p := range b.Panels {
		out = append(out, p.Panels...)
	}
	return out
}

// filled puts in what Grafana does for its variables. With the interval of the
// provisioned data source, 15 s, the rate interval is a minute or more.
func (b board) filled(expr, service string) string {
	values := map[string]string{"__rate_interval": "1m", "__range": strings.TrimPrefix(b.Time.From, "now-")}
	for _, v := range b.Templating.List {
		switch {
		case v.IncludeAll:
			values[v.Name] = v.AllValue
		case v.Type == "constant":
			values[v.Name] = v.Query
		case v.Name == "service":
			values[v.Name] = service
		}
	}
	return regexp.MustCompile(`\$(\w+)`).ReplaceAllStringFunc(expr, func(name string) string {
		if value, ok := values[name[1:]]; ok {
			return value
		}
		return name // which does not parse
	})
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: got %q, %v", pattern, paths, err)
	}
	return paths
}
