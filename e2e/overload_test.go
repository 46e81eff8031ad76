package e2e

import (
	"sync"
	"testing"
	"time"
)

// TestOverload offers twenty times what the service can do. It is serial: its
// figures are times.
func TestOverload(t *testing.T) {
	const (
		places, work = 16, 500 * time.Millisecond
		capacity     = places * float64(time.Second) / float64(work) // predictions a second
		factor       = 20
		duration     = 8 * time.Second
	)
	s := serve(t, "--upstream", program(t, taking(work)), "--max-concurrency", "16", "--cache", "off")
	c := newCrowd(s, 2000)
	var asking sync.WaitGroup
	start := time.Now()
	pace := time.NewTicker(time.Duration(float64(time.Second) / (capacity * factor)))
	defer pace.Stop()
	for time.Since(start) < duration {
		<-pace.C
		asking.Go(func() { c.ask(t.Context()) })
	}
	asking.Wait()
	took := time.Since(start)

	admitted, refused := c.count(200), c.count(429)
	if len(c.broken) > 0 || len(c.answers) != 2 {
		t.Errorf("%d statuses, and requests without an answer: %v", len(c.answers), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success":          admitted,
		"dspy_predictions_total status failure":          0,
		"dspy_errors_total":                              refused,
		"dspy_errors_total error_type overloaded":        refused,
		"dspy_api_latency_seconds_count status_code 200": admitted,
		"dspy_api_latency_seconds_count status_code 429": refused,
		"dspy_active_predictions":                        0,
	})
	goodput := float64(admitted) / (capacity * took.Seconds())
	t.Logf("%d requests in %v: %d admitted, goodput %.2f of the capacity, p50 %v, p99 %v; %d refused, p50 %v, p99 %v",
		admitted+refused, took.Round(time.Millisecond), admitted, goodput, c.quantile(200, 0.5), c.quantile(200, 0.99),
		refused, c.quantile(429, 0.5), c.quantile(429, 0.99))
	// What is counted holds on any machine. Times are judged where it kept up: there the
	// last one was answered soon after the end, and most of those who are refused have not
	// waited for a place, nor those who are admitted for another.
	if offered := float64(admitted+refused) / capacity / took.Seconds(); offered < factor/2 || took > duration+2*work {
		t.Logf("the machine offered %.1f times the capacity within %v: times are not judged", offered, took)
		return
	}
	if goodput < 0.5 {
		t.Errorf("goodput: got %.2f of the capacity, want nearly all", goodput)
	}
	if got := c.quantile(429, 0.5); got >= work {
		t.Errorf("p50 of the refused: got %v, want milliseconds", got)
	}
	if got := c.quantile(200, 0.5); got >= 2*work {
		t.Errorf("p50 of the admitted: got %v, want about %v", got, work)
	}
}
