package e2e

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prometheus/common/model"
)

const dspyService = "../examples/dspy-service"

// dspyPackage is the variable by which Python finds the package dspy_metrics, as if
// it were installed.
func dspyPackage(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs("../python/src")
	if err != nil {
		t.Fatal(err)
	}
	return "PYTHONPATH=" + source
}

// startDSPy starts the DSPy service of the examples with several workers and a
// language model to ask, and returns its URL.
func startDSPy(t *testing.T) string {
	t.Helper()
	lm, own := freeAddress(t), freeAddress(t)
	_, lmPort, _ := splitAddress(t, lm)
	startIn(t, dspyService, nil, "e2e-python", "tests/fake_lm.py", lmPort)
	host, port, url := splitAddress(t, own)
	program := startIn(t, dspyService, []string{
		dspyPackage(t),
		"DSPY_SERVICE_FAULTS=1", "DSPY_LM=openai/gpt-4o-mini", "DSPY_LM_BASE_URL=http://" + lm + "/v1",
		"DSPY_LM_API_KEY=none", "DSPY_LM_RETRIES=1", "LITELLM_LOCAL_MODEL_COST_MAP=True",
	}, "e2e-python", "-m", "uvicorn", "service:app", "--host", host, "--port", port, "--workers", "4", "--log-level", "warning")
	until(t, program, func() error {
		status, _, _, err := exchange(t, http.MethodGet, url+"/health", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("health: status %d", status)
		}
		return err
	})
	return url
}

// startRedis starts a Redis at an address, with more of its options.
func startRedis(t *testing.T, address string, flags ...string) *process {
	t.Helper()
	host, port, _ := splitAddress(t, address)
	redis := startIn(t, t.TempDir(), nil, "redis-server",
		append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no"}, flags...)...)
	until(t, redis, func() error { return dial(t, address) })
	return redis
}

// Behind the service is a real DSPy program of several workers, which asks a
// language model on loopback; before it are many clients, and failures of all
// kinds on the way. What they saw is what the metrics say.
func TestDSPyService(t *testing.T) {
	redis := freeAddress(t)
	startRedis(t, redis)
	s := serve(t, "--upstream", startDSPy(t), "--route", "/predict", "--route", "/predict/stream",
		"--cache", "redis://"+redis+"/0", "--timeout", "20s", "--cache-timeout", "10s", "--service", "qa")

	const clients, each = 16, 25
	var mu sync.Mutex
	var seen sight
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			c := client{url: "http://" + s.address, random: rand.New(rand.NewPCG(uint64(i), 1))}
			for range each {
				c.ask(t)
			}
			mu.Lock()
			defer mu.Unlock()
			seen.add(c.seen)
		})
	}
	asking.Wait()
	if seen.predictions == 0 || seen.hits == 0 || seen.tokens["input"] == 0 || seen.streams == 0 || len(seen.errors) < 6 {
		t.Fatalf("the clients saw too little: %+v", seen)
	}

	until(t, s.process, func() error { return seen.compare(s.samples(t)) })
	t.Logf("%d predictions: %d failed, %d from the cache, %d shared, %d streams, tokens %v, %.6f USD",
		seen.predictions, sum(seen.errors), seen.hits, seen.shared, seen.streams, seen.tokens, seen.cost)
}

// compare returns an error for each count that the metrics and the clients do not have in common.
func (s sight) compare(samples model.Vector) error {
	type metric struct {
		name   string
		labels model.LabelSet
		want   float64
	}
	want := []metric{
		{"dspy_active_predictions", nil, 0},
		{"dspy_predictions_total", nil, float64(s.predictions)},
		{"dspy_predictions_total", model.LabelSet{"status": "failure"}, float64(sum(s.errors))},
		{"dspy_prediction_duration_seconds_count", nil, float64(s.predictions)},
		{"dspy_errors_total", nil, float64(sum(s.errors))},
		{"dspy_cache_hits_total", model.LabelSet{"cache_type": "redis"}, float64(s.hits)},
		{"dspy_cache_misses_total", model.LabelSet{"cache_type": "redis"}, float64(s.predictions - s.hits)},
		{"dspy_cache_hits_total", model.LabelSet{"cache_type": "dspy"}, float64(s.ownHits)},
		{"dspy_cache_misses_total", model.LabelSet{"cache_type": "dspy"}, float64(s.ownMisses)},
		{"dspy_time_to_first_token_seconds_count", nil, float64(s.streams)},
		{"dspy_cost_usd_total", nil, s.cost},
	}
	for _, kind := range kinds() {
		want = append(want, metric{"dspy_predictions_total", model.LabelSet{"prediction_type": model.LabelValue(kind)}, float64(s.kinds[kind])})
	}
	for errorType, count := range s.errors {
		want = append(want, metric{"dspy_errors_total", model.LabelSet{"error_type": model.LabelValue(errorType)}, float64(count)})
	}
	for tokenType, count := range s.tokens {
		want = append(want, metric{"dspy_tokens_total", model.LabelSet{"token_type": model.LabelValue(tokenType)}, float64(count)})
	}
	for status, count := range s.statuses {
		want = append(want, metric{"dspy_api_latency_seconds_count", model.LabelSet{"status_code": model.LabelValue(status)}, float64(count)})
	}
	for _, m := range want {
		if got := total(samples, m.name, m.labels); math.Abs(got-m.want) > 1e-9*math.Max(1, m.want) {
			return fmt.Errorf("%s%s: got %v, the clients saw %v", m.name, m.labels, got, m.want)
		}
	}
	return nil
}
