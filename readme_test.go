// Package dspymetrics_test keeps README.md true to the contract and to the
// examples. The root of the module has no code of its own.
package dspymetrics_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/views"
)

//go:generate go test . -run ^TestREADME$ -update

var update = flag.Bool("update", false, "write README.md anew instead of comparing")

const readme = "README.md"

// TestREADME fails if a generated part of the README is not what it would be
// today.
func TestREADME(t *testing.T) {
	text := read(t, readme)
	want := replace(t, text, "contract", func(string) string { return contract(views.Default()) })
	want = replace(t, want, "example", func(source string) string { return "```go\n" + example(t, source) + "\n```\n" })
	if want == text {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date; run go generate .", readme)
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestREADMEGo fails for Go that no compiler sees.
func TestREADMEGo(t *testing.T) {
	if prose := replace(t, read(t, readme), "example", func(string) string { return "" }); strings.Contains(prose, "```go\n") {
		t.Error("a block of Go stands outside of the example markers")
	}
}

// TestREADMELinks fails for links to files that are not there.
func TestREADMELinks(t *testing.T) {
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(read(t, readme), -1) {
		if strings.Contains(link[1], "://") {
			continue
		}
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("broken link: %v", err)
		}
	}
}

// replace puts new text between each pair of markers of this name; by gets what
// the first marker says after its name.
func replace(t *testing.T, text, name string, by func(argument string) string) string {
	t.Helper()
	block := regexp.MustCompile(`(?s)(<!-- ` + name + `:begin ?([^\n]*?) ?-->\n).*?(<!-- ` + name + `:end -->)`)
	if !block.MatchString(text) {
		t.Fatalf("%s has no %s markers", readme, name)
	}
	return block.ReplaceAllStringFunc(text, func(found string) string {
		part := block.FindStringSubmatch(found)
		return part[1] + by(part[2]) + part[3]
	})
}

// contract renders what stands between the contract markers.
func contract(c views.Contract) string {
	metrics, buckets := [][]string{{"metric", "kind", "unit", "labels", "meaning"}}, [][]string{{"histogram", "default buckets"}}
	for _, m := range c.Metrics.All() {
		metrics = append(metrics, []string{code(m.Name), m.Kind.String(), code(m.Unit), list(m.Labels), m.Description})
		if m.Kind == views.Histogram {
			bounds := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(m.Buckets)), ", "), "[]")
			buckets = append(buckets, []string{code(m.Name), bounds})
		}
	}
	labels := [][]string{{"label", "well-known values", "others", "budget", "meaning"}}
	for _, l := range c.Labels.All() {
		others := "yes"
		if l.Closed {
			others = "no"
		}
		labels = append(labels, []string{code(l.Key), list(l.Values), others, strconv.Itoa(l.Budget), l.Description})
	}
	return strings.Join([]string{"", table(metrics), table(buckets), table(labels), ""}, "\n")
}

// table renders rows, the first of which is the head.
func table(rows [][]string) string {
	rows = slices.Insert(rows, 1, slices.Repeat([]string{"---"}, len(rows[0])))
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

func code(text string) string { return "`" + text + "`" }

func list(values []string) string {
	if len(values) == 0 {
		return "–"
	}
	coded := make([]string, len(values))
	for i, value := range values {
		coded[i] = code(value)
	}
	return strings.Join(coded, ", ")
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
	region := regexp.MustCompile(`(?s)// \[readme:begin ` + regexp.QuoteMeta(name) + `\]\n(.*?)[\t ]*// \[readme:end ` + regexp.QuoteMeta(name) + `\]`)
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
