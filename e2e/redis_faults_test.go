package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// TestRedisFaults has a Redis that is there and does not do what it should.
// Predictions go on, each look-up is counted, and an outage is logged once.
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flags   []string
		stopped bool
		warning string
	}{
		"hanging":         {stopped: true, warning: "redis is unavailable"},
		"full":            {flags: []string{"--maxmemory", "1", "--maxmemory-policy", "noeviction"}, warning: "redis refuses to store answers"},
		"asks who we are": {flags: []string{"--requirepass", "secret"}, warning: "redis is unavailable"},
		"read-only":       {flags: []string{"--replicaof", "127.0.0.1 1"}, warning: "redis refuses to store answers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := freeAddress(t)
			redis := startRedis(t, address, test.flags...)
			// A Redis that works is never as slow.
			s := serve(t, "--cache", "redis://"+address+"/0", "--cache-timeout", "2s")
			if test.stopped {
				s.has(t, map[string]int{"dspy_errors_total": 0})
				exercise(t, s)
				if err := redis.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = redis.cmd.Process.Signal(syscall.SIGCONT) }() // or it takes no end
			}
			c := newCrowd(s, 4)
			stop := c.press(t, 4)
			c.answered(t, s.process, 500)
			s.logs(t, test.warning)
			before := 0
			if test.stopped {
				before = 3
				if err := redis.cmd.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				s.logs(t, "redis is available again")
			}
			stop()
			if len(c.answers) != 1 || len(c.broken) > 0 {
				t.Errorf("got %d statuses, and broken ones: %v", len(c.answers), c.broken)
			}
			s.has(t, map[string]int{
				"dspy_predictions_total status success": c.count(200) + before,
				"dspy_predictions_total status failure": 0,
				"dspy_active_predictions":               0,
			})
			if got := s.gauge(t, "dspy_cache_hits_total") + s.gauge(t, "dspy_cache_misses_total"); got != float64(c.count(200)+before) {
				t.Errorf("got %v look-ups, want %d", got, c.count(200)+before)
			}
			if got := strings.Count(s.output.String(), "level=WARN"); got != 1 {
				t.Errorf("%d warnings, want one for the outage", got)
			}
			// An outage costs those underway its timeout, once: each operation that failed is
			// an error, and those of the watch are few. A store that is refused delays nobody.
			if got := s.gauge(t, "dspy_errors_total"); got < 1 || test.warning == "redis is unavailable" && got > float64(c.count(200)/4) {
				t.Errorf("%v operations failed of %d predictions, want those underway when it began", got, c.count(200))
			}
			t.Logf("%d predictions, p95 %v, longest %v", c.count(200), c.quantile(200, 0.95), c.quantile(200, 1))
		})
	}
}
