package rules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// A page that asks for a metric that does not exist is no help at night.
func TestDocsNameWhatExists(t *testing.T) {
	t.Parallel()
	var found uses.Found
	for _, r := range committed(t) {
		if r.Record != "" {
			found.Queries = append(found.Queries, uses.Query{File: "rules", Name: r.Record, Record: r.Record, Expr: r.Expr})
		}
	}
	// A name with an extension is a file's, and dspy_metrics is the package of Python.
	series := regexp.MustCompile(`\b((?:[a-z_]+:)?dspy_\w*[a-z0-9]\b(?::\w+)?)(\.(?:go|py)\b)?`)
	block := regexp.MustCompile("(?ms)^```promql(.*?)\n(.*?)^```$")
	asked := 0
	for path, text := range pages(t) {
		for _, match := range series.FindAllStringSubmatch(text, -1) {
			if name, extension := match[1], match[2]; extension == "" && name != "dspy_metrics" {
				found.Queries = append(found.Queries, uses.Query{File: path, Expr: name})
			}
		}
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			asked++
			found.Queries = append(found.Queries, uses.Query{File: path, Name: match[2], Expr: match[2]})
			// The mark is for the end-to-end test, which runs them all.
			if mark := match[1]; mark != "" && mark != " empty-ok" {
				t.Errorf("%s: a query is marked%s", path, mark)
			}
		}
	}
	problems, _ := queries.Check(views.Default(), found)
	for _, problem := range problems {
		t.Error(problem)
	}
	if asked == 0 {
		t.Error("there are no queries")
	}
}

// pages returns the documentation by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths := []string{filepath.Join(root, "README.md")}
	if err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}
