package otelmetrics_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// FuzzScrape asks for the page in any way: it is served, as what the answer says
// that it is.
func FuzzScrape(f *testing.F) {
	f.Add("text/plain", "gzip", "", "GET")
	f.Add("application/openmetrics-text;version=1.0.0;q=0.9,*/*;q=\xff", "zstd, br;q=0", "name[]=up&name[]=", "HEAD")
	f.Add("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "identity;q=0", "%zz", "PUT")
	f.Add(strings.Repeat(",", 1000), "", ";", "")
	m := newRecorder(f)
	m.RecordPrediction(f.Context(), "\"\\\n", otelmetrics.StatusSuccess)
	f.Fuzz(func(t *testing.T, accept, encoding, query, method string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		request.Method, request.URL.RawQuery = method, query
		request.Header.Set("Accept", accept)
		request.Header.Set("Accept-Encoding", encoding)
		answer := httptest.NewRecorder()
		m.Handler().ServeHTTP(answer, request)
		var body io.Reader = answer.Body
		switch got := answer.Header().Get("Content-Encoding"); got {
		case "gzip":
			unzipped, err := gzip.NewReader(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = unzipped
		case "", "identity":
		default:
			t.Errorf("Accept-Encoding %q: got %q", encoding, got)
		}
		page, err := io.ReadAll(body)
		if err != nil || answer.Code != http.StatusOK {
			t.Fatalf("Accept %q, Accept-Encoding %q: got status %d, %v: %s", accept, encoding, answer.Code, err, page)
		}
		switch kind := expfmt.ResponseFormat(answer.Header()); kind.FormatType() {
		case expfmt.TypeTextPlain:
			families(t, string(page))
		case expfmt.TypeOpenMetrics:
			wantOpenMetrics(t, string(page))
		default: // a binary or an escaped form, which expfmt writes
		}
	})
}
