package e2e

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// The pictures of the documentation are drawn from the boards' files and a Prometheus:
// here from a little data, but all of every board.
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
	// It begins with its first prediction, and so do its lines.
	scraped(`count_over_time(gen_ai_client_operation_duration_seconds_count[1m]) > 8`)

	for _, path := range glob(t, "../grafana/dashboards/*.json") {
		name := filepath.Base(path)
		file := filepath.Join(t.TempDir(), name+".png")
		drawing := start(t, "e2e-python", "../docs/screenshots/render.py", "--prometheus", "http://"+p.address,
			"--from", "now-30s", "--step", "1s", path, file)
		if err := drawing.wait(t); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, drawing.output.String())
		}
		picture := decodePNG(t, file)
		// 1280 wide, a head of 44, 38 for each row of the grid, 12 below; all of it by 1.25.
		want := image.Pt(1600, int(math.Round(float64(44+38*readBoard(t, path).rows()+12)*1.25)))
		if got := picture.Bounds().Size(); got.X != want.X || got.Y < want.Y-1 || got.Y > want.Y+1 {
			t.Errorf("%s: got a picture of %v, want %v", name, got, want)
		}
		// The color of a graph's first line, which nothing else has but what is good.
		if drawn := count(picture, color.RGBA{0x73, 0xbf, 0x69, 0xff}); drawn < 100 {
			t.Errorf("%s: got %d pixels of lines and values, want more than 100", name, drawn)
		}
	}
}

// rows returns how many rows of the grid a board fills as it is opened: what is below
// a collapsed row moves up.
func (b board) rows() int {
	rows, hidden := 0, 0
	for _, p := range b.Panels {
		bottom := p.GridPos.Y + p.GridPos.H
		whole := bottom
		for _, child := range p.Panels {
			whole = max(whole, child.GridPos.Y+child.GridPos.H)
		}
		rows, hidden = max(rows, whole), hidden+whole-bottom
	}
	return rows - hidden
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

// count returns how many pixels have a color.
func count(picture image.Image, want color.RGBA) int {
	pixels := 0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if color.RGBAModel.Convert(picture.At(x, y)) == want {
				pixels++
			}
		}
	}
	return pixels
}
