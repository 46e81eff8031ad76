package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
)

var (
	pictures = flag.String("pictures", "", "folder to put the pictures of /live into, after two minutes of traffic")
	traffic  = 2 * time.Minute
)

// liveConfig is what the page draws, as far as the tests look at it.
type liveConfig struct {
	Panels []struct {
		ID, Kind string
		Sources  []struct {
			Metric, By, Name string
			Match            map[string]string
		}
	}
}

// row is one line of the table of a panel, as the page shows it.
type row struct {
	Panel, Name string
	Now, Total  string // the values behind the texts
}

// rows returns what the tables of the page show.
func (b *browser) rows(t *testing.T) []row {
	t.Helper()
	return evaluate[[]row](t, b, `[...document.querySelectorAll(".panel:not([hidden]) tr[data-name]")].map(tr => {
		const [now, total] = [...tr.querySelectorAll("data")].map(d => d.value);
		return {Panel: tr.closest(".panel").id, Name: tr.dataset.name, Now: now, Total: total ?? ""};
	})`)
}

// wantRows returns the rows that the page of metrics should make, without what only rates tell.
func wantRows(t *testing.T, config liveConfig, samples model.Vector) []row {
	t.Helper()
	var want []row
	for _, panel := range config.Panels {
		sums := make(map[string]float64)
		for _, source := range panel.Sources {
			metric := source.Metric
			if panel.Kind == "histogram" {
				metric += "_count"
			}
			for _, sample := range samples {
				if string(sample.Metric[model.MetricNameLabel]) != metric {
					continue
				}
				matches := true
				for label, value := range source.Match {
					matches = matches && string(sample.Metric[model.LabelName(label)]) == value
				}
				name := source.Name
				if source.By != "" {
					name = string(sample.Metric[model.LabelName(source.By)])
				}
				if matches {
					sums[name] += float64(sample.Value)
				}
			}
		}
		for name, total := range sums {
			text := rounded(total)
			switch panel.Kind {
			case "histogram":
				for _, quantile := range []string{"P50", "P95", "P99"} {
					want = append(want, row{Panel: panel.ID, Name: quantile, Total: text})
				}
			case "gauge":
				want = append(want, row{Panel: panel.ID, Name: name, Now: text})
			default:
				want = append(want, row{Panel: panel.ID, Name: name, Total: text})
			}
		}
	}
	return want
}

// rounded leaves out the digits that depend on the order of an addition.
func rounded(sum float64) string { return strconv.FormatFloat(sum, 'g', 12, 64) }

// wantAsMetrics polls until what the page shows is what the metrics say. Nothing may be
// measured meanwhile but the requests of the page itself.
func (b *browser) wantAsMetrics(t *testing.T, s *service, config liveConfig) {
	t.Helper()
	var diff string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		want := wantRows(t, config, s.samples(t))
		got := b.rows(t)
		shown := make(map[row]bool)
		for i := range got {
			if got[i].Total != "" {
				total, err := strconv.ParseFloat(got[i].Total, 64)
				if err != nil {
					t.Fatal(err)
				}
				got[i].Now, got[i].Total = "", rounded(total)
			}
			shown[got[i]] = true
		}
		// A counter that is zero may be left out. The page's own requests are measured, so
		// that the latency moves on.
		left := slices.DeleteFunc(slices.Clone(want), func(r row) bool { return shown[r] || r.Total == "0" || r.Panel == "latency" })
		more := slices.DeleteFunc(slices.Clone(got), func(r row) bool { return slices.Contains(want, r) || r.Panel == "latency" })
		if len(left) == 0 && len(more) == 0 && len(got) > 10 {
			return
		}
		diff = fmt.Sprintf("in the metrics only: %+v\non the page only: %+v", left, more)
		b.do(t, chromedp.Sleep(100*time.Millisecond)) // between two looks
	}
	t.Fatalf("the page differs from the metrics:\n%s", diff)
}

