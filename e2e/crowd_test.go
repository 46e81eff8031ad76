package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// crowd is many clients of a service, who ask and take note of what they get.
type crowd struct {
	url    string
	client *http.Client

	mu       sync.Mutex
	answers  map[int][]time.Duration // by status
	broken   map[string]int          // requests without a whole answer, by why
	question atomic.Int64
}

func newCrowd(s *service, size int) *crowd {
	return &crowd{
		url: "http://" + s.address + "/predict",
		client: &http.Client{Timeout: patience, Transport: &http.Transport{
			MaxIdleConnsPerHost: size, DisableCompression: true,
		}},
		answers: make(map[int][]time.Duration), broken: make(map[string]int),
	}
}

// ask asks a question that nobody has asked before.
func (c *crowd) ask(ctx context.Context) {
	start := time.Now()
	status, err := c.send(ctx, fmt.Sprintf(`{"inputs":{"question":"Question %d?"}}`, c.question.Add(1)))
	took := time.Since(start)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.broken[err.Error()]++
		return
	}
	c.answers[status] = append(c.answers[status], took)
}

func (c *crowd) send(ctx context.Context, body string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// press has clients ask, each again and again, until the returned function is
// called.
func (c *crowd) press(t *testing.T, size int) (stop func()) {
	t.Helper()
	var asking sync.WaitGroup
	done := make(chan struct{})
	for range size {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					c.ask(t.Context())
				}
			}
		})
	}
	return sync.OnceFunc(func() {
		close(done)
		asking.Wait()
		c.client.CloseIdleConnections()
	})
}

func (c *crowd) count(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.answers[status])
}

// answered waits until that many predictions have succeeded.
func (c *crowd) answered(t *testing.T, alive *process, count int) {
	t.Helper()
	until(t, alive, func() error {
		if got := c.count(http.StatusOK); got < count {
			return fmt.Errorf("%d predictions have succeeded, want %d", got, count)
		}
		return nil
	})
}

// quantile returns a time within which a share of the answers of a status came.
func (c *crowd) quantile(status int, share float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := slices.Sorted(slices.Values(c.answers[status]))
	if len(took) == 0 {
		return 0
	}
	return took[int(share*float64(len(took)-1))]
}

// program starts what stands for the DSPy program.
func program(t *testing.T, handler http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// taking answers after a time.
func taking(work time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(work):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"prediction_type":"predict","outputs":{"answer":"x"}}`)
		case <-r.Context().Done():
		}
	}
}

// has checks sums over the page of a service, each of a metric and a label of
// it, such as "dspy_errors_total error_type rate_limit".
func (s *service) has(t *testing.T, want map[string]int) {
	t.Helper()
	until(t, s.process, func() error {
		samples := s.samples(t)
		for what, count := range want {
			words := append(strings.Fields(what), "", "")
			labels := model.LabelSet{}
			if words[1] != "" {
				labels[model.LabelName(words[1])] = model.LabelValue(words[2])
			}
			if got := total(samples, words[0], labels); got != float64(count) {
				return fmt.Errorf("%s: got %v, want %d", what, got, count)
			}
		}
		return nil
	})
}

// gauge returns a sample of the page without labels.
func (s *service) gauge(t *testing.T, name string) float64 {
	t.Helper()
	return total(s.samples(t), name, nil)
}
