package dashboards

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What we ask of a board beyond the linter's rules.
func TestBoards(t *testing.T) {
	t.Parallel()
	for name, content := range documentedAndExtended(t) {
		b := decode(t, content)
		name, _, _ = strings.Cut(name, " ")
		if b.UID+".json" != name || len(b.UID) > 40 || b.ID != nil || b.Inputs != nil {
			t.Errorf("%s: uid %q, id %v, inputs %v: the uid is the file's name, and nothing else identifies it", name, b.UID, b.ID, b.Inputs)
		}
		if b.SchemaVersion != 42 || b.GraphTooltip != 1 || b.Refresh != "30s" {
			t.Errorf("%s: schema %d, tooltip %d, refresh %q", name, b.SchemaVersion, b.GraphTooltip, b.Refresh)
		}
		if digits := regexp.MustCompile(`\d\.\d{7,}`).Find(content); digits != nil {
			t.Errorf("%s: the number %s was not rounded", name, digits)
		}
		if strings.Contains(string(content), `\u00`) || strings.Contains(string(content), "DS_PROMETHEUS") {
			t.Errorf("%s: escaped characters or a placeholder of an import", name)
		}
		if len(b.Annotations.List) == 0 || len(b.Links) == 0 || !b.Links[0].IncludeVars || !b.Links[0].KeepTime {
			t.Errorf("%s: annotations %v, links %v", name, b.Annotations.List, b.Links)
		}
		for _, p := range b.all() {
			checkPanel(t, name, p)
		}
		checkGrid(t, name, b)
	}
}

func checkPanel(t *testing.T, file string, p panelFile) {
	t.Helper()
	if p.Description == "" || !strings.HasSuffix(p.Description, ".") {
		t.Errorf("%s: %q: description %q is no sentence", file, p.Title, p.Description)
	}
	if p.Type == "alertlist" {
		return
	}
	defaults := p.FieldConfig.Defaults
	if defaults.NoValue == "" || len(defaults.Thresholds.Steps) == 0 {
		t.Errorf("%s: %q: no text for no value or no thresholds", file, p.Title)
	}
	for _, step := range defaults.Thresholds.Steps {
		if step.Value != nil && *step.Value == 80 {
			t.Errorf("%s: %q: Grafana's default threshold of 80", file, p.Title)
		}
	}
	if (defaults.Min == nil) != regexp.MustCompile("[Bb]udget (left|over time)|^rag_(load|size)").MatchString(p.Title) {
		t.Errorf("%s: %q: minimum %v; only a budget and gauges of others fall below 0", file, p.Title, defaults.Min)
	}
	if p.Type == "timeseries" && defaults.Custom["spanNulls"] != false {
		t.Errorf("%s: %q: spans gaps, which mean something here", file, p.Title)
	}
	if p.Type == "timeseries" {
		checkLegend(t, file, p)
	}
	if p.Interval != "15s" {
		t.Errorf("%s: %q: points at least %s apart: none is empty in a short range", file, p.Title, p.Interval)
	}
	// A failure is not green, whatever its place in the legend.
	if bad := regexp.MustCompile(`(?i)^(failed|errors by|error rate trend|error ratio by|refused (as|scores)|truncated|parse failures|poor|label values over|collector failures)|errors by type$|top bucket|unknown usage`); bad.MatchString(p.Title) && p.Type == "timeseries" && defaults.Color.Mode != "shades" {
		t.Errorf("%s: %q: colors %q", file, p.Title, defaults.Color.Mode)
	}
	seen := make(map[string]bool)
	for _, target := range p.Targets {
		if target.RefID == "" || seen[target.RefID] || target.Datasource.UID != "${datasource}" || target.Instant == target.Range {
			t.Errorf("%s: %q: query %+v", file, p.Title, target)
		}
		seen[target.RefID] = true
		if quantile := strings.Contains(target.Expr, "histogram_quantile"); quantile && p.Type == "timeseries" && !target.Exemplar {
			t.Errorf("%s: %q: no exemplars", file, p.Title)
		}
	}
}