// priced answers as a language model's gateway does, with models, tokens and cost, and fails
// some requests.
func priced(t *testing.T) string {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		chance := rand.New(rand.NewPCG(7, uint64(n)))
		if *pictures != "" {
			select {
			case <-time.After(time.Duration(math.Exp(chance.NormFloat64()*0.6-1) * float64(time.Second))):
			case <-r.Context().Done():
				return
			}
		}
		if n%9 == 0 {
			w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusInternalServerError}[n/9%2])
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"model":%q,"choices":[{"finish_reason":"stop","message":{"content":"Paris"}}],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"cost":%g}}`,
			[]string{"gpt-4o-mini", "gpt-4o-mini", "claude-sonnet-4-5"}[n%3], 200+n%50, 40+n%20, 0.0005+float64(n%8)/4096)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestLivePage looks at the page of charts in a real browser: it shows what the metrics say, says
// nothing to the console, can be used by keyboard and screen reader, and fits a phone.
func TestLivePage(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "qa", "--upstream", priced(t), "--cache", "memory")
	b := browse(t)
	page := "http://" + s.address + "/live"
	b.do(t, chromedp.Navigate(page))
	b.await(t, "#types")
	status, _, text, err := exchange(t, http.MethodGet, page+"/config.json", nil)
	var config liveConfig
	if err != nil || status != http.StatusOK || json.Unmarshal(text, &config) != nil {
		t.Fatalf("got %d, %v: %s", status, err, text)
	}
	b.ask(t, s)
	b.wantAsMetrics(t, s, config)

	t.Run("keyboard", b.keyboard)
	t.Run("names", b.names)
	t.Run("looks", b.looks)
	t.Run("pause", func(t *testing.T) { b.pause(t, "http://"+s.address+"/metrics") })
	b.wantQuiet(t)

	// A service that is gone is said, and the page waits for it.
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	b.await(t, "#problem")
	if got := evaluate[string](t, b, `document.getElementById("problem").textContent`); !strings.Contains(got, "cannot be read: ") || !strings.Contains(got, "All numbers on the page are those of ") {
		t.Errorf("got %q", got)
	}
}

// ask makes traffic, for long if it is for a picture.
func (b *browser) ask(t *testing.T, s *service) {
	t.Helper()
	types := []string{"predict", "cot", "react", "predict", "cot"}
	ask := func(n int) {
		question := fmt.Sprintf("Question %d?", n)
		if n%4 == 0 {
			question = "The same question?"
		}
		body := fmt.Sprintf(`{"prediction_type":%q,"inputs":{"question":%q}}`, types[n%len(types)], question)
		if _, _, _, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", []byte(body)); err != nil {
			t.Error(err)
		}
	}
	if *pictures == "" {
		for n := range 40 {
			ask(n)
		}
		return
	}
	done := make(chan struct{})
	const clients = 6
	end := time.Now().Add(traffic)
	for client := range clients {
		go func() {
			for n := client; time.Now().Before(end); n += clients {
				ask(n)
			}
			done <- struct{}{}
		}()
	}
	for range clients {
		<-done
	}
}

// keyboard reaches all there is, and moves through the readings of a chart.
func (b *browser) keyboard(t *testing.T) {
	focused := `(() => { const e = document.activeElement; return e.id || e.closest("[id]")?.id || e.tagName })()`
	var reached []string
	for range 60 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		at := evaluate[string](t, b, focused)
		if slices.Contains(reached, at) && at == reached[0] {
			break
		}
		reached = append(reached, at)
	}
	for _, want := range []string{"minutes", "pause", "types", "duration", "cache"} {
		if !slices.Contains(reached, want) {
			t.Errorf("the Tab key reaches %q, and not %s", reached, want)
		}
	}
	state := func() []string {
		return evaluate[[]string](t, b, `(() => {
			const s = document.querySelector("#types .chart");
			return [s.getAttribute("aria-valuenow"), document.querySelector("#types thead th:nth-child(2)").textContent, s.getAttribute("aria-valuetext")];
		})()`)
	}
	b.do(t, chromedp.Focus(chromedp.CSS("#types .chart")), chromedp.KeyEvent(kb.Home))
	first := state()
	b.do(t, chromedp.KeyEvent(kb.ArrowRight))
	second := state()
	if first[0] != "0" || second[0] != "1" || first[1] == "now" || !strings.Contains(second[2], "predict ") {
		t.Errorf("got %q and %q after Home and ArrowRight", first, second)
	}
	b.do(t, chromedp.KeyEvent(kb.Escape), chromedp.Blur(chromedp.CSS("#types .chart")))
	if back := state(); back[1] != "now" {
		t.Errorf("got %q after Escape", back)
	}
}

// names are what a screen reader says: everything that can be used, and every table and
// section, has one.
func (b *browser) names(t *testing.T) {
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(v *accessibility.Value) string {
		if v == nil {
			return ""
		}
		var s string
		_ = json.Unmarshal(v.Value, &s) // what is no text has no name
		return s
	}
	found := make(map[string]int)
	for _, node := range tree.Nodes {
		role := text(node.Role)
		switch role {
		case "slider", "button", "combobox", "link", "table", "region", "heading", "columnheader", "rowheader":
			found[role]++
			if !node.Ignored && text(node.Name) == "" {
				t.Errorf("a %s has no name: node %d", role, node.BackendDOMNodeID)
			}
		}
	}
	for role, least := range map[string]int{"slider": 5, "button": 1, "combobox": 1, "table": 5, "heading": 6, "rowheader": 10, "link": 3} {
		if found[role] < least {
			t.Errorf("got %d of role %s, want at least %d", found[role], role, least)
		}
	}
}

// looks takes pictures in both themes and on a phone. Nothing is wider than the phone.
func (b *browser) looks(t *testing.T) {
	folder := *pictures
	if folder == "" {
		folder = t.TempDir()
	}
	for _, look := range []struct {
		name, theme   string
		width, height int64
		line          string // the color of the first line
	}{
		{"live-light", "light", 1280, 900, "1f6feb"},
		{"live-dark", "dark", 1280, 900, "6cb0ff"},
		{"live-phone", "dark", 390, 844, "6cb0ff"},
	} {
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.theme}},
		}); err != nil {
			t.Fatal(err)
		}
		b.do(t, chromedp.EmulateViewport(look.width, look.height))
		// The charts take their new width and colors with the next frames.
		overflow := evaluate[int](t, b, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
			done(document.documentElement.scrollWidth - document.documentElement.clientWidth))))`)
		if overflow > 0 {
			t.Errorf("%s: the page is %d pixels wider than the window", look.name, overflow)
		}
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, look.name+".png")
		if err := os.WriteFile(file, picture, 0o644); err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		if drawn := near(decoded, look.line); drawn < 100 {
			t.Errorf("%s: got %d pixels of the first line's color, want at least 100", look.name, drawn)
		}
	}
	b.do(t, chromedp.EmulateViewport(1280, 900))
}

