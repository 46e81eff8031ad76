package live

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// What the page draws of the documented contract.
//
//go:generate go test . -run ^TestConfiguration$ -update
func TestConfiguration(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(configure("qa", views.Default()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/config.json", string(got)+"\n")
}

// Each name that the page asks for is one of the contract, each label is one of its metric,
// and what a contract leaves out, renames or adds is left out, renamed or added here.
func TestNamesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	own := views.Default()
	own.Metrics.Cost = views.Metric{}
	own.Metrics.CacheEvictions = views.Metric{}
	own.AddLabel(views.Label{Key: "tenant", Description: "Who asks"}.Only("acme"))
	empty := views.Contract{Labels: views.Default().Labels}
	for name, contract := range map[string]views.Contract{"documented": views.Default(), "own": own, "empty": empty} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := configure("qa", contract)
			sources := []source{c.Errors}
			for _, panel := range c.Panels {
				sources = append(sources, panel.Sources...)
			}
			for _, tile := range c.Tiles {
				sources = append(append(sources, tile.Of...), tile.Over...)
			}
			for _, source := range sources {
				metric := contract.Metrics.Named(source.Metric)
				if source.Metric == "" && name == "empty" {
					continue
				}
				if metric == nil {
					t.Errorf("got metric %q, which the contract does not have", source.Metric)
					continue
				}
				for label := range source.Match {
					if !slices.Contains(metric.Labels, label) {
						t.Errorf("%s has no label %q", source.Metric, label)
					}
				}
				if source.By != "" && !slices.Contains(metric.Labels, source.By) {
					t.Errorf("%s has no label %q", source.Metric, source.By)
				}
			}
			var labels []string
			for _, filter := range c.Filters {
				labels = append(labels, filter.Label)
			}
			if want := name == "own"; slices.Contains(labels, "tenant") != want {
				t.Errorf("got filters %q, want tenant: %t", labels, want)
			}
			drawsCost := slices.ContainsFunc(c.Panels, func(p panel) bool { return p.ID == "cost" })
			if want := name == "documented"; drawsCost != want {
				t.Errorf("got cost drawn: %t, want %t", drawsCost, want)
			}
		})
	}
}

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	page, err := New("qa", views.Default())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	page.Handle(mux, func(next http.Handler) http.Handler { return next })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// Every file that the page and its modules refer to is served, with its type and the policy,
// and no script or style is in the page itself, which the policy would not run.
func TestFiles(t *testing.T) {
	t.Parallel()
	server := serve(t)
	references := regexp.MustCompile(`(?:src|href)="(live/[^"]+)"|from "\./([^"]+)"|fetch\("(live/[^"]+)"\)`)
	types := map[string]string{
		"/live": "text/html", ".mjs": "text/javascript", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".txt": "text/plain",
	}
	queue, seen := []string{Path}, map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		response, err := server.Client().Get(server.URL + at) //nolint:noctx // A test's.
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(response.Body)
		response.Body.Close()
		extension := at[strings.LastIndexAny(at, "./"):]
		if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), types[extension]) {
			t.Errorf("%s: got status %d, type %q, %v", at, response.StatusCode, response.Header.Get("Content-Type"), err)
		}
		if response.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: got policy %q", at, response.Header.Get("Content-Security-Policy"))
		}
		for _, match := range references.FindAllStringSubmatch(body.String(), -1) {
			switch {
			case match[2] != "":
				queue = append(queue, Path+"/"+match[2])
			default:
				queue = append(queue, "/"+match[1]+match[3])
			}
		}
		if at == Path && regexp.MustCompile(`<script>|<style|\son[a-z]+=|\sstyle=`).MatchString(body.String()) {
			t.Errorf("the page has a script or a style of its own:\n%s", &body)
		}
	}
	if len(seen) < 10 {
		t.Errorf("got %d files: %v", len(seen), seen)
	}
}

// The library is the version that package.json names; e2e compares it with npm's.
func TestLibraryVersion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("uplot/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var wanted struct{ Dependencies struct{ Uplot string } }
	if err := json.Unmarshal(text, &wanted); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("uplot/uPlot.iife.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if version := "(v" + wanted.Dependencies.Uplot + ")"; !strings.Contains(strings.SplitN(string(script), "\n", 2)[0], version) {
		t.Errorf("uPlot.iife.min.js is not %s: run make uplot", version)
	}
	if license, err := os.ReadFile("uplot/LICENSE"); err != nil || !strings.Contains(string(license), "MIT License") {
		t.Errorf("the license of uPlot is not beside it: %v", err)
	}
}
