package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scarce starts the service under a limit of the shell, such as "ulimit -n 64".
func scarce(t *testing.T, limit string, variables []string, flags ...string) *service {
	t.Helper()
	args := append([]string{"-c", limit + `; exec "$0" "$@"`, binary, "serve", "--listen", "127.0.0.1:0"}, flags...)
	s := &service{process: startIn(t, "", variables, "sh", args...)}
	bound := regexp.MustCompile(`msg=listening addr=(127\.0\.0\.1:\d+)`)
	until(t, s.process, func() error {
		match := bound.FindStringSubmatch(s.output.String())
		if match == nil {
			return fmt.Errorf("no log line with the bound address: %s", s.output.String())
		}
		s.address = match[1]
		return nil
	})
	return s
}

// TestFewFiles has more clients than the service may have files. Those that have a
// connection are answered, the others wait for one, and what was answered is counted.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	s := scarce(t, "ulimit -n 64", nil, "--upstream", program(t, taking(20*time.Millisecond)), "--cache", "off",
		"--max-client-concurrency", "0", "--keep-alive", "1s", "--drain-delay", "0s")
	c := newCrowd(s, 200)
	if transport, ok := c.client.Transport.(*http.Transport); ok {
		transport.DisableKeepAlives = true // each asks for a connection again
	}
	stop := c.press(t, 200)
	c.answered(t, s.process, 2000)
	stop()
	answered := 0
	for status := range c.answers {
		answered += c.count(status)
	}
	if len(c.broken) > 0 || c.count(http.StatusOK) != answered {
		t.Errorf("%d answered, %d of them with 200, and some were not: %v", answered, c.count(http.StatusOK), c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success": c.count(http.StatusOK),
		"dspy_predictions_total status failure": 0,
		"dspy_active_predictions":               0,
	})
	if lines := strings.Count(s.output.String(), "\n"); lines > 20 {
		t.Errorf("%d lines in the log", lines)
	}
	t.Logf("200 clients, 64 files: %d predictions; p50 %v, p99 %v", c.count(200),
		c.quantile(200, 0.5), c.quantile(200, 0.99))
}

// TestMemoryLimit has the garbage collector keep the service within 64 MiB while it
// is under load, with a cache that could hold as much.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	s := serveWith(t, []string{"GOMEMLIMIT=64MiB"}, "--upstream", program(t, taking(0)), "--cache", "memory")
	c := newCrowd(s, 16)
	stop := c.press(t, 16)
	c.answered(t, s.process, 20_000)
	resident := s.peak(t)
	stop()
	if len(c.broken) > 0 {
		t.Errorf("requests without an answer: %v", c.broken)
	}
	s.has(t, map[string]int{
		"dspy_predictions_total status success": c.count(http.StatusOK),
		"dspy_predictions_total status failure": 0,
		"dspy_active_predictions":               0,
	})
	if resident > 160<<20 {
		t.Errorf("%d MiB were resident", resident>>20)
	}
	t.Logf("%d predictions under GOMEMLIMIT=64MiB: p50 %v, p99 %v, %d MiB resident at most", c.count(200), c.quantile(200, 0.5), c.quantile(200, 0.99), resident>>20)
}

// peak returns the most memory that the process has had resident.
func (p *process) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kibibytes, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kibibytes << 10
}
