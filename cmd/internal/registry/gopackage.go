package registry

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// goPackage reads the conventions from a Go package such as
// go.opentelemetry.io/otel/semconv/v1.43.0/httpconv, or from all packages below
// a folder: a metric is a struct around an instrument, whose methods return its
// name, unit and description, and whose attributes are what it records.
func goPackage(folder string) (contract.Contract, error) {
	g := &goConventions{types: make(map[string]*goMetric), values: make(map[string][]string)}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if g.bytes += info.Size(); g.bytes > maxBytes {
			return fmt.Errorf("%s: the Go files are larger than %d bytes", folder, maxBytes)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("this is not Go: %w", err)
		}
		g.prefix = parsed.Name.Name + "."
		g.file(parsed)
		return nil
	})
	if err != nil {
		return contract.Contract{}, err
	}
	var c contract.Contract
	seen := make(map[string]bool)
	for _, name := range slices.SortedFunc(keys(g.types), cmp.Compare[string]) {
		// The observable twin of an instrument has the same name.
		if m, ok := g.types[name].contract(g.values); ok && !seen[m.Stream] {
			seen[m.Stream] = true
			c.Metrics = append(c.Metrics, m)
		}
	}
	if len(c.Metrics) == 0 {
		return c, fmt.Errorf("%s: no metric is defined in this Go package: want one such as go.opentelemetry.io/otel/semconv/v1.43.0/httpconv", folder)
	}
	return c, nil
}

func keys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// goConventions are those of the packages that were read.
type goConventions struct {
	prefix string // of the package, as two may have a type of one name
	types  map[string]*goMetric
	values map[string][]string // by the type of the attribute
	bytes  int64
}

// goMetric is a struct around an instrument.
type goMetric struct {
	instrument              string
	name, unit, description string
	labels                  []goLabel
}

type goLabel struct {
	name, kind, valueType string
	required              bool
}

func (g *goConventions) file(f *ast.File) {
	for _, declared := range f.Decls {
		switch d := declared.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				g.spec(spec)
			}
		case *ast.FuncDecl:
			if d.Recv != nil && len(d.Recv.List) == 1 && d.Body != nil {
				g.method(d)
			}
		}
	}
}

// spec reads the struct of a metric, and the known values of an attribute.
func (g *goConventions) spec(spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		structure, ok := s.Type.(*ast.StructType)
		if !ok || len(structure.Fields.List) != 1 || len(structure.Fields.List[0].Names) > 0 {
			return
		}
		if selector, ok := structure.Fields.List[0].Type.(*ast.SelectorExpr); ok {
			g.metric(s.Name.Name).instrument = selector.Sel.Name
		}
	case *ast.ValueSpec:
		kind, ok := s.Type.(*ast.Ident)
		if ok && len(s.Values) == 1 && strings.HasSuffix(kind.Name, "Attr") {
			if value, ok := literal(s.Values[0]); ok {
				g.values[g.prefix+kind.Name] = append(g.values[g.prefix+kind.Name], value)
			}
		}
	}
}

func (g *goConventions) metric(name string) *goMetric {
	if g.types[g.prefix+name] == nil {
		g.types[g.prefix+name] = &goMetric{}
	}
	return g.types[g.prefix+name]
}

// method reads what a method of the struct returns or records.
func (g *goConventions) method(d *ast.FuncDecl) {
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	ident, ok := receiver.(*ast.Ident)
	if !ok {
		return
	}
	m := g.metric(ident.Name)
	switch name := d.Name.Name; {
	case name == "Name":
		m.name = returned(d)
	case name == "Unit":
		m.unit = returned(d)
	case name == "Description":
		m.description = returned(d)
	case strings.HasPrefix(name, "Attr"):
		required := d.Doc != nil && strings.Contains(strings.Join(strings.Fields(d.Doc.Text()), " "), "returns a required attribute")
		g.attributes(m, d, required)
	case name == "Add" || name == "Record":
		// What is a parameter of its own must be given.
		g.attributes(m, d, true)
	}
}

// attributes reads the calls of the attribute package.
func (g *goConventions) attributes(m *goMetric, d *ast.FuncDecl, required bool) {
	types := make(map[string]string)
	for _, field := range d.Type.Params.List {
		if kind, ok := field.Type.(*ast.Ident); ok {
			for _, name := range field.Names {
				types[name.Name] = kind.Name
			}
		}
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selector.X.(*ast.Ident); !ok || from.Name != "attribute" {
			return true
		}
		name, ok := literal(call.Args[0])
		if !ok {
			return true
		}
		kind := map[string]string{"String": "string", "Int": "int", "Int64": "int", "Float64": "double", "Bool": "boolean"}[selector.Sel.Name]
		label := goLabel{name: name, kind: kind, required: required}
		ast.Inspect(call.Args[1], func(n ast.Node) bool {
			if value, ok := n.(*ast.Ident); ok && types[value.Name] != "" {
				label.valueType = g.prefix + types[value.Name]
			}
			return true
		})
		if i := slices.IndexFunc(m.labels, func(l goLabel) bool { return l.name == name }); i >= 0 {
			m.labels[i].required = m.labels[i].required || required
			return true
		}
		m.labels = append(m.labels, label)
		return true
	})
}

// returned is the text that a method returns.
func returned(d *ast.FuncDecl) string {
	for _, statement := range d.Body.List {
		if r, ok := statement.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			text, _ := literal(r.Results[0])
			return text
		}
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	basic, ok := e.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	if basic.Kind != token.STRING {
		return basic.Value, true
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

func (m *goMetric) contract(values map[string][]string) (contract.Metric, bool) {
	kind := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(m.instrument, "Int64"), "Float64"), "Observable")
	metric := contract.Metric{
		Stream: m.name, Kind: contract.Kind(strings.ToLower(kind)), Unit: m.unit, Help: contract.Sentence(m.description),
		Whole: strings.HasPrefix(m.instrument, "Int64") && kind != "Histogram",
		Terms: contract.Terms{Level: contract.Optional}, // The package cannot say it.
	}
	known := []contract.Kind{contract.Counter, contract.UpDownCounter, contract.Gauge, contract.Histogram}
	if m.name == "" || !slices.Contains(known, metric.Kind) {
		return metric, false
	}
	for _, l := range m.labels {
		label := contract.Label{ID: l.name, Type: l.kind, Terms: contract.Terms{Level: contract.Optional}}
		if l.required {
			label.Level = contract.Required
		}
		for _, value := range values[l.valueType] {
			label.Values = append(label.Values, contract.Value{Text: value})
			label.Enumerated = true
		}
		metric.Labels = append(metric.Labels, label)
	}
	return metric, true
}