// Each link to this repository leads to a file or a folder of it, and each alert that a
// description names has a runbook.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	here := regexp.MustCompile(regexp.QuoteMeta(repository) + `/(?:blob|tree)/main/([^"#]+)`)
	named := regexp.MustCompile(`\bDSPy[A-Z]\w+`)
	for name, content := range documentedAndExtended(t) {
		links := here.FindAllSubmatch(content, -1)
		if len(links) == 0 {
			t.Errorf("%s: there are no links", name)
		}
		for _, link := range links {
			if _, err := os.Stat(filepath.Join(root, "..", string(link[1]))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, alert := range named.FindAllString(string(content), -1) {
			if _, err := os.Stat(filepath.Join(root, "..", "docs", "runbooks", alert+".md")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// checkLegend reports whether the table below a graph can be read: its largest
// lines are in sight, and each name has room beside its figures.
func checkLegend(t *testing.T, file string, p panelFile) {
	t.Helper()
	legend := p.Options.Legend
	if legend.SortBy != "Max" || !legend.SortDesc {
		t.Errorf("%s: %q: the legend is sorted by %q, descending: %t", file, p.Title, legend.SortBy, legend.SortDesc)
	}
	if need := 2 + len(legend.Calcs); p.GridPos.W < need {
		t.Errorf("%s: %q: %d columns wide; a name and %d figures need %d", file, p.Title, p.GridPos.W, len(legend.Calcs), need)
	}
}

// checkGrid reports whether panels overlap, leave the grid or share an id.
func checkGrid(t *testing.T, file string, b boardFile) {
	t.Helper()
	ids, cells := make(map[int]string), make(map[[2]int]string)
	place := func(p panelFile) {
		if other, taken := ids[p.ID]; taken || p.ID == 0 {
			t.Errorf("%s: %q and %q have the id %d", file, p.Title, other, p.ID)
		}
		ids[p.ID] = p.Title
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, taken := cells[[2]int{x, y}]; taken || x >= 24 {
					t.Errorf("%s: %q is in the way of %q, or of the edge, at %d, %d", file, p.Title, other, x, y)
					return
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
	for _, p := range b.Panels {
		place(p)
		if len(p.Panels) > 0 != p.Collapsed {
			t.Errorf("%s: row %q: panels inside, but not collapsed, or the other way round", file, p.Title)
		}
		for _, inner := range p.Panels {
			place(inner)
		}
	}
}

// provisioned reads a provisioning file; a field that is not known is an error.
func provisioned(t *testing.T, name string, into any) {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "provisioning", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestProvisionedDatasource(t *testing.T) {
	t.Parallel()
	type destination struct {
		Name            string
		DatasourceUID   string `yaml:"datasourceUid"`
		URLDisplayLabel string `yaml:"urlDisplayLabel"`
	}
	var file struct {
		APIVersion  int `yaml:"apiVersion"`
		Prune       bool
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			Editable                     bool
			JSONData                     struct {
				HTTPMethod                  string        `yaml:"httpMethod"`
				PrometheusType              string        `yaml:"prometheusType"`
				TimeInterval                string        `yaml:"timeInterval"`
				ExemplarTraceIDDestinations []destination `yaml:"exemplarTraceIdDestinations"`
			} `yaml:"jsonData"`
		}
	}
	provisioned(t, "datasources/prometheus.yml", &file)
	if file.APIVersion != 1 || len(file.Datasources) != 1 {
		t.Fatalf("got %+v, want version 1 and one data source", file)
	}
	source := file.Datasources[0]
	// The boards choose among data sources of this type, the default one first.
	if source.Type != "prometheus" || source.UID != "prometheus" || !source.IsDefault || source.Editable || source.URL == "" || source.Access != "proxy" {
		t.Errorf("got %+v", source)
	}
	if source.JSONData.TimeInterval == "" || source.JSONData.HTTPMethod != "POST" {
		t.Errorf("got %+v", source.JSONData)
	}
	// OpenTelemetry's name of the id in an exemplar that Prometheus stores.
	if got := source.JSONData.ExemplarTraceIDDestinations; len(got) != 1 || got[0].Name != "trace_id" {
		t.Errorf("got exemplar destinations %+v", got)
	}
}

func TestProvisionedDashboards(t *testing.T) {
	t.Parallel()
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name                  string
			OrgID                 int `yaml:"orgId"`
			Folder, Type          string
			FolderUID             string `yaml:"folderUid"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			Options               struct {
				Path                      string
				FoldersFromFilesStructure bool `yaml:"foldersFromFilesStructure"`
			}
		}
	}
	provisioned(t, "dashboards/dspy.yml", &file)
	if file.APIVersion != 1 || len(file.Providers) != 1 {
		t.Fatalf("got %+v, want version 1 and one provider", file)
	}
	provider := file.Providers[0]
	if provider.Type != "file" || provider.Options.Path != "/var/lib/grafana/dashboards" || provider.AllowUIUpdates || !provider.DisableDeletion || provider.Name == "" {
		t.Errorf("got %+v", provider)
	}
}
