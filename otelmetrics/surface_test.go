package otelmetrics_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExportedNames holds how many functions, types and methods a package shows its users. A new name is a decision: it
// takes the place of another, or raises the number here with a reason in the changelog. Constants do not count, as they are
// values of a type that does.
func TestExportedNames(t *testing.T) {
	t.Parallel()
	for folder, most := range map[string]int{".": 87, "../views": 20} {
		if names := exported(t, folder); len(names) != most {
			t.Errorf("%s exports %d functions, types and methods, want %d:\n%s", folder, len(names), most, strings.Join(names, "\n"))
		}
	}
}

// exported returns the exported functions, types and methods of a folder.
func exported(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if of := receiver(declaration); ast.IsExported(declaration.Name.Name) && (of == "" || ast.IsExported(of)) {
					names = append(names, strings.TrimPrefix(of+"."+declaration.Name.Name, "."))
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					if named, ok := spec.(*ast.TypeSpec); ok && ast.IsExported(named.Name.Name) {
						names = append(names, named.Name.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// receiver returns the name of the type that a method is of, or nothing for a function.
func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	of := function.Recv.List[0].Type
	for {
		switch inner := of.(type) {
		case *ast.StarExpr:
			of = inner.X
		case *ast.IndexExpr:
			of = inner.X
		case *ast.Ident:
			return inner.Name
		default:
			return ""
		}
	}
}
