// Package dspymetrics_test keeps README.md and docs true to the contract and to
// the examples. The root of the module has no code of its own.
package dspymetrics_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
	"github.com/dspy-metrics/dspy-metrics/internal/markdown"
	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^TestGenerated$ -update

// TestGenerated fails if a generated part of a document is not what it would be
// today.
func TestGenerated(t *testing.T) {
	parts := map[string]func(string) string{
		"names":   func(string) string { return names(views.Default()) },
		"buckets": func(string) string { return presets() },
		"example": func(source string) string { return "```go\n" + example(t, source) + "\n```\n" },
	}
	for document, generated := range map[string][]string{
		"README.md":                  {"example"},
		"docs/getting-started-go.md": {"example"},
		"docs/guide.md":              {"names", "buckets", "example"},
		"docs/native-histograms.md":  {"example"},
		"docs/integrations.md":       {"example"},
	} {
		want := read(t, document)
		for _, part := range generated {
			if !markers(part).MatchString(want) {
				t.Fatalf("%s has no %s markers", document, part)
			}
			want = replace(want, part, parts[part])
		}
		golden.Check(t, document, want)
	}
}

// TestGo fails for Go that no compiler sees.
func TestGo(t *testing.T) {
	for _, document := range documents(t) {
		if prose := replace(read(t, document), "example", func(string) string { return "" }); strings.Contains(prose, "```go\n") {
			t.Errorf("%s: a block of Go stands outside of the example markers", document)
		}
	}
}

// TestLinks fails for links to files and headings that are not there.
func TestLinks(t *testing.T) {
	for _, document := range documents(t) {
		prose := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(read(t, document), "")
		for _, link := range regexp.MustCompile(`\]\(([^)#]*)#?([^)]*)\)`).FindAllStringSubmatch(prose, -1) {
			file, heading := filepath.Join(filepath.Dir(document), link[1]), link[2]
			if link[1] == "" {
				file = document
			}
			if strings.Contains(link[1], "://") {
				continue
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Errorf("%s: broken link: %v", document, err)
				continue
			}
			if info.IsDir() {
				file = filepath.Join(file, "README.md")
			}
			if heading != "" && !slices.Contains(anchors(read(t, file)), heading) {
				t.Errorf("%s: broken link: %s has no heading #%s", document, file, heading)
			}
		}
	}
}

// documents are the README and all pages below docs.
func documents(t *testing.T) []string {
	t.Helper()
	all := []string{"README.md"}
	if err := filepath.WalkDir("docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			all = append(all, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// anchors are what GitHub makes of the headings of a page.
func anchors(text string) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

// replace puts new text between each pair of markers of this name; by gets what
// the first marker says after its name.
func replace(text, name string, by func(argument string) string) string {
	return markers(name).ReplaceAllStringFunc(text, func(found string) string {
		part := markers(name).FindStringSubmatch(found)
		return part[1] + by(part[2]) + part[3]
	})
}

func markers(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)(<!-- ` + name + `:begin ?([^\n]*?) ?-->\n).*?(<!-- ` + name + `:end -->)`)
}

// names renders what stands between the names markers.
func names(c views.Contract) string {
	rows := [][]string{{"instrument", "stored as", "unit"}}
	for _, m := range c.Metrics.All() {
		rows = append(rows, []string{markdown.Code(m.Instrument), markdown.Code(m.Name), markdown.Code(m.Unit)})
	}
	return "\n" + markdown.Table(rows) + "\n"
}

// presets renders what stands between the buckets markers.
func presets() string {
	rows := [][]string{{"preset", "for", "upper bounds in seconds"}}
	for _, preset := range []struct {
		name, use string
		bounds    []float64
	}{
		{"Default", "predictions and time to first token, by default", views.Default().Metrics.PredictionDuration.Buckets},
		{"Buckets(views.Fast)", "less than 1 s; the API latency, by default", views.Buckets(views.Fast)},
		{"Buckets(views.Slow)", "1 to 10 s", views.Buckets(views.Slow)},
		{"Buckets(views.VerySlow)", "more than 10 s: agents, long answers", views.Buckets(views.VerySlow)},
	} {
		rows = append(rows, []string{markdown.Code("views." + preset.name), preset.use, markdown.Numbers(preset.bounds)})
	}
	return "\n" + markdown.Table(rows) + "\n"
}

// example returns the regions of a directory's Go files that are marked with a
// name; source is "directory name".
func example(t *testing.T, source string) string {
	t.Helper()
	directory, name, _ := strings.Cut(source, " ")
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	region := regexp.MustCompile(`(?s)// \[\w+:begin ` + regexp.QuoteMeta(name) + `\]\n(.*?)[\t ]*// \[\w+:end ` + regexp.QuoteMeta(name) + `\]`)
	var found []string
	for _, file := range files {
		for _, part := range region.FindAllStringSubmatch(read(t, file), -1) {
			found = append(found, dedent(part[1]))
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no region %q", directory, name)
	}
	return strings.Join(found, "\n\n")
}

// dedent removes the indentation of the first line from all lines.
func dedent(text string) string {
	text = strings.Trim(text, "\n")
	indent := text[:len(text)-len(strings.TrimLeft(text, "\t"))]
	return strings.ReplaceAll(strings.TrimPrefix(text, indent), "\n"+indent, "\n")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