// near returns how many pixels have a color, which a browser may round.
func near(picture image.Image, color string) int {
	rgb, _ := strconv.ParseUint(color, 16, 32)
	distance := func(a uint32, b uint64) uint64 { return max(uint64(a>>8), b) - min(uint64(a>>8), b) }
	pixels := 0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			if distance(r, rgb>>16) < 3 && distance(g, rgb>>8&0xff) < 3 && distance(b, rgb&0xff) < 3 {
				pixels++
			}
		}
	}
	return pixels
}

// pause stops the readings: a timer of the page that is later than its next one finds none.
func (b *browser) pause(t *testing.T, metrics string) {
	b.do(t, chromedp.Click(chromedp.CSS("#pause")))
	idle := func() {
		evaluate[int](t, b, `new Promise(done => setTimeout(() => done(1), 2500))`)
	}
	idle() // what was under way ends
	before := b.asked(metrics)
	idle()
	if after := b.asked(metrics); before == 0 || after != before {
		t.Errorf("got %d requests before the pause and %d after", before, after)
	}
	b.do(t, chromedp.Focus(chromedp.CSS("#pause")), chromedp.KeyEvent(" "))
	for deadline := time.Now().Add(patience); b.asked(metrics) == before; idle() {
		if time.Now().After(deadline) {
			t.Fatal("the page does not go on after the pause")
		}
	}
}

