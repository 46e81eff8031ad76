package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// road is a way from the service into Prometheus, and all that may differ from
// the page that it serves. docs/parity.md says the same in words.
type road struct {
	job, instance string
	// one is how the bound 1 is spelled once it is stored, in le and quantile.
	one string
	// others are the series that the road adds to those of the page.
	others []string
}

const instanceID = "0d3b6f3e-parity"

// Every road stores what the page shows: the same names, labels and values. The
// values are compared at rest, and those of the Go runtime never are.
func TestRoadsStoreTheSame(t *testing.T) {
	t.Parallel()
	ofScrape := []string{"scrape_duration_seconds", "scrape_samples_post_metric_relabeling", "scrape_samples_scraped", "scrape_series_added", "up"}
	pushed := func(one string) func(string) road {
		return func(string) road { return road{job: "e2e", instance: instanceID, one: one} }
	}
	for name, test := range map[string]struct {
		open func(t *testing.T) (*prometheus, *service)
		road func(scraped string) road
	}{
		"scrape": {
			open: func(t *testing.T) (*prometheus, *service) {
				t.Helper()
				s := serve(t, "--service", "e2e")
				return scrape(t, s.address), s
			},
			road: func(scraped string) road {
				return road{job: "dspy-metrics", instance: scraped, one: "1.0", others: ofScrape}
			},
		},
		"OTLP to Prometheus": {
			open: func(t *testing.T) (*prometheus, *service) {
				t.Helper()
				p := receive(t)
				return p, pushing(t, instanceID, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="+p.url()+"/api/v1/otlp/v1/metrics")
			},
			road: pushed("1"),
		},
		"OTLP to collector, OTLP to Prometheus": {open: throughCollector("otlp_http/prometheus"), road: pushed("1")},
		"OTLP to collector, remote write":       {open: throughCollector("prometheus_remote_write"), road: pushed("1")},
		"OTLP to collector, scrape":             {open: throughCollector("prometheus"), road: pushed("1.0")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, s := test.open(t)
			exercise(t, s)
			want := test.road(s.address)
			until(t, p.process, func() error {
				stored, err := p.query(t, `{__name__=~".+"}`)
				if err != nil {
					return err
				}
				if diff := cmp.Diff(want.expect(s.samples(t)), want.observe(stored)); diff != "" {
					return fmt.Errorf("stored samples differ from the page (-page +stored):\n%s", diff)
				}
				return nil
			})
		})
	}
}

// throughCollector has the service push to a collector, which passes it on.
func throughCollector(exporter string) func(t *testing.T) (*prometheus, *service) {
	return func(t *testing.T) (*prometheus, *service) {
		t.Helper()
		var p *prometheus
		var c *collector
		if exporter == "prometheus" {
			c = newCollector(t, "http://127.0.0.1:1", exporter) // it sends nothing
			p = receive(t, c.scrape)
		} else {
			p = receive(t)
			c = newCollector(t, p.url(), exporter)
		}
		c.run(t)
		return p, pushing(t, instanceID, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.otlp)
	}
}

// expect returns what the road must store for the samples of a page.
func (r road) expect(page model.Vector) map[string]float64 {
	expected := map[string]float64{}
	for _, s := range page {
		metric := s.Metric.Clone()
		metric["job"], metric["instance"] = model.LabelValue(r.job), model.LabelValue(r.instance)
		for _, label := range []model.LabelName{model.BucketLabel, model.QuantileLabel} {
			// The page has the plain text's spelling, "1"; of 0.5 there is one.
			if bound, ok := metric[label]; ok && r.one == "1.0" && bound != "+Inf" && !strings.ContainsAny(string(bound), ".e") {
				metric[label] = bound + ".0"
			}
		}
		expected[metric.String()] = atRest(s)
	}
	for _, name := range r.others {
		expected[model.Metric{model.MetricNameLabel: model.LabelValue(name), "job": model.LabelValue(r.job), "instance": model.LabelValue(r.instance)}.String()] = 0
	}
	return expected
}

// observe returns what is stored under the road's job, but for what the rules
// record: Prometheus keeps series about its other targets, the collector among
// them, under other jobs.
func (r road) observe(stored model.Vector) map[string]float64 {
	observed := map[string]float64{}
	for _, s := range stored {
		recorded := strings.Contains(string(s.Metric[model.MetricNameLabel]), ":")
		if s.Metric["job"] == model.LabelValue(r.job) && !recorded {
			observed[s.Metric.String()] = atRest(s)
		}
	}
	return observed
}

// atRest is the value of a sample of the contract. Of every other series only
// the presence is compared.
func atRest(s *model.Sample) float64 {
	if name := string(s.Metric[model.MetricNameLabel]); !strings.HasPrefix(name, "dspy_") {
		return 0
	}
	return float64(s.Value)
}
