package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestForms has every form of histograms on every road into a Prometheus as it is shipped: quantiles are near the truth,
// and whatever the dashboards and rules ask of a histogram has a result.
func TestForms(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "forms")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./otelmetrics/testdata/forms")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	for _, form := range []string{"classic", "native", "classic+native"} {
		for _, road := range []string{"scrape", "OTLP", "collector", "remote write", "scraped collector"} {
			t.Run(form+"/"+road, func(t *testing.T) {
				t.Parallel()
				in := install(t)
				p := in.run(t, freeAddress(t))
				variables := []string{"OTEL_METRIC_EXPORT_INTERVAL=200"}
				through := func(exporter string) *collector {
					c := newCollector(t, p.url(), exporter)
					c.run(t)
					variables = append(variables, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.otlp)
					return c
				}
				switch road {
				case "OTLP":
					variables = append(variables, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="+p.url()+"/api/v1/otlp/v1/metrics")
				case "collector":
					through("otlp_http/prometheus")
				case "remote write":
					through("prometheus_remote_write")
				case "scraped collector":
					in.targets(t, "otel-collector", through("prometheus").scrape)
				}
				s := startListening(t, variables, program, form)
				if road == "scrape" {
					in.targets(t, "dspy-metrics", s.address)
				}
				f := formsTest{prometheus: p, service: s}
				f.testQuantiles(t, form, road)
				f.testExpressions(t)
			})
		}
	}
}

// startListening starts a program that logs the address on which it listens.
func startListening(t *testing.T, variables []string, program string, args ...string) *service {
	t.Helper()
	s := &service{process: startWith(t, variables, program, args...)}
	listening := regexp.MustCompile(`listening addr=(\S+)`)
	until(t, s.process, func() error {
		match := listening.FindStringSubmatch(s.output.String())
		if match == nil {
			return errors.New("no log line with the address")
		}
		s.address = match[1]
		return nil
	})
	return s
}

type formsTest struct {
	*prometheus
	service *service
}

// observe has the service observe times to a first token.
func (f formsTest) observe(t *testing.T, seconds []float64) {
	t.Helper()
	body, err := json.Marshal(seconds)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, answer, err := exchange(t, http.MethodPost, "http://"+f.service.address+"/predict", body); err != nil || status != http.StatusOK {
		t.Fatalf("got status %d, %v: %s", status, err, answer)
	}
}

// testQuantiles compares quantiles with those of what was observed. Prometheus has what the form and the road promise:
// a scrape of both forms stores both, as prometheus.yml asks for, and a push has the explicit one alone.
func (f formsTest) testQuantiles(t *testing.T, form, road string) {
	t.Helper()
	const metric = "dspy_time_to_first_token_seconds"
	random := rand.New(rand.NewPCG(1, 2))
	seconds := make([]float64, 2000)
	for i := range seconds {
		seconds[i] = 0.4 * math.Exp(0.8*random.NormFloat64()) // as language models have it, from 30 ms to 6 s
	}
	f.observe(t, seconds)
	slices.Sort(seconds)
	native := form == "native" || form == "classic+native" && road == "scrape"
	classic := form != "native"
	until(t, f.process, func() error {
		var errs []error
		for selector, want := range map[string]bool{metric + "_bucket": classic, "histogram_count(" + metric + ")": native} {
			got, err := f.query(t, selector)
			if err == nil && len(got) > 0 != want {
				err = fmt.Errorf("%s: got %v, want some: %t", selector, got, want)
			}
			errs = append(errs, err)
		}
		for _, quantile := range []float64{0.5, 0.95, 0.99} {
			truth := seconds[int(quantile*float64(len(seconds)))]
			if native {
				errs = append(errs, f.near(t, fmt.Sprintf("histogram_quantile(%v, sum(%s))", quantile, metric), truth, 0.05))
			}
			if classic { // as far as the buckets tell
				errs = append(errs, f.near(t, fmt.Sprintf("histogram_quantile(%v, sum by (le) (%s_bucket))", quantile, metric), truth, 0.6))
			}
		}
		return errors.Join(errs...)
	})
}

// near checks the one value of a query.
func (f formsTest) near(t *testing.T, query string, want, tolerance float64) error {
	t.Helper()
	got, err := f.query(t, query)
	if err == nil && (len(got) != 1 || math.Abs(float64(got[0].Value)-want) > tolerance*want) {
		err = fmt.Errorf("%s: got %v, want %v within %v %%", query, got, want, 100*tolerance)
	}
	return err
}

// testExpressions evaluates what the shipped dashboards and rules ask of histograms.
func (f formsTest) testExpressions(t *testing.T) {
	t.Helper()
	histogram := regexp.MustCompile(`dspy_\w+_seconds\w*[:{[]`) // not in a list of names
	expressions := slices.DeleteFunc(slices.Concat(ofDashboards(t, "qa"), ofRules(t)), func(e expression) bool {
		return e.empty || !histogram.MatchString(e.query)
	})
	if len(expressions) < 20 {
		t.Fatalf("got %d expressions, want those of all panels and rules", len(expressions))
	}
	k := &kit{prometheus: f.prometheus}
	until(t, f.process, func() error {
		f.observe(t, []float64{0.1, 0.2})
		var errs []error
		for _, e := range expressions {
			if err := k.shows(t, e.query); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", e.where, err))
			}
		}
		return errors.Join(errs...)
	})
}
