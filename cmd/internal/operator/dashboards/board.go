package dashboards

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// alerts selects the alerts of this repository's rules.
const alerts = `{alertname=~"DSPy.+"}`

// repository is where the links of the boards lead.
const repository = "https://github.com/dspy-metrics/dspy-metrics"

// board is one dashboard.
type board struct {
	uid, title, description string
	from                    string
	variables               []dashboard.VariableModel
	rows                    []row
}

// row is a group of panels under a heading.
type row struct {
	title     string
	collapsed bool
	panels    []panel
}

// source is the data source that the variable of that name holds.
func source() *common.DataSourceRef {
	return &common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// encode returns the board as indented JSON with sorted keys.
func (b board) encode() ([]byte, error) {
	//nolint:staticcheck // Grafana's file provisioning reads the classic model; its successor is not known to work there.
	raw, err := json.Marshal(dashboard.Dashboard{
		Uid:           &b.uid,
		Title:         &b.title,
		Description:   &b.description,
		Tags:          []string{"dspy", "llm"},
		Timezone:      new("browser"),
		Editable:      new(false),
		GraphTooltip:  new(dashboard.DashboardCursorSyncCrosshair),
		Time:          &dashboard.DashboardDashboardTime{From: b.from, To: "now"},
		Refresh:       new("30s"),
		SchemaVersion: 42, // the last of the classic model
		Panels:        b.layout(),
		Templating:    dashboard.DashboardDashboardTemplating{List: b.variables},
		Annotations:   dashboard.AnnotationContainer{List: annotations()},
		Links:         links(),
	})
	if err != nil {
		return nil, err
	}
	// Once more, as the SDK's types write "<" and ">" as escapes, and nobody
	// could review such expressions.
	var sorted any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&sorted); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(sorted); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// layout places each panel of a row as high as it can be, then as far to the left, and
// numbers them. So lines of small panels fit beside one high panel.
func (b board) layout() []dashboard.PanelOrRowPanel {
	const columns uint32 = 24
	var out []dashboard.PanelOrRowPanel
	var id, y uint32
	for _, row := range b.rows {
		var panels []dashboard.Panel
		id++
		heading := dashboard.RowPanel{
			Type: "row", Id: id, Title: &row.title, Collapsed: row.collapsed, Panels: []dashboard.Panel{},
			GridPos: &dashboard.GridPos{W: columns, H: 1, Y: y},
		}
		var free [columns]uint32 // from where on there is nothing, by column
		for i := range free {
			free[i] = y + 1
		}
		for _, panel := range row.panels {
			if !panel.complete() {
				continue
			}
			at := dashboard.GridPos{Y: math.MaxUint32, W: panel.width, H: panel.height}
			for x := range columns - panel.width + 1 {
				if top := slices.Max(free[x : x+panel.width]); top < at.Y {
					at.X, at.Y = x, top
				}
			}
			for x := at.X; x < at.X+at.W; x++ {
				free[x] = at.Y + at.H
			}
			id++
			panels = append(panels, panel.render(id, at))
		}
		if len(panels) == 0 {
			continue
		}
		y = slices.Max(free[:])
		if row.collapsed {
			heading.Panels, panels = panels, nil // Grafana keeps them in the heading
		}
		out = append(out, dashboard.PanelOrRowPanel{RowPanel: &heading})
		for _, panel := range panels {
			out = append(out, dashboard.PanelOrRowPanel{Panel: &panel})
		}
	}
	return out
}

func annotations() []dashboard.AnnotationQuery {
	mark := func(name, color, expr, title, text string) dashboard.AnnotationQuery {
		return dashboard.AnnotationQuery{
			Name: name, Enable: true, IconColor: color, Datasource: source(),
			Expr: &expr, TitleFormat: &title, TextFormat: &text, Step: new("60s"),
		}
	}
	return []dashboard.AnnotationQuery{
		mark("Firing alerts", "red", `ALERTS{alertname=~"DSPy.+", alertstate="firing"}`, "{{alertname}}", "{{severity}} {{service}} {{instance}}"),
		mark("Restarts", "blue", "changes("+series("process_start_time_seconds")+"[$__rate_interval]) > 0", "Restart", "{{job}} {{instance}}"),
	}
}

func external(title, icon, url string) dashboard.DashboardLink {
	return dashboard.DashboardLink{
		Title: title, Type: dashboard.DashboardLinkTypeLink, Icon: icon, Tags: []string{}, Url: &url, TargetBlank: true,
	}
}

func links() []dashboard.DashboardLink {
	return []dashboard.DashboardLink{
		{
			Title: "DSPy", Type: dashboard.DashboardLinkTypeDashboards, Icon: "external link", Tags: []string{"dspy"},
			AsDropdown: true, IncludeVars: true, KeepTime: true,
		},
		external("README", "doc", repository+"#readme"),
		external("Runbooks", "info", repository+"/tree/main/docs/runbooks"),
	}
}
