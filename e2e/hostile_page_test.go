package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// pageForms are the forms of a page, by the ends of the names of their files.
func pageForms() map[string]string {
	return map[string]string{
		".txt": string(expfmt.NewFormat(expfmt.TypeTextPlain)), ".om": string(expfmt.NewFormat(expfmt.TypeOpenMetrics)),
		".protobuf": string(expfmt.NewFormat(expfmt.TypeProtoDelim)),
	}
}

// parsed is what a parser reads in a page.
type parsed struct {
	Samples int                 `json:"samples"`
	Labels  map[string][]string `json:"labels"` // their values, sorted, without le
}

// readAsPrometheus parses a page by what a scrape of Prometheus uses.
func readAsPrometheus(page []byte, contentType string) (parsed, error) {
	parser, err := textparse.New(page, contentType, nil, textparse.ParserOptions{})
	if err != nil {
		return parsed{}, err
	}
	values := make(map[string]map[string]bool)
	got := parsed{Labels: make(map[string][]string)}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return parsed{}, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var series labels.Labels
		parser.Labels(&series)
		if strings.HasPrefix(series.Get(model.MetricNameLabel), "go_") {
			continue // see testdata/parse.py
		}
		got.Samples++
		series.Range(func(l labels.Label) {
			if l.Name == model.MetricNameLabel || l.Name == labels.BucketLabel {
				return
			}
			if values[l.Name] == nil {
				values[l.Name] = make(map[string]bool)
			}
			values[l.Name][l.Value] = true
		})
	}
	for name, of := range values {
		got.Labels[name] = slices.Sorted(maps.Keys(of))
	}
	return got, nil
}

// readAsPython parses pages by prometheus_client. It knows no protobuf.
func readAsPython(t *testing.T, pages ...string) []parsed {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), locate(t, "e2e-python"), append([]string{"testdata/parse.py"}, pages...)...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var all []parsed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var one parsed
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

// wantOneReading parses a page that was written in each form, and returns what all parsers
// agree on.
func wantOneReading(t *testing.T, page string) parsed {
	t.Helper()
	readings := make(map[string]parsed)
	for end, contentType := range pageForms() {
		content, err := os.ReadFile(page + end)
		if err != nil {
			t.Fatal(err)
		}
		if readings["Prometheus"+end], err = readAsPrometheus(content, contentType); err != nil {
			t.Fatalf("%s%s: %v", page, end, err)
		}
	}
	python := readAsPython(t, page+".txt", page+".om")
	readings["Python.txt"], readings["Python.om"] = python[0], python[1]
	want := readings["Prometheus.protobuf"]
	for by, got := range readings {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs from Prometheus.protobuf (-protobuf +got):\n%s", by, diff)
		}
	}
	return want
}

// savePage writes the page of a service in each form.
func (s *service) savePage(t *testing.T) string {
	t.Helper()
	page := filepath.Join(t.TempDir(), "page")
	for end, contentType := range pageForms() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", contentType)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err == nil {
			err = os.WriteFile(page+end, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return page
}

// A million distinct values in each public way of the library: the label stays
// within its budget, memory does not grow, and every parser reads the page alike.
func TestMillionValues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "values")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./otelmetrics/testdata/values")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	var stderr bytes.Buffer
	run := exec.CommandContext(t.Context(), program, dir)
	run.Stderr, run.Env = &stderr, environment()
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	ways := 0
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); ways++ {
		var got struct {
			Verb, Label           string
			Budget                int
			HeapBefore, HeapAfter int64
			NanosEach             int64
		}
		if err := decoder.Decode(&got); err != nil {
			t.Fatal(err)
		}
		read := wantOneReading(t, filepath.Join(dir, strconv.Itoa(ways)))
		grown := (got.HeapAfter - got.HeapBefore) >> 10
		values := len(read.Labels[got.Label])
		t.Logf("%-30s %-16s %3d values, %5d series, the heap grew by %4d KiB, %5d ns each",
			got.Verb, got.Label, values, read.Samples, grown, got.NanosEach)
		if most := got.Budget + 2; values > most { // other and unknown
			t.Errorf("%s: got %d values of %s, want at most %d", got.Verb, values, got.Label, most)
		}
		if grown > 2<<10 {
			t.Errorf("%s: the heap grew by %d KiB, want at most 2 MiB", got.Verb, grown)
		}
	}
	if ways < 20 {
		t.Errorf("got %d ways", ways)
	}
}
