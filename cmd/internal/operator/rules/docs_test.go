package rules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/queries"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// A page that asks for a metric that does not exist is no help at night.
func TestDocsNameWhatExists(t *testing.T) {
	t.Parallel()
	var recorded []string
	for _, r := range committed(t) {
		recorded = append(recorded, r.Record)
	}
	catalog := queries.NewCatalog(views.Default(), recorded...)
	// A name with an extension is a file's, and dspy_metrics is the package of Python.
	series := regexp.MustCompile(`\b((?:[a-z_]+:)?dspy_\w*[a-z0-9]\b(?::\w+)?)(\.(?:go|py)\b)?`)
	block := regexp.MustCompile("(?ms)^```promql(.*?)\n(.*?)^```$")
	asked := 0
	for path, text := range pages(t) {
		for _, found := range series.FindAllStringSubmatch(text, -1) {
			name, extension := found[1], found[2]
			if _, _, ok := catalog.Find(name); !ok && extension == "" && name != "dspy_metrics" {
				t.Errorf("%s: %s is neither in the contract nor recorded", path, name)
			}
		}
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			asked++
			for _, problem := range catalog.Check(found[2]).Problems {
				t.Errorf("%s: %s\n%s", path, problem, found[2])
			}
			// The mark is for the end-to-end test, which runs them all.
			if mark := found[1]; mark != "" && mark != " empty-ok" {
				t.Errorf("%s: a query is marked%s", path, mark)
			}
		}
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
