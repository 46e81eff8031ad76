package dashboards

import (
	"cmp"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// kind is the type of a panel, as Grafana calls its plugin.
type kind string

const (
	lines   kind = "timeseries"
	value   kind = "stat"
	rows    kind = "table"
	heat    kind = "heatmap"
	firings kind = "alertlist"
)

// panel is what differs from panel to panel; the rest is convention.
type panel struct {
	kind kind
	// description says what is shown, why it matters and which alert watches it.
	title, description string
	unit               string
	// needs are the metrics without which the panel is left out.
	needs   []views.Metric
	queries []query

	// steps color a value, and are lines in a graph.
	steps []step
	// none is shown where there is nothing; "no traffic" if it is empty.
	none string
	// full is for shares: the axis goes from 0 to 1.
	full bool
	// bad is for what should not be there, in shades of red: a failure is not green.
	bad bool
	// colors are for the lines whose names say what they are.
	colors []color
	// alert is the alert that watches it, whose runbook the panel leads to.
	alert string
	// negative is for values that may be below 0.
	negative bool
	stacked  bool
	bars     bool
	// counted is what a table counts, the title of its last column.
	counted string
	// width is in 24ths of the board; height in rows of 30 pixels.
	width, height uint32
}

// query is one expression of a panel.
type query struct {
	expr   string
	legend string
	// instant asks for the value at the end of the time range only.
	instant bool
	// exemplar asks for exemplars, which link to traces.
	exemplar bool
}

// step is a threshold: the color of values from there on. The first one is the
// color below the second, whatever its value.
type step struct {
	from  float64
	color string
}

// color is one for the lines whose names match a regular expression, in shades of it if
// there are several.
type color struct{ match, name string }

// rising is for values that are bad when they are high.
func rising(yellow, red float64) []step {
	return []step{{color: "green"}, {yellow, "yellow"}, {red, "red"}}
}

// falling is for values that are bad when they are low.
func falling(yellow, green float64) []step {
	return []step{{color: "red"}, {yellow, "yellow"}, {green, "green"}}
}

// complete reports whether the contract has all metrics that the panel needs.
func (p panel) complete() bool {
	for _, metric := range p.needs {
		if metric.Name == "" {
			return false
		}
	}
	return true
}

func (p panel) render(id uint32, position dashboard.GridPos) dashboard.Panel {
	out := dashboard.Panel{
		Id:          &id,
		Type:        string(p.kind),
		Title:       &p.title,
		Description: &p.description,
		GridPos:     &position,
		Options:     p.options(),
		FieldConfig: &dashboard.FieldConfigSource{Defaults: p.fields(), Overrides: p.overrides()},
	}
	if p.kind == firings {
		return out // Grafana's own list, which takes no query and no unit.
	}
	if p.alert != "" {
		out.Links = []dashboard.DashboardLink{external("Runbook: "+p.alert, "info", rules.Runbooks+p.alert+".md")}
	}
	out.Datasource = source()
	out.Interval = new("15s") // of the scrapes
	for i, q := range p.queries {
		out.Targets = append(out.Targets, p.target(i, q))
	}
	if p.kind == rows {
		out.Transformations = []dashboard.DataTransformerConfig{{
			Id: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true}, "renameByName": map[string]string{"Value": p.counted}},
		}}
	}
	return out
}

func (p panel) target(i int, q query) variants.Dataquery {
	out := prometheus.Dataquery{
		RefId:        new(string("ABCDEFGH"[i])),
		Datasource:   source(),
		EditorMode:   new(prometheus.QueryEditorModeCode),
		Expr:         q.expr,
		LegendFormat: new(cmp.Or(q.legend, "__auto")),
		Instant:      &q.instant,
		Range:        new(!q.instant),
		Exemplar:     &q.exemplar,
	}
	switch p.kind {
	case rows:
		out.Format = new(prometheus.PromQueryFormatTable)
	case heat:
		out.Format = new(prometheus.PromQueryFormatHeatmap)
		out.LegendFormat = new("{{le}}")
	default:
		out.Format = new(prometheus.PromQueryFormatTimeSeries)
	}
	return out
}

