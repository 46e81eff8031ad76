package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/model"
)

// Redis dies under load and comes back: no prediction fails, every look-up is
// counted, and the cache is used again.
func TestRedisDies(t *testing.T) {
	address := freeAddress(t)
	redis := startRedis(t, address)
	s := serve(t, "--cache", "redis://"+address+"/0", "--cache-timeout", "10s", "--service", "qa")

	var asked, hits atomic.Int64
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			for {
				select {
				case <-stop:
					return
				default:
				}
				body, err := json.Marshal(map[string]any{"inputs": map[string]string{"question": fmt.Sprint("question ", random.IntN(50))}})
				if err != nil {
					t.Error(err)
				}
				status, header, answer, err := exchange(t, http.MethodPost, "http://"+s.address+"/predict", body)
				if err != nil || status != http.StatusOK {
					t.Errorf("a prediction failed: status %d, %v: %s", status, err, answer)
					return
				}
				asked.Add(1)
				if strings.HasSuffix(header.Get("Cache-Status"), "; hit") {
					hits.Add(1)
				}
			}
		})
	}
	// more waits until the clients have had that many more hits, or answers.
	more := func(what *atomic.Int64, count int64) {
		t.Helper()
		wanted := what.Load() + count
		until(t, s.process, func() error {
			if what.Load() < wanted {
				return fmt.Errorf("%d answers, %d hits", asked.Load(), hits.Load())
			}
			return nil
		})
	}
	more(&hits, 200)
	if err := redis.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = redis.wait(t)
	hitsBefore := hits.Load()
	more(&asked, 500)
	if during := hits.Load() - hitsBefore; during > 8 { // those on their way
		t.Errorf("%d hits without a Redis", during)
	}
	startRedis(t, address)
	more(&hits, 200)
	close(stop)
	asking.Wait()

	until(t, s.process, func() error {
		samples := s.samples(t)
		redis := model.LabelSet{"cache_type": "redis"}
		predictions, hit, missed := total(samples, "dspy_predictions_total", nil),
			total(samples, "dspy_cache_hits_total", redis), total(samples, "dspy_cache_misses_total", redis)
		failed := total(samples, "dspy_predictions_total", model.LabelSet{"status": "failure"})
		errs, away := total(samples, "dspy_errors_total", nil), total(samples, "dspy_errors_total", model.LabelSet{"error_type": "cache_unavailable"})
		if predictions != float64(asked.Load()) || hit != float64(hits.Load()) || hit+missed != predictions || failed != 0 || away == 0 || errs != away {
			return fmt.Errorf("%v predictions, %v failed, %v hits, %v misses, %v errors, %v of the cache; the clients saw %d answers and %d hits",
				predictions, failed, hit, missed, errs, away, asked.Load(), hits.Load())
		}
		if total(samples, "dspy_cache_size_bytes", redis) == 0 {
			return errors.New("no size of the cache")
		}
		return nil
	})
	if got := strings.Count(s.output.String(), "level=WARN"); got != 1 {
		t.Errorf("%d warnings, want one for the outage:\n%s", got, s.output.String())
	}
}