// The page of another service, through the command live: here a service that has no page of its own.
func TestLiveCommand(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "qa", "--no-live")
	exercise(t, s)
	if status, _, _, err := exchange(t, http.MethodGet, "http://"+s.address+"/live", nil); err != nil || status != http.StatusNotFound {
		t.Errorf("--no-live: got status %d, %v", status, err)
	}
	address := freeAddress(t)
	shown := start(t, binary, "live", "--listen", address, "http://"+s.address+"/metrics")
	until(t, shown, func() error {
		_, _, _, err := exchange(t, http.MethodGet, "http://"+address+"/live", nil)
		return err
	})
	b := browse(t)
	b.do(t, chromedp.Navigate("http://"+address+"/"))
	b.await(t, "#types")
	_, _, text, err := exchange(t, http.MethodGet, "http://"+address+"/live/config.json", nil)
	var config liveConfig
	if err != nil || json.Unmarshal(text, &config) != nil {
		t.Fatalf("got %v: %s", err, text)
	}
	b.wantAsMetrics(t, s, config)
	b.wantQuiet(t)
}

// A page that has read nothing yet says why, and shows no empty charts.
func TestLiveWithoutMetrics(t *testing.T) {
	t.Parallel()
	starting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the service is starting", http.StatusServiceUnavailable)
	}))
	t.Cleanup(starting.Close)
	address := freeAddress(t)
	shown := start(t, binary, "live", "--listen", address, starting.URL+"/metrics")
	until(t, shown, func() error {
		_, _, _, err := exchange(t, http.MethodGet, "http://"+address+"/live", nil)
		return err
	})
	b := browse(t)
	b.do(t, chromedp.Navigate("http://"+address+"/live"))
	b.await(t, "#problem")
	got := evaluate[string](t, b, `document.getElementById("problem").textContent`)
	if !strings.Contains(got, "the service is starting") || !strings.Contains(got, "The page has nothing to show yet.") {
		t.Errorf("got %q", got)
	}
	if !evaluate[bool](t, b, `document.getElementById("panels").hidden`) {
		t.Error("the page shows charts of nothing")
	}
}

// The history of a service that started anew does not disagree with its metrics, and numbers are rounded before their unit is
// chosen.
func TestLiveHistory(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), locate(t, "e2e-node"), "testdata/history.mjs").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The front page says what is here, and all its links lead somewhere.
func TestFrontPage(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "qa")
	b := browse(t)
	b.do(t, chromedp.Navigate("http://"+s.address+"/"))
	b.await(t, "h1")
	for _, link := range evaluate[[]string](t, b, `[...document.links].map(a => a.href)`) {
		if status, _, _, err := exchange(t, http.MethodGet, link, nil); err != nil || status != http.StatusOK {
			t.Errorf("%s: got status %d, %v", link, status, err)
		}
	}
	// The policy lets the style in, and it applies.
	if got := evaluate[string](t, b, `getComputedStyle(document.querySelector(".state")).borderLeftStyle`); got != "solid" {
		t.Errorf("got border %q", got)
	}
	b.wantQuiet(t)
}

