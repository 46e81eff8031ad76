package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 24*time.Second, "how long TestSoak makes traffic")

// scrapers scrape a service, each every second, and keep what it says of itself.
type scrapers struct {
	mu      sync.Mutex
	took    []time.Duration
	samples []footprint // of the first
}

// footprint is what a process holds.
type footprint struct{ at, resident, heap, goroutines, files float64 }

func (s *service) footprint(t *testing.T, since time.Time) footprint {
	t.Helper()
	page := s.samples(t)
	value := func(name string) float64 { return total(page, name, nil) }
	return footprint{
		time.Since(since).Seconds(), value("process_resident_memory_bytes"), value("go_memstats_heap_alloc_bytes"),
		value("go_goroutines"), value("process_open_fds"),
	}
}

// run scrapes until done is closed.
func (s *scrapers) run(t *testing.T, target *service, count int, done <-chan struct{}) *sync.WaitGroup {
	t.Helper()
	var scraping sync.WaitGroup
	start := time.Now()
	for i := range count {
		scraping.Go(func() {
			pace := time.NewTicker(time.Second)
			defer pace.Stop()
			for {
				select {
				case <-done:
					return
				case <-pace.C:
				}
				begin := time.Now()
				if i == 0 {
					now := target.footprint(t, start)
					s.mu.Lock()
					s.samples = append(s.samples, now)
					s.mu.Unlock()
					continue
				}
				status, _, _, err := exchange(t, http.MethodGet, "http://"+target.address+"/metrics", nil)
				if err != nil || status != http.StatusOK {
					t.Errorf("scrape: status %d, %v", status, err)
				}
				s.mu.Lock()
				s.took = append(s.took, time.Since(begin))
				s.mu.Unlock()
			}
		})
	}
	return &scraping
}

// slope is that of the line that fits best, in units a minute.
func slope(samples []footprint, of func(footprint) float64) float64 {
	var x, y, xx, xy float64
	for _, s := range samples {
		x, y, xx, xy = x+s.at, y+of(s), xx+s.at*s.at, xy+s.at*of(s)
	}
	n := float64(len(samples))
	return 60 * (n*xy - x*y) / (n*xx - x*x)
}

// TestSoak makes traffic at the limit of the machine, with failures among it,
// while four scrape and the metrics are pushed. Nothing fails that was not meant
// to, no total is off, and nothing grows. It is serial.
func TestSoak(t *testing.T) {
	const mebibyte = 1 << 20
	var pushes atomic.Int64
	collector := program(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
		pushes.Add(1)
	})
	// A small cache is full at once, and turned over from then on.
	s := serveWith(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector, "OTEL_METRIC_EXPORT_INTERVAL=1000"},
		"--cache", "memory", "--cache-max-bytes", "1048576")
	exercise(t, s)
	before := s.footprint(t, time.Now())

	done := make(chan struct{})
	var watched scrapers
	scraping := watched.run(t, s, 4, done)
	generator := start(t, binary, "load", "http://"+s.address, "--rate", "0", "--concurrency", "16", "--duration", soak.String(),
		"--failures", "0.05", "--repeats", "0.3", "--format", "json", "--quiet")
	select {
	case <-generator.exited:
	case <-time.After(*soak + patience):
		t.Fatal("the traffic does not end")
	}
	close(done)
	scraping.Wait()
	var sent struct {
		Requests, Succeeded, Failed, Provoked int
		RequestsPerSecond                     float64                                        `json:"requests_per_second"`
		Errors                                map[string]int                                 `json:"errors"`
		Latency                               struct{ Succeeded struct{ P50, P99 float64 } } `json:"latency_seconds"`
	}
	if err := json.Unmarshal([]byte(generator.output.String()), &sent); err != nil || generator.err != nil {
		t.Fatalf("%v, %v: %s", generator.err, err, generator.output.String())
	}
	if sent.Requests == 0 || sent.Failed != sent.Provoked || sent.Errors["http_400"] != sent.Failed {
		t.Errorf("got %+v, want no failure that was not meant", sent)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success":          sent.Succeeded + 3,
		"dspy_predictions_total status failure":          0,
		"dspy_prediction_duration_seconds_count":         sent.Succeeded + 3,
		"dspy_errors_total":                              sent.Failed + 2,
		"dspy_errors_total error_type invalid_input":     sent.Failed + 2,
		"dspy_api_latency_seconds_count status_code 400": sent.Failed + 2,
		"dspy_active_predictions":                        0,
		"dspy_metrics_export_errors_total":               0,
		"dspy_metrics_scrape_errors_total":               0,
	})
	if got, least := pushes.Load(), int64(soak.Seconds()/2); got < least {
		t.Errorf("got %d pushes, want one a second", got)
	}

	// Memory: the begin, in which the cache and the pools fill, is left out.
	samples := watched.samples[len(watched.samples)/4:]
	third := len(samples) / 3
	resident := func(f footprint) float64 { return f.resident }
	heap := func(f footprint) float64 { return f.heap }
	// Garbage comes and goes; what is left is seen at its lowest.
	lowest := func(of func(footprint) float64, samples []footprint) float64 {
		var values []float64
		for _, s := range samples {
			values = append(values, of(s))
		}
		return slices.Min(values)
	}
	for what, one := range map[string]struct {
		of    func(footprint) float64
		spare float64 // between two collections
	}{"resident memory": {resident, 4 * mebibyte}, "heap": {heap, 16 * mebibyte}} {
		first, last := lowest(one.of, samples[:third]), lowest(one.of, samples[2*third:])
		if last > 1.2*first+one.spare {
			t.Errorf("%s: got %.1f MiB after %.1f MiB, want it flat", what, last/mebibyte, first/mebibyte)
		}
	}
	until(t, s.process, func() error {
		after := s.footprint(t, time.Now())
		if after.goroutines > before.goroutines+4 || after.files > before.files+4 { // of the scrapers' connections
			return fmt.Errorf("%v goroutines and %v files, %v and %v before", after.goroutines, after.files, before.goroutines, before.files)
		}
		return nil
	})
	slices.Sort(watched.took)
	last := samples[len(samples)-1]
	t.Logf("%d requests in %v, %.0f a second, %d of them provoked failures; p50 %v, p99 %v",
		sent.Requests, *soak, sent.RequestsPerSecond, sent.Provoked,
		time.Duration(sent.Latency.Succeeded.P50*1e9), time.Duration(sent.Latency.Succeeded.P99*1e9))
	t.Logf("%d scrapes, p50 %v, longest %v; %d pushes", len(watched.took)+len(watched.samples),
		watched.took[len(watched.took)/2], watched.took[len(watched.took)-1], pushes.Load())
	t.Logf("resident %.1f MiB at the end, %+.2f MiB a minute; heap at least %.1f MiB, %+.2f MiB a minute",
		last.resident/mebibyte, slope(samples, resident)/mebibyte, lowest(heap, samples)/mebibyte, slope(samples, heap)/mebibyte)
}
