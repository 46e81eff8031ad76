package otelmetricstest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Snapshot is what the metrics were at one moment. It does not change, and may
// be used concurrently.
//
// The methods that return numbers have one for each metric of the contract and
// take its labels: an empty value means any, the services of a process count
// together, and what was not measured is zero. A snapshot of [Scrape] or [Parse]
// has the metrics of [views.Default].
type Snapshot struct {
	page     string
	contract views.Contract
	samples  []sample          // in the order of the page
	index    map[string]int    // of samples, by series
	kinds    map[string]string // by the name of a metric
}

// Scrape reads the metrics that the handler answers to GET /metrics. It is for
// code that makes its recorder itself, or gives it a meter provider of its own:
// the handler may be all of the service. An answer that cannot be read fails the
// test.
func Scrape(t testing.TB, handler http.Handler) *Snapshot {
	t.Helper()
	response := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept", "text/plain")
	handler.ServeHTTP(response, request)
	page := response.Body.String()
	switch response.Code {
	case http.StatusOK:
	case http.StatusNotFound:
		t.Fatal("scrape: no handler has the pattern GET /metrics; that of a recorder with WithMeterProvider has no metrics either: scrape a reader of the provider")
	default:
		t.Fatalf("scrape: GET /metrics is answered with status %d, want 200: %s", response.Code, strings.TrimSpace(page))
	}
	return Parse(t, page)
}

// Parse reads metrics in the text format, for a service that is reached over the
// network. A page that is no text format fails the test.
func Parse(t testing.TB, page string) *Snapshot {
	t.Helper()
	s := &Snapshot{
		page: page, contract: views.Default(),
		index: make(map[string]int), kinds: make(map[string]string),
	}
	for line := range strings.Lines(page) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "#" && fields[1] == "TYPE" {
			s.kinds[fields[2]] = fields[3]
		}
	}
	var err error
	if s.samples, err = parseSamples(page); err != nil {
		t.Fatalf("metrics: %v", err)
	}
	for i, sample := range s.samples {
		s.index[sample.series()] = i
	}
	return s
}

// Since returns what has been measured after an earlier snapshot: counters and
// histograms are what they have grown by, and gauges what they are now.
func (s *Snapshot) Since(earlier *Snapshot) *Snapshot {
	grown := *s
	grown.samples = slices.Clone(s.samples)
	for i, sample := range grown.samples {
		if j, ok := earlier.index[sample.series()]; ok && s.grows(sample) {
			grown.samples[i].value -= earlier.samples[j].value
		}
	}
	return &grown
}

// grows reports whether the sample is of a metric that only goes up.
func (s *Snapshot) grows(of sample) bool {
	if s.kinds[of.name] == "counter" {
		return true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(of.name, suffix); ok && (s.kinds[base] == "histogram" || s.kinds[base] == "summary") {
			return true
		}
	}
	return false
}

// String returns the series that are not at zero, one a line in the text format
// and in an order that is always the same: for a golden file, or to see that
// nothing else was measured.
func (s *Snapshot) String() string {
	var b strings.Builder
	for _, sample := range s.samples {
		if sample.value != 0 {
			b.WriteString(sample.String())
			b.WriteByte('\n')
		}
	}
	return b.String()
}
