package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestDocumentedFindings wants every rule in the table of docs/check.md, and no
// other.
func TestDocumentedFindings(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, begun := strings.Cut(string(raw), "<!-- findings:begin -->")
	table, _, ended := strings.Cut(table, "<!-- findings:end -->")
	if !begun || !ended {
		t.Fatal("docs/check.md has no table of findings")
	}
	documented := make(map[string]bool)
	for line := range strings.Lines(table) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			documented[name] = true
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Rule" {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value) //nolint:forcetypeassert // The constants are literals.
		if err != nil || !documented[name] {
			t.Errorf("the finding %q is not in docs/check.md: %v", name, err)
		}
		delete(documented, name)
		return true
	})
	if len(documented) > 0 {
		t.Errorf("docs/check.md has findings that are none: %v", documented)
	}
}