func (p panel) fields() dashboard.FieldConfig {
	if p.kind == firings {
		return dashboard.FieldConfig{}
	}
	fields := dashboard.FieldConfig{
		Unit:       &p.unit,
		NoValue:    new(cmp.Or(p.none, "no traffic")),
		Color:      &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdPaletteClassic},
		Thresholds: p.thresholds(),
	}
	if p.bad {
		fields.Color = &dashboard.FieldColor{Mode: "shades", FixedColor: new("red")}
	}
	if !p.negative {
		fields.Min = new(0.0)
	}
	if p.full {
		fields.Max = new(1.0)
	}
	switch p.kind {
	case lines:
		fields.Custom = p.graph()
	case value:
		fields.Color.Mode = dashboard.FieldColorModeIdThresholds
	case rows:
		// An increase is an estimate, and half an error is none.
		fields.Decimals = new(0.0)
	case heat, firings: // drawn as they are
	}
	return fields
}

func (p panel) overrides() []dashboard.DashboardFieldConfigSourceOverrides {
	out := []dashboard.DashboardFieldConfigSourceOverrides{}
	for _, c := range p.colors {
		out = append(out, dashboard.DashboardFieldConfigSourceOverrides{
			Matcher:    dashboard.MatcherConfig{Id: "byRegexp", Options: "/" + c.match + "/"},
			Properties: []dashboard.DynamicConfigValue{{Id: "color", Value: dashboard.FieldColor{Mode: "shades", FixedColor: &c.name}}},
		})
	}
	return out
}

func (p panel) thresholds() *dashboard.ThresholdsConfig {
	// Grafana's own default is red from 80 on, which means nothing here.
	out := &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: "text"}}}
	for i, step := range p.steps {
		if i == 0 {
			out.Steps[0].Color = step.color
			continue
		}
		out.Steps = append(out.Steps, dashboard.Threshold{Value: &step.from, Color: step.color})
	}
	return out
}

func (p panel) graph() common.GraphFieldConfig {
	out := common.GraphFieldConfig{
		DrawStyle:       new(common.GraphDrawStyleLine),
		FillOpacity:     new(10.0),
		LineWidth:       new(1.0),
		ShowPoints:      new(common.VisibilityModeNever),
		SpanNulls:       &common.BoolOrFloat64{Bool: new(false)},
		Stacking:        &common.StackingConfig{Mode: new(common.StackingModeNone)},
		ThresholdsStyle: &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeOff},
	}
	if p.stacked {
		// Areas without lines: a line at zero would lie on top of the others, and hide the
		// color of the topmost.
		out.Stacking.Mode, out.LineWidth, out.FillOpacity = new(common.StackingModeNormal), new(0.0), new(60.0)
	}
	if p.bars {
		out.DrawStyle, out.FillOpacity = new(common.GraphDrawStyleBars), new(80.0)
	}
	if len(p.steps) > 0 {
		out.ThresholdsStyle.Mode = common.GraphThresholdsStyleModeDashed
	}
	return out
}

// options returns what the panel's plugin takes.
func (p panel) options() any {
	switch p.kind {
	case lines:
		return timeseries.Options{
			Legend: common.VizLegendOptions{
				DisplayMode: common.LegendDisplayModeTable, Placement: common.LegendPlacementBottom, ShowLegend: true,
				// Few rows are seen without scrolling, and many lines are at zero.
				Calcs: []string{"mean", "max", "lastNotNull"}, SortBy: new("Max"), SortDesc: new(true),
			},
			Tooltip: common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending},
		}
	case value:
		options := stat.NewOptions()
		options.ReduceOptions.Calcs = []string{"lastNotNull"}
		options.Orientation = common.VizOrientationAuto
		if p.queries[0].legend != "" {
			// Grafana leaves the name out where there is one value.
			options.TextMode = common.BigValueTextModeValueAndName
		}
		if p.queries[0].instant {
			options.GraphMode = common.BigValueGraphModeNone
		}
		return options
	case rows:
		options := table.NewOptions()
		options.Footer = nil
		options.SortBy = []common.TableSortByFieldState{{DisplayName: p.counted, Desc: new(true)}}
		return options
	case heat:
		options := heatmap.NewOptions()
		options.YAxis.Unit = &p.unit
		options.Color.Mode = new(heatmap.HeatmapColorModeScheme)
		return options
	default:
		return map[string]any{
			"alertInstanceLabelFilter": alerts,
			"maxItems":                 20,
			"sortOrder":                3, // by importance
			"stateFilter":              map[string]bool{"firing": true, "pending": false, "noData": false, "normal": false, "error": false},
			"viewMode":                 "list",
		}
	}
}
