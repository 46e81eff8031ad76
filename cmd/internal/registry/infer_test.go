package registry_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// inferred returns what check says of a page with the contract that is inferred
// from it, written and read again, but the notes.
func inferred(t *testing.T, page string, format conformance.Format) []conformance.Finding {
	t.Helper()
	in := conformance.Infer(conformance.Parse(page, format))
	if len(in.Metrics) == 0 {
		return serious(conformance.Checker{}, page, format)
	}
	written, err := registry.Write(in.Contract, in.Remarks)
	if err != nil {
		t.Fatal(err)
	}
	read, err := registry.Read(written, "inferred.yaml")
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, page, written)
	}
	return serious(conformance.Checker{Contract: read}, page, format)
}

// serious returns what check says of a page, but the notes.
func serious(c conformance.Checker, page string, format conformance.Format) []conformance.Finding {
	var all []conformance.Finding
	for _, f := range c.Check(c.Parse(page, format)) {
		if f.Severity != conformance.Info {
			all = append(all, f)
		}
	}
	return all
}

// TestInferredOfTwo infers contracts from pages of two metrics whose names are alike: whatever the format says of the page,
// the contract adds nothing.
func TestInferredOfTwo(t *testing.T) {
	t.Parallel()
	suffixes := []string{"", "_total", "_count", "_sum", "_bucket", "_created", "_info", "_gcount", "_seconds", "_seconds_total"}
	for format, kinds := range map[conformance.Format][]string{
		conformance.Text:        {"counter", "gauge", "histogram", "summary", "untyped"},
		conformance.OpenMetrics: {"counter", "gauge", "histogram", "summary", "unknown", "info", "stateset", "gaugehistogram"},
	} {
		for _, one := range kinds {
			for _, other := range kinds {
				for _, suffix := range suffixes {
					for _, names := range [][2]string{{"x", "x" + suffix}, {"x" + suffix, "x"}} {
						page := metricOf(one, names[0], format) + metricOf(other, names[1], format)
						if format == conformance.OpenMetrics {
							page += "# EOF\n"
						}
						if diff := cmp.Diff(serious(conformance.Checker{}, page, format), inferred(t, page, format)); diff != "" {
							t.Errorf("%s, without a contract and with the inferred one (-want +got):\n%s\n%s", format, diff, page)
						}
					}
				}
			}
		}
	}
}

// TestInferredOfGo infers contracts from what Prometheus' library for Go writes of its own process, in all formats. It has
// a gauge and a counter of one name in OpenMetrics.
func TestInferredOfGo(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	kept := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kept_bytes", Help: "Size of what is kept.  By request.", Buckets: []float64{1, 2}})
	kept.Observe(1)
	many := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kept_bytes_count_total", Help: "A name like a sample's."}, []string{"kind"})
	many.WithLabelValues("a").Inc()
	metrics.MustRegister(kept, many, collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	handler := promhttp.HandlerFor(metrics, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	scrape := func(accept string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		request.Header.Set("Accept", accept)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder
	}
	protobuf := scrape("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	names := make(map[string]bool)
	decoder := expfmt.NewDecoder(protobuf.Body, expfmt.ResponseFormat(protobuf.Header()))
	for {
		var family dto.MetricFamily
		err := decoder.Decode(&family)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names[family.GetName()] = true
	}
	for format, accept := range map[conformance.Format]string{
		conformance.Text:        "text/plain;version=0.0.4",
		conformance.OpenMetrics: "application/openmetrics-text;version=1.0.0",
	} {
		page := scrape(accept).Body.String()
		if got := conformance.Detect(page); got != format {
			t.Fatalf("the page is %s, want %s", got, format)
		}
		for _, f := range append(inferred(t, page, format), serious(conformance.Checker{}, page, format)...) {
			t.Errorf("%s: %+v", format, f)
		}
		got := make(map[string]bool)
		for _, metric := range conformance.Infer(conformance.Parse(page, format)).Metrics {
			got[metric.Name] = true
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: the names in protobuf and in the contract (-want +got):\n%s", format, diff)
		}
	}
}

// FuzzInferred infers contracts from any pages: they add nothing to what the format
// says.
func FuzzInferred(f *testing.F) {
	for _, format := range []conformance.Format{conformance.Text, conformance.OpenMetrics} {
		for _, kind := range []string{"counter", "gauge", "histogram", "summary", "untyped", "info", "stateset", "gaugehistogram"} {
			f.Add(metricOf(kind, "x", format)+metricOf("counter", "x_total", format)+"# EOF\n", format == conformance.OpenMetrics)
		}
	}
	f.Fuzz(func(t *testing.T, page string, openMetrics bool) {
		format := conformance.Text
		if openMetrics {
			format = conformance.OpenMetrics
		}
		if diff := cmp.Diff(serious(conformance.Checker{}, page, format), inferred(t, page, format)); diff != "" {
			t.Errorf("%s, without a contract and with the inferred one (-want +got):\n%s", format, diff)
		}
	})
}

// metricOf writes a metric. In OpenMetrics the metadata of a counter and an info
// has the name without the suffix.
func metricOf(kind, name string, format conformance.Format) string {
	family := name
	var samples []string
	switch kind {
	case "counter":
		if format == conformance.OpenMetrics {
			family = strings.TrimSuffix(name, "_total")
			name = family + "_total"
		}
		samples = []string{name + " 1"}
	case "info":
		family = strings.TrimSuffix(name, "_info")
		samples = []string{family + `_info{a="b"} 1`}
	case "stateset":
		samples = []string{name + "{" + name + `="on"} 1`}
	case "histogram":
		samples = []string{name + `_bucket{le="1.0"} 1`, name + `_bucket{le="+Inf"} 2`, name + "_count 2", name + "_sum 3"}
	case "gaugehistogram":
		samples = []string{name + `_bucket{le="1.0"} 1`, name + `_bucket{le="+Inf"} 2`, name + "_gcount 2", name + "_gsum 3"}
	case "summary":
		samples = []string{name + `{quantile="0.5"} 1`, name + "_count 2", name + "_sum 3"}
	default:
		samples = []string{name + `{a="b"} 1`}
	}
	return fmt.Sprintf("# HELP %s Help of a %s\n# TYPE %s %s\n%s\n", family, kind, family, kind, strings.Join(samples, "\n"))
}
