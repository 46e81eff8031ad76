package dashboards

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// The tests read the files as Grafana and the linter do, with types of their
// own, so that a mistake of the types that wrote them shows.

type boardFile struct {
	Title, UID, Refresh string
	ID                  *int
	Editable            bool
	GraphTooltip        int
	SchemaVersion       int
	Inputs              any `json:"__inputs"`
	Panels              []panelFile
	Templating          struct{ List []variableFile }
	Annotations         struct{ List []annotationFile }
	Links               []struct {
		Title, Type, URL      string
		IncludeVars, KeepTime bool
	}
}

type panelFile struct {
	ID                       int
	Type, Title, Description string
	Datasource               sourceFile
	Interval                 string
	MaxDataPoints            int
	GridPos                  struct{ X, Y, W, H int }
	Collapsed                bool
	Panels                   []panelFile
	Targets                  []targetFile
	Options                  struct {
		Legend struct {
			Calcs    []string
			SortBy   string
			SortDesc bool
		}
	}
	FieldConfig struct {
		Defaults struct {
			Unit, NoValue string
			Min           *float64
			Color         struct{ Mode string }
			Thresholds    struct{ Steps []struct{ Value *float64 } }
			Custom        map[string]any
		}
	}
}

type targetFile struct {
	RefID, Expr, LegendFormat, Format string
	Datasource                        sourceFile
	Exemplar, Instant, Range          bool
}

type sourceFile struct{ Type, UID string }

type variableFile struct {
	Type, Name, Label, Query, AllValue string
	Datasource                         sourceFile
	Multi, IncludeAll                  bool
	Hide, Refresh                      int
}

type annotationFile struct {
	Name, Expr string
	Datasource sourceFile
	Enable     bool
}

func decode(t *testing.T, content []byte) boardFile {
	t.Helper()
	var b boardFile
	if err := json.Unmarshal(content, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// all are the panels, those inside collapsed rows too, without the rows.
func (b boardFile) all() []panelFile {
	var out []panelFile
	for _, p := range b.Panels {
		if p.Type == "row" {
			out = append(out, p.Panels...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// filled puts values in for the variables of the board and of Grafana.
func (b boardFile) filled(expr string) string {
	values := map[string]string{"__rate_interval": "1m", "__range": "1h", "__interval": "15s"}
	for _, v := range b.Templating.List {
		values[v.Name] = v.AllValue
		if v.Type == "constant" {
			values[v.Name] = v.Query
		}
	}
	return regexp.MustCompile(`\$(\w+)`).ReplaceAllStringFunc(expr, func(name string) string {
		if value, ok := values[strings.TrimPrefix(name, "$")]; ok {
			return value
		}
		return name
	})
}

// panelsOf returns the panels of a board by title, as they stand in the file.
func panelsOf(t *testing.T, content []byte) map[string]json.RawMessage {
	t.Helper()
	var read func(raw []byte) map[string]json.RawMessage
	read = func(raw []byte) map[string]json.RawMessage {
		var holder struct{ Panels []json.RawMessage }
		if err := json.Unmarshal(raw, &holder); err != nil {
			t.Fatal(err)
		}
		out := make(map[string]json.RawMessage)
		for _, panel := range holder.Panels {
			var p panelFile
			if err := json.Unmarshal(panel, &p); err != nil {
				t.Fatal(err)
			}
			if p.Type == "row" {
				maps.Copy(out, read(panel))
				continue
			}
			if _, twice := out[p.Title]; twice {
				t.Errorf("two panels have the title %q", p.Title)
			}
			out[p.Title] = panel
		}
		return out
	}
	return read(content)
}

// lacking returns the contract without its first metric, without its second
// one and so on.
func lacking(t *testing.T, contract views.Contract) []views.Contract {
	t.Helper()
	var out []views.Contract
	for i := range contract.Metrics.All() {
		left := contract.Clone()
		reflect.ValueOf(&left.Metrics).Elem().Field(i).SetZero()
		if got, want := len(left.Metrics.All()), len(contract.Metrics.All())-1; got != want {
			t.Fatalf("%d metrics are left, want %d", got, want)
		}
		out = append(out, left)
	}
	return out
}
