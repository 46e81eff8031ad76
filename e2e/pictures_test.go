package e2e

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The pictures of the documentation are drawn from the boards' files and a Prometheus:
// here from a little data, but all of every board. A panel has color where Prometheus has
// data for it, and none where it has not.
func TestDashboardPictures(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "e2e", "--genai", "released")
	in := install(t) // the rules record what the board of objectives shows
	in.targets(t, "dspy-metrics", s.address)
	p := in.run(t, freeAddress(t))
	scraped := func(promql string) {
		t.Helper()
		until(t, p.process, func() error {
			found, err := p.query(t, promql)
			if err == nil && len(found) == 0 {
				err = errors.New(promql + ": nothing yet")
			}
			return err
		})
	}
	scraped("dspy_predictions_total")
	exercise(t, s)
	scraped(`increase(dspy_predictions_total{prediction_type="cot", status="success"}[5s]) > 0`)
	scraped(`cluster_namespace_job_service:dspy_predictions:rate5m > 0`)
	// Its series begin with the first prediction, and grow with those that follow.
	scraped(`count_over_time(gen_ai_client_operation_duration_seconds_count[1m]) > 4`)
	exercise(t, s)
	scraped(`increase(gen_ai_client_operation_duration_seconds_count[5s]) > 0`)

	// What is drawn is of a time that has passed, so that both look at the same.
	end := time.Now().Truncate(time.Second).Add(2 * time.Second)
	begin := end.Add(-30 * time.Second)
	scraped(fmt.Sprintf(`timestamp(dspy_active_predictions) > %d`, end.Unix()+2))
	for _, path := range glob(t, "../grafana/dashboards/*.json") {
		name, b := filepath.Base(path), readBoard(t, path)
		file := filepath.Join(t.TempDir(), name+".png")
		arguments := []string{
			"../docs/screenshots/render.py", "--prometheus", "http://" + p.address,
			"--from", begin.UTC().Format(time.RFC3339), "--to", end.UTC().Format(time.RFC3339), "--step", "1s",
		}
		for _, row := range b.Panels {
			if row.Type == "row" {
				arguments = append(arguments, "--row", row.Title) // A collapsed one is drawn too.
			}
		}
		before := p.filledPanels(t, b, begin, end)
		drawing := start(t, "e2e-python", append(arguments, path, file)...)
		if err := drawing.wait(t); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, drawing.output.String())
		}
		after := p.filledPanels(t, b, begin, end)
		picture := decodePNG(t, file)
		// 1280 wide, a head of 44, 38 for each row of the grid, 12 below; all of it by 1.25.
		want := image.Pt(1600, int(math.Round(float64(44+38*b.rows()+12)*1.25)))
		if got := picture.Bounds().Size(); got.X != want.X || got.Y < want.Y-1 || got.Y > want.Y+1 {
			t.Errorf("%s: got a picture of %v, want %v", name, got, want)
		}
		filled, judged := 0, 0
		for _, panel := range b.all() {
			has := before[panel.place()]
			if !panel.colored() || has != after[panel.place()] { // Its first sample came just then.
				continue
			}
			judged++
			drawn := colored(picture, panel.place())
			if has {
				filled++
			}
			if has != (drawn >= 20) {
				t.Errorf("%s: %q: Prometheus has data: %t; got %d pixels with a color", name, panel.Title, has, drawn)
			}
		}
		t.Logf("%s: %d of %d panels have data", name, filled, judged)
		if filled == 0 {
			t.Errorf("%s: no panel has data", name)
		}
	}
}

// colored reports whether what the panel draws of data has a color. Grey is the text.
func (p panel) colored() bool {
	switch p.Type {
	case "timeseries", "heatmap":
		return true
	case "stat":
		return len(p.FieldConfig.Defaults.Thresholds.Steps) > 1
	default:
		return false
	}
}

// place is where a picture has the panel: a grid of 24 columns of 52 pixels between
// margins of 12, in rows of 38 below a head of 44, with gaps of 8; all of it by 1.25.
func (p panel) place() image.Rectangle {
	const column, row = (1280 - 2*12 + 8) / 24.0, 38
	x, y := 12+float64(p.GridPos.X)*column, 44+float64(p.GridPos.Y)*row
	scaled := func(f float64) int { return int(math.Round(f * 1.25)) }
	return image.Rect(scaled(x), scaled(y), scaled(x+float64(p.GridPos.W)*column-8), scaled(y+float64(p.GridPos.H)*row-8))
}

// colored counts the pixels in a place that have a color, not a shade of grey.
func colored(picture image.Image, in image.Rectangle) int {
	pixels := 0
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 60 {
				pixels++
			}
		}
	}
	return pixels
}

// filledPanels reports by their places which panels of a board have data in a time.
func (p *prometheus) filledPanels(t *testing.T, b board, begin, end time.Time) map[image.Rectangle]bool {
	t.Helper()
	has := make(map[image.Rectangle]bool)
	for _, panel := range b.all() {
		for _, target := range panel.Targets {
			// As for the picture: four times the interval of the scrapes, and its range.
			expr := strings.NewReplacer("$__rate_interval", "4s", "$__range", "30s").Replace(target.Expr)
			from := begin
			if target.Instant {
				from = end
			}
			matrix, err := p.queryRange(t, b.filled(expr, "e2e"), from, end)
			if err != nil {
				t.Fatalf("%q: %v", panel.Title, err)
			}
			for _, series := range matrix {
				has[panel.place()] = has[panel.place()] || len(series.Histograms) > 0
				for _, sample := range series.Values {
					has[panel.place()] = has[panel.place()] || !math.IsNaN(float64(sample.Value))
				}
			}
		}
	}
	return has
}

// rows returns how many rows of the grid a board fills with all rows open.
func (b board) rows() int {
	rows := 0
	for _, p := range b.all() {
		rows = max(rows, p.GridPos.Y+p.GridPos.H)
	}
	return rows
}

func decodePNG(t *testing.T, name string) image.Image {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return picture
}