// The page's reader of metrics finds the samples that Prometheus' parser finds, and its
// quantiles are Prometheus'.
func TestLiveModules(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", `q"a\`)
	exercise(t, s)
	saved := s.savePage(t)
	odd := filepath.Join(t.TempDir(), "odd.txt")
	content := "# HELP a b\na 1 1700000000000\nb{x=\"} \\\" \\\\ \\n {\"} +Inf\nc{x=\"1\",y=\"2\",} NaN\n{\"d.e\",\"f g\"=\"h\"} -2.5e-3\nempty{} 0\n"
	if err := os.WriteFile(odd, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	type counts [][2]float64
	chance := rand.New(rand.NewPCG(1, 2))
	histograms := []counts{{{1, 0}, {math.MaxFloat64, 0}}, {{-1, 3}, {0.5, 3}, {math.MaxFloat64, 9}}}
	for range 200 {
		var h counts
		bound, count := 0.0, 0.0
		for range 1 + chance.IntN(8) {
			bound += 0.01 + chance.Float64()
			count += float64(chance.IntN(5))
			h = append(h, [2]float64{bound, count})
		}
		histograms = append(histograms, append(h, [2]float64{math.MaxFloat64, count + float64(chance.IntN(3))})) // JSON has no +Inf
	}
	asked, err := json.Marshal(map[string]any{"pages": []string{saved + ".txt", saved + ".om", odd}, "histograms": histograms, "quantiles": []float64{0.5, 0.95, 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), locate(t, "e2e-node"), "testdata/live.mjs")
	command.Stdin = bytes.NewReader(asked)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got struct {
		Samples   [][]string
		Quantiles [][]*float64
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, page := range []string{saved + ".txt", odd} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		read := got.Samples[2*i]
		slices.Sort(read)
		if diff := cmp.Diff(readSamples(t, text), read); diff != "" {
			t.Errorf("%s (-Prometheus +page):\n%s", page, diff)
		}
	}
	inText := slices.DeleteFunc(got.Samples[0], func(s string) bool { return strings.HasPrefix(s, "go_") })
	inOpenMetrics := slices.DeleteFunc(got.Samples[1], func(s string) bool { return strings.HasPrefix(s, "go_") })
	if len(inText) == 0 || math.Abs(float64(len(inText)-len(inOpenMetrics))) > 0 {
		t.Errorf("got %d samples of the text and %d of OpenMetrics", len(inText), len(inOpenMetrics))
	}
	for i, h := range histograms {
		var buckets promql.Buckets
		for _, b := range h {
			if b[0] == math.MaxFloat64 {
				b[0] = math.Inf(1)
			}
			buckets = append(buckets, promql.Bucket{UpperBound: b[0], Count: b[1]})
		}
		for j, q := range []float64{0.5, 0.95, 0.99} {
			want, _, _, _, _, _ := promql.BucketQuantile(q, slices.Clone(buckets))
			if got := got.Quantiles[i][j]; (got == nil) != math.IsNaN(want) || got != nil && math.Abs(*got-want) > 1e-9 {
				t.Errorf("%v: quantile %g: got %v, want %g", h, q, got, want)
			}
		}
	}
}

// readSamples returns the samples that Prometheus' parser of the text format reads, one a text.
func readSamples(t *testing.T, page []byte) []string {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var samples []string
	for _, family := range families {
		some, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range some {
			var labels []string
			for name, value := range sample.Metric {
				if name != model.MetricNameLabel {
					labels = append(labels, string(name)+"="+string(value))
				}
			}
			slices.Sort(labels)
			samples = append(samples, fmt.Sprintf("%s|%s|%s", sample.Metric[model.MetricNameLabel], strings.Join(labels, ","), number(float64(sample.Value))))
		}
	}
	slices.Sort(samples)
	return samples
}

// number writes a value as testdata/live.mjs does.
func number(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 0):
		return map[bool]string{true: "+Inf", false: "-Inf"}[value > 0]
	}
	return strconv.FormatFloat(value, 'e', 12, 64)
}

// The charts are drawn with what npm has of that version, and its license is beside it.
func TestChartLibrary(t *testing.T) {
	t.Parallel()
	resolved, err := exec.CommandContext(t.Context(), locate(t, "e2e-node"), "-p", "require.resolve('uplot/package.json')").Output()
	if err != nil {
		t.Fatal(err)
	}
	published := filepath.Dir(strings.TrimSpace(string(resolved)))
	for _, name := range []string{"LICENSE", "dist/uPlot.iife.min.js", "dist/uPlot.min.css"} {
		want, got := read(t, filepath.Join(published, name)), read(t, filepath.Join("../cmd/internal/live/uplot", filepath.Base(name)))
		if got != want {
			t.Errorf("%s is not npm's: run make uplot", name)
		}
	}
}
